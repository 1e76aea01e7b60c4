"""Trains the bundled `kws` model: six spoken words, anything else, or silence, from raw audio.

Data: Speech Commands v0.01, six words (P. Warden, Google), official split by speaker. `_unknown_`
is ten clips each of the other words; `_silence_` is cut from the background recordings, the first
80 % of each for training, then 10 % for validation and 10 % for the test, and is made to three
levels of loudness. Every choice was made on the validation split, whose accuracy is in the log;
the test split is read once, at the end.

  python3 scripts/train/kws.py [--data DIR] [--threads 1]

Writes ts/models/kws/; resumes from build/train/kws/ when interrupted (delete it to start anew).
"""

import interpreter  # noqa: F401  before torch

import argparse
from pathlib import Path
from typing import Dict, Iterator, List, Tuple

import numpy as np
import soundfile
import torch
import torch.nn.functional as F
from torch import Tensor

import artefacts
import training
from features import LOG_MEL, Affine, channel_affine, frame_count, log_mel
from network import Network, Sizes, check_network
from project import BUILD, DATA
from scan import check_scan

WORDS = ["down", "off", "on", "stop", "up", "yes"]
UNKNOWN, SILENCE = "_unknown_", "_silence_"
LABELS = WORDS + [UNKNOWN, SILENCE]
SAMPLES = 16_000
"""Of every clip; shorter ones are padded with zeros at the end."""

SIZES = Sizes(
    inputs=LOG_MEL["bands"], classes=len(LABELS), layers=3, d_model=40, d_inner=80, d_state=8,
    dt_rank=3,
)
RECIPE = training.Recipe(epochs=30, batch=32, peak_rate=4e-3, seed=1, label_smoothing=0.1)
DROPOUT, BRANCH_DROP_RATE = 0.1, 0.0

UNKNOWN_REPEATS = 4
"""Times that each of the few `_unknown_` clips comes by in an epoch, differently augmented."""
SILENCES_PER_EPOCH = 300
SILENCES_PER_EVALUATION = 150

SPEED = 0.1
SHIFT_SAMPLES = 1_600
GAIN_DB = 6.0
NOISE_PROBABILITY = 0.5
NOISE_SNR_DB = (5.0, 35.0)
SILENCE_GAIN_DB = (-40.0, 0.0)
BAND_MASKS, BAND_MASK_WIDTH = 2, 5
TIME_MASKS, TIME_MASK_WIDTH = 2, 10

NOISE_SPAN = {"train": (0.0, 0.8), "validation": (0.8, 0.9), "test": (0.9, 1.0)}

STORY = """
Keyword spotting: which of six words, another word, or silence is in one second of audio (16 kHz).

## Data

Speech Commands v0.01, six words: 800 training clips a word, 150 for validation, all 1,538 of the
official test split; speakers are disjoint (the official hash split). `_unknown_` is 170 / 33 / 37
clips of the 24 other words; `_silence_` is cut from the set's background recordings, disjoint in
time. Source: Pete Warden, "Speech Commands: A Dataset for Limited-Vocabulary Speech Recognition",
arXiv 1804.03209; Google, licence CC BY 4.0.

## Protocol

Every choice was made on the validation split: two strengths of augmentation were compared (the
weaker had 94.6 % of the validation words after 30 epochs, the stronger 93.1 % after 35, where it
was stopped); sizes were not searched. The test split was read once, after the run.
Augmentation: speed and pitch, time shift, background noise, gain, SpecAugment. The weights are the
running average of the last steps. Words count as right only if chosen among all eight classes.
"""

