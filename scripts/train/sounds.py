"""Sounds that are no words, without end: recordings changed in many ways, noise of any colour, voices
over one another, tones, knocks, and nothing at all, one after the other at any loudness.

What a detector hears for hours. Knows nothing of words' classes, of the network or of files.
"""

import math
from typing import Callable, List, NamedTuple, Tuple

import torch
from torch import Tensor

RATE_HZ = 16_000

PIECE_SECONDS = (0.5, 30.0)
LEVEL_DB = (-66.0, -12.0)
"""Root mean square of a piece."""
RAMP_PROBABILITY, FADE_PROBABILITY, FADE_SECONDS = 0.3, 0.5, (0.01, 0.5)
"""A piece that grows or falls to another level; one that begins softly."""
SPEED = (0.6, 1.7)
BACKWARDS_PROBABILITY = 0.25
EQUALIZER_BANDS, EQUALIZER_DB = 8, 15.0
SLOPE = (-1.0, 2.5)
"""Power of coloured noise falls as frequency to this: 0 is white, 1 pink, 2 brown."""
VOICES = (5, 11)
FLOOR_DB = (-50.0, -15.0)
"""Of the noise behind tones and knocks."""
STEP = 1 / 32768
"""Of 16-bit samples."""


class Material(NamedTuple):
    """Recordings of noise, each [samples], and clips of words for voices [clips, samples]."""

    noise: List[Tensor]
    clips: Tensor


class Endless:
    """Streams of pieces, one behind the other."""

    def __init__(self, noise: List[Tensor], clips: Tensor, streams: int) -> None:
        self.material = Material(noise, clips)
        self.left = [torch.zeros(0)] * streams

    def take(self, samples: int) -> Tensor:
        """What comes next. -> [streams, samples]"""
        for index, left in enumerate(self.left):
            while len(left) < samples:
                left = torch.cat([left, random_piece(self.material)])
            self.left[index] = left
        taken = torch.stack([left[:samples] for left in self.left])
        self.left = [left[samples:] for left in self.left]
        return taken


def random_piece(material: Material) -> Tensor:
    """[samples]"""
    samples = int(RATE_HZ * log_uniform(*PIECE_SECONDS))
    shares = torch.tensor([share for share, _ in KINDS])
    _, make = KINDS[int(torch.multinomial(shares, 1))]
    return shaped(make(samples, material)).clamp(-1, 1)


def shaped(sound: Tensor) -> Tensor:
    """At a random level, which may change, and with a soft begin at times."""
    first, last = uniform(*LEVEL_DB), uniform(*LEVEL_DB)
    if chance() > RAMP_PROBABILITY:
        last = first
    level = 10 ** (torch.linspace(first, last, len(sound)) / 20)
    if chance() < FADE_PROBABILITY:
        fade = RATE_HZ * log_uniform(*FADE_SECONDS)
        level = level * (torch.arange(len(sound)) / fade).clamp(max=1)
    return unit_level(sound) * level


def recorded(samples: int, material: Material) -> Tensor:
    """A recording at another speed and pitch, from a random place on, from its end at times."""
    recording = material.noise[integer(0, len(material.noise))]
    if chance() < BACKWARDS_PROBABILITY:
        recording = recording.flip(0)
    speed = log_uniform(*SPEED) if chance() < 0.7 else 1.0
    at = (chance() * len(recording) + torch.arange(samples) * speed) % (len(recording) - 1)
    left = at.long()
    weight = at - left
    return recording[left] * (1 - weight) + recording[left + 1] * weight


def mixed(samples: int, material: Material) -> Tensor:
    sounds = [unit_level(recorded(samples, material)) for _ in range(integer(2, 4))]
    return sum(sound * 10 ** (uniform(-15.0, 0.0) / 20) for sound in sounds)


def equalized(samples: int, material: Material) -> Tensor:
    """A recording in another room: random gains at random frequencies, smooth in between."""
    gains = EQUALIZER_DB * (2 * torch.rand(EQUALIZER_BANDS) - 1)
    return filtered(recorded(samples, material), octaves_curve(gains))


def coloured(samples: int, material: Material) -> Tensor:
    """Noise whose power falls with frequency, with or without a hill."""
    slope, sharpness, hill = uniform(*SLOPE), uniform(1.0, 10.0), uniform(0.0, 30.0)
    centre, has_hill = log_uniform(100.0, 6_000.0), chance() < 0.4

    def curve(hz: Tensor) -> Tensor:
        octaves = (hz.clamp(min=20.0) / centre).log2()
        peak = hill * torch.exp(-sharpness * octaves.square()) if has_hill else 0.0
        return -10 * slope * (hz.clamp(min=20.0) / 1_000).log10() + peak

    return filtered(torch.randn(samples), curve)


