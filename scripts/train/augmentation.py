"""Clips as nobody has spoken them, noise, and streams of both: what kws.py trains with.

Everything is on the samples but the masks. Knows nothing of files, of the network or of words.
"""

from typing import List, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor

import streams

SAMPLES = 16_000
"""Of every clip."""

SPEED = 0.1
SHIFT_SAMPLES = 1_600
GAIN_DB = 6.0
NOISE_PROBABILITY = 0.5
NOISE_SNR_DB = (5.0, 35.0)
SILENCE_GAIN_DB = (-40.0, 0.0)
BAND_MASKS, BAND_MASK_WIDTH = 2, 5
TIME_MASKS, TIME_MASK_WIDTH = 2, 10

STREAM_NOISE_PROBABILITY, EMPTY_STREAM_PROBABILITY = 0.9, 0.06
NOISY_EMPTY_PROBABILITY = 0.25
NOISE_LEVEL_DB = (-66.0, -26.0)
"""Root mean square of noise alone in the last stage, whatever that of its recording."""
CHANGE_PROBABILITY = 0.4

Noise = List[Tensor]
"""Recordings [samples]."""


def augment(audio: Tensor, noise: Noise) -> Tensor:
    """Another speed (and pitch), place, loudness and background. [batch, 16000] -> the same"""
    batch = len(audio)
    audio = resample_and_shift(
        audio, 1 + uniform(batch, -SPEED, SPEED), uniform(batch, -SHIFT_SAMPLES, SHIFT_SAMPLES)
    )
    background = random_noise(batch, noise)
    snr = 10 ** (uniform(batch, *NOISE_SNR_DB) / 20)
    level = loudness(audio) / (loudness(background) * snr).clamp(min=1e-6)
    level = level * (torch.rand(batch) < NOISE_PROBABILITY)
    gain = 10 ** (uniform(batch, -GAIN_DB, GAIN_DB) / 20)
    return ((audio + level[:, None] * background) * gain[:, None]).clamp(-1, 1)


def random_words(audio: Tensor, spans: Tensor, y: Tensor) -> List[streams.Word]:
    """Clips of another speed and loudness. audio [clips, samples], spans [clips, 2], y [clips]"""
    clips = len(audio)
    speed = 1 + uniform(clips, -SPEED, SPEED)
    audio = resample_and_shift(audio, speed, torch.zeros(clips))
    audio = audio * 10 ** (uniform(clips, -GAIN_DB, GAIN_DB) / 20)[:, None]
    middle = SAMPLES / 2
    spans = ((spans - middle) / speed[:, None] + middle).clamp(0, SAMPLES).long()
    return [
        streams.Word(clip, int(label), int(begin), int(end))
        for clip, label, (begin, end) in zip(audio, y, spans)
    ]


def random_backgrounds(count: int, noise: Noise, samples: int, is_noisy: bool) -> Tensor:
    """[count, samples]"""
    backgrounds = random_noise(count, noise, samples)
    if is_noisy:
        backgrounds = changing(backgrounds, random_noise(count, noise, samples))
    return backgrounds


def random_streams(
    words: List[streams.Word],
    backgrounds: Tensor,
    windows: streams.Windows,
    classes: streams.Classes,
    is_noisy: bool,
) -> Tuple[Tensor, Tensor]:
    """backgrounds [count, samples] -> waves, the same, probabilities [count, answers, classes]"""
    count, samples = backgrounds.shape
    spans = windows.spans(samples)
    waves, probabilities = [], []
    for stream, background in enumerate(backgrounds):
        own = words[stream::count]
        if torch.rand(()) < (NOISY_EMPTY_PROBABILITY if is_noisy else EMPTY_STREAM_PROBABILITY):
            own = []
        audio, spoken = streams.lay_out(own, samples, lambda: torch.rand(()).item())
        gain = background_gain(own, background, is_noisy)
        waves.append(audio + gain * background)
        probabilities.append(streams.targets(spoken, spans, classes))
    return torch.stack(waves).clamp(-1, 1), torch.stack(probabilities)


def changing(first: Tensor, then: Tensor) -> Tensor:
    """Some streams go on with other noise, as loud as before, from a random place. [batch, samples]"""
    batch, samples = first.shape
    then = then * (loudness(first) / loudness(then).clamp(min=1e-6))[:, None]
    at = (torch.rand(batch) * samples).masked_fill(torch.rand(batch) > CHANGE_PROBABILITY, samples)
    return torch.where(torch.arange(samples) < at[:, None], first, then)


def background_gain(words: List[streams.Word], background: Tensor, is_noisy: bool) -> Tensor:
    """[1]: to a random distance below the most quiet word; at random where there is none."""
    own = loudness(background[None]).clamp(min=1e-6)
    if not words and is_noisy:
        return 10 ** (uniform(1, *NOISE_LEVEL_DB) / 20) / own
    if not words:
        return 10 ** (uniform(1, *SILENCE_GAIN_DB) / 20)
    level = min(loudness(word.audio[None]).item() for word in words)
    snr = 10 ** (uniform(1, *NOISE_SNR_DB) / 20)
    return level / (own * snr) * (torch.rand(1) < STREAM_NOISE_PROBABILITY)


def resample_and_shift(audio: Tensor, speed: Tensor, shift: Tensor) -> Tensor:
    """Linear interpolation about the middle of the clip, zeros outside of it.

    audio [batch, samples]; speed, shift (in samples) [batch]. -> [batch, samples]
    """
    middle = audio.shape[1] / 2
    at = (torch.arange(audio.shape[1]) - middle) * speed[:, None] + middle + shift[:, None]
    padded = F.pad(audio, (1, 2))
    at = (at + 1).clamp(0, audio.shape[1] + 1)
    left = at.floor()
    weight = at - left
    left = left.long()
    return padded.gather(1, left) * (1 - weight) + padded.gather(1, left + 1) * weight


def random_silence(count: int, noise: Noise) -> Tensor:
    """Background at any loudness; none at all now and then. -> [count, 16000]"""
    gain = 10 ** (uniform(count, *SILENCE_GAIN_DB) / 20) * (torch.rand(count) > 0.05)
    return random_noise(count, noise) * gain[:, None]


def random_noise(count: int, noise: Noise, samples: int = SAMPLES) -> Tensor:
    """Cuts of random recordings. -> [count, samples]"""
    cuts = torch.zeros(count, samples)
    for row in cuts:
        recording = noise[int(torch.randint(len(noise), ()))]
        start = int(torch.randint(len(recording) - samples, ()))
        row.copy_(recording[start : start + samples])
    return cuts


def mask(frames: Tensor) -> Tensor:
    """SpecAugment (Park et al., arXiv 1904.08779): bands and stretches of time set to the mean,
    which is zero after the affine. [batch, frames, bands] -> the same"""
    for masks, width, axis in ((BAND_MASKS, BAND_MASK_WIDTH, 2), (TIME_MASKS, TIME_MASK_WIDTH, 1)):
        size = frames.shape[axis]
        for _ in range(masks):
            extent = torch.randint(width + 1, (len(frames), 1))
            begin = torch.randint(size - width, (len(frames), 1))
            place = torch.arange(size)
            hidden = (place >= begin) & (place < begin + extent)
            frames = frames.masked_fill(hidden.unsqueeze(3 - axis), 0)
    return frames


def loudness(audio: Tensor) -> Tensor:
    """Root mean square. [batch, samples] -> [batch]"""
    return audio.square().mean(dim=1).sqrt()


def uniform(count: int, low: float, high: float) -> Tensor:
    return low + (high - low) * torch.rand(count)