Noise = List[Tensor]
"""Recordings [samples]."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA / "kws")
    parser.add_argument("--threads", type=int, default=1, help=training.THREADS_HELP)
    arguments = parser.parse_args()

    training.prepare(arguments.threads)
    check_scan()
    check_network(SIZES, frame_count(SAMPLES))

    validation = evaluation_set(arguments.data, "validation")
    network, log, affine = run(arguments.data, validation)
    results = [
        artefacts.Result(name, training.predict(network, affine(frames)), classes)
        for name, (frames, classes) in (
            ("Test", evaluation_set(arguments.data, "test")),
            ("Validation", validation),
        )
    ]
    figures = {
        f"{result.name}, {group}": value
        for result in results
        for group, value in summary(result.logits, result.y).items()
    }
    for result in results:
        print(artefacts.report(result, LABELS))
    artefacts.write(
        artefacts.Trained(
            name="kws",
            network=network,
            sizes=SIZES,
            recipe=RECIPE,
            frontend=artefacts.log_mel_frontend(affine, SAMPLES),
            labels=LABELS,
            runs={"final": log},
            results=results,
            figures=figures,
            command="python3 scripts/train/kws.py",
            story=STORY,
        )
    )


def run(
    data: Path, validation: Tuple[Tensor, Tensor]
) -> Tuple[Network, List[training.LogRow], Affine]:
    """Trains on the training split; measures `validation`, log-mel frames and classes, after
    every epoch."""
    audio, y = load_clips(data, "train")
    noise = load_noise(data, "train")
    affine = channel_affine(features(audio))

    repeats = torch.where(y == LABELS.index(UNKNOWN), UNKNOWN_REPEATS, 1)
    items = torch.arange(len(y)).repeat_interleave(repeats)
    # Items beyond the clips are silences, made when they are asked for.
    items = torch.cat([items, torch.full((SILENCES_PER_EPOCH,), len(y))])
    steps = -(-len(items) // RECIPE.batch)

    def batches() -> Iterator[Tuple[Tensor, Tensor]]:
        for chosen in items[torch.randperm(len(items))].split(RECIPE.batch):
            is_clip = chosen < len(y)
            clips, silences = chosen[is_clip], int((~is_clip).sum())
            waves = torch.cat([augment(audio[clips], noise), random_silence(silences, noise)])
            classes = torch.cat([y[clips], torch.full((silences,), LABELS.index(SILENCE))])
            yield mask(affine(log_mel(waves))), classes

    def measure(network: Network) -> Dict[str, float]:
        return summary(training.predict(network, affine(validation[0])), validation[1])

    torch.manual_seed(RECIPE.seed)
    network = Network(SIZES, DROPOUT, BRANCH_DROP_RATE)
    checkpoint = BUILD / "kws" / "final.pt"
    network, log = training.train(network, RECIPE, steps, batches, measure, checkpoint, "kws")
    return network, log, affine


def summary(logits: Tensor, y: Tensor) -> Dict[str, float]:
    """Accuracy on the words (of all classes), on unknown and on silence, apart."""
    unknown, silence = LABELS.index(UNKNOWN), LABELS.index(SILENCE)
    groups = {"words": y < len(WORDS), "unknown": y == unknown, "silence": y == silence}
    return {name: training.accuracy(logits[of], y[of]) for name, of in groups.items()}


# ---------------------------------------------------------------------------------------------
# Data
# ---------------------------------------------------------------------------------------------


def load_clips(data: Path, split: str) -> Tuple[Tensor, Tensor]:
    """Words and unknown ones, in the order of their file names; read from the FLAC files once.

    -> audio [items, 16000] in [-1, 1), classes [items]
    """
    cache = BUILD / "kws" / f"{split}.npz"
    if not cache.exists():
        clips, classes = [], []
        for index, label in enumerate(WORDS + [UNKNOWN]):
            for path in sorted((data / split / label).glob("*.flac")):
                samples, _ = soundfile.read(path, dtype="int16")
                clips.append(np.pad(samples[:SAMPLES], (0, max(0, SAMPLES - len(samples)))))
                classes.append(index)
        cache.parent.mkdir(parents=True, exist_ok=True)
        np.savez(cache, audio=np.stack(clips), y=np.array(classes, np.int64))
    with np.load(cache) as arrays:
        return to_unit_range(arrays["audio"]), torch.from_numpy(arrays["y"])


def load_noise(data: Path, split: str) -> Noise:
    """The split's span of each background recording."""
    recordings = []
    for path in sorted((data / "background_noise").glob("*.flac")):
        samples, _ = soundfile.read(path, dtype="int16")
        begin, end = (int(fraction * len(samples)) for fraction in NOISE_SPAN[split])
        recordings.append(to_unit_range(samples[begin:end]))
    return recordings


def to_unit_range(samples: np.ndarray) -> Tensor:
    """int16 -> float32 in [-1, 1), exactly"""
    return torch.from_numpy(samples.astype(np.float32) / 32768)


def evaluation_audio(data: Path, split: str) -> Tuple[Tensor, Tensor]:
    """The split's clips, then its silences: audio [items, 16000], classes [items]."""
    audio, y = load_clips(data, split)
    silences = fixed_silence(load_noise(data, split))
    classes = torch.full((len(silences),), LABELS.index(SILENCE))
    return torch.cat([audio, silences]), torch.cat([y, classes])


def evaluation_set(data: Path, split: str) -> Tuple[Tensor, Tensor]:
    """Log-mel frames, before affine, and classes of all of it."""
    audio, y = evaluation_audio(data, split)
    return features(audio), y


def fixed_silence(noise: Noise) -> Tensor:
    """Evenly spaced cuts of every recording, in turn at 0, -20 and -40 dB, rounded to 16 bits.

    -> [SILENCES_PER_EVALUATION, 16000]
    """
    cuts = []
    for recording in noise:
        starts = np.linspace(0, len(recording) - SAMPLES, SILENCES_PER_EVALUATION // len(noise))
        for index, start in enumerate(starts.astype(int)):
            cut = recording[start : start + SAMPLES] * 10.0 ** -(index % 3)
            cuts.append(torch.round(cut * 32768) / 32768)
    return torch.stack(cuts)


def features(audio: Tensor, batch: int = 100) -> Tensor:
    """[items, 16000] -> log-mel frames [items, 98, 40], before affine"""
    return torch.cat([log_mel(part) for part in audio.split(batch)])


# ---------------------------------------------------------------------------------------------
# Augmentation: everything on the samples but the masks
# ---------------------------------------------------------------------------------------------


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


def random_noise(count: int, noise: Noise) -> Tensor:
    """Cuts of random recordings. -> [count, 16000]"""
    cuts = torch.zeros(count, SAMPLES)
    for row in cuts:
        recording = noise[int(torch.randint(len(noise), ()))]
        start = int(torch.randint(len(recording) - SAMPLES, ()))
        row.copy_(recording[start : start + SAMPLES])
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


if __name__ == "__main__":
    main()