def voices(samples: int, material: Material) -> Tensor:
    """So many at once, some of them backwards, that no word is heard."""
    sound = torch.zeros(samples)
    length = material.clips.shape[1]
    for _ in range(integer(*VOICES)):
        chosen = torch.randint(len(material.clips), (samples // length + 2,))
        voice = material.clips[chosen]
        voice = (voice / voice.square().mean(dim=1, keepdim=True).sqrt().clamp(min=1e-4)).flatten()
        start = integer(0, length)
        voice = voice[start : start + samples]
        sound += voice.flip(0) if chance() < 0.5 else voice
    return sound


def tones(samples: int, material: Material) -> Tensor:
    """Howls, beeps and hums: harmonics of a pitch that glides."""
    sound = torch.zeros(samples)
    for _ in range(1 + int(samples / RATE_HZ * log_uniform(0.2, 3.0))):
        t = torch.linspace(0, 1, int(log_uniform(0.05, 1.5) * RATE_HZ))
        begin = log_uniform(80.0, 2_500.0)
        glide, vibrato = uniform(-1.0, 1.0), uniform(0.0, 0.1) * torch.sin(uniform(3.0, 60.0) * t)
        phase = 2 * math.pi * (begin * 2 ** (glide * t + vibrato)).cumsum(0) / RATE_HZ
        roll_off = uniform(0.0, 2.0)
        tone = sum(
            torch.sin(k * phase + 6.3 * chance()) * k**-roll_off for k in range(1, integer(2, 12))
        )
        rise = log_uniform(0.01, 0.8)
        envelope = (t / rise).clamp(max=1) * ((1 - t) / (1 - rise)).clamp(max=1)
        add_at_random(sound, tone * envelope * 10 ** (uniform(-20.0, 0.0) / 20))
    return unit_level(sound) + floor_noise(samples, material)


def knocks(samples: int, material: Material) -> Tensor:
    """Dishes, steps, switches: a burst of noise and a few resonances that die away."""
    sound = torch.zeros(samples)
    for _ in range(1 + int(samples / RATE_HZ * log_uniform(0.2, 6.0))):
        decay = log_uniform(0.003, 0.2)
        t = torch.arange(int(5 * decay * RATE_HZ)) / RATE_HZ
        knock = uniform(0.0, 1.0) * torch.randn(len(t)) * torch.exp(-t / (decay * uniform(0.1, 1)))
        for _ in range(integer(1, 5)):
            hz, slower = log_uniform(150.0, 7_000.0), uniform(0.3, 1.0)
            knock += torch.sin(2 * math.pi * hz * t + 6.3 * chance()) * torch.exp(-t / (decay * slower))
        add_at_random(sound, knock * 10 ** (uniform(-25.0, 0.0) / 20))
    return unit_level(sound) + floor_noise(samples, material)


def nothing(samples: int, material: Material) -> Tensor:
    """Zeros, which no level changes."""
    return torch.zeros(samples)


KINDS: List[Tuple[float, Callable[[int, Material], Tensor]]] = [
    (0.25, recorded),
    (0.15, mixed),
    (0.15, equalized),
    (0.1, coloured),
    (0.1, voices),
    (0.1, tones),
    (0.1, knocks),
    (0.05, nothing),
]
"""Share of the pieces, and what makes them: [samples] at any level."""


def floor_noise(samples: int, material: Material) -> Tensor:
    return unit_level(coloured(samples, material)) * 10 ** (uniform(*FLOOR_DB) / 20)


def filtered(sound: Tensor, curve: Callable[[Tensor], Tensor]) -> Tensor:
    """`curve`: Hz to dB."""
    spectrum = torch.fft.rfft(sound)
    hz = torch.linspace(0, RATE_HZ / 2, len(spectrum))
    return torch.fft.irfft(spectrum * 10 ** (curve(hz) / 20), n=len(sound))


def octaves_curve(gains: Tensor) -> Callable[[Tensor], Tensor]:
    """Through one gain an octave, the last one at half the rate."""

    def curve(hz: Tensor) -> Tensor:
        at = (hz / (RATE_HZ / 2)).clamp(min=1e-6).log2() + len(gains) - 1
        at = at.clamp(0, len(gains) - 1.001)
        left = at.long()
        return gains[left] + (gains[left + 1] - gains[left]) * (at - left)

    return curve


def add_at_random(sound: Tensor, event: Tensor) -> None:
    event = event[: len(sound)]
    start = integer(0, len(sound) - len(event) + 1)
    sound[start : start + len(event)] += event


def unit_level(sound: Tensor) -> Tensor:
    """To a root mean square of one; less where there is nothing but the last bit."""
    return sound / sound.square().mean().sqrt().clamp(min=STEP)


def chance() -> float:
    return torch.rand(()).item()


def uniform(low: float, high: float) -> float:
    return low + (high - low) * chance()


def log_uniform(low: float, high: float) -> float:
    return low * (high / low) ** chance()


def integer(low: int, high: int) -> int:
    """Below `high`."""
    return int(torch.randint(low, high, ()))
