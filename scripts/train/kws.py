"""Trains the bundled `kws` model: six spoken words, anything else, or silence, from raw audio.

Data: Speech Commands v0.01, six words (P. Warden, Google), official split by speaker. `_unknown_`
is ten clips each of the other words; `_silence_` is cut from the background recordings, the first
80 % of each for training, then 10 % for validation and 10 % for the test, and is made to three
levels of loudness. Every choice was made on the validation split, whose accuracy is in the log.
Trained on clips first, then on streams that the network hears without a reset (streams.py), at last
on such as go on for minutes, some of them without a word (sounds.py).

  python3 scripts/train/kws.py [--data DIR] [--threads 1]

Writes ts/models/kws/; resumes from build/train/kws/ when interrupted (delete it to start anew).
"""

import interpreter  # noqa: F401  before torch

import argparse
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Optional, Tuple

import numpy as np
import soundfile
import torch
import torch.nn.functional as F
from torch import Tensor

import artefacts
import sounds
import streams
import training
from augmentation import (
    SAMPLES,
    Noise,
    augment,
    mask,
    random_backgrounds,
    random_silence,
    random_streams,
    random_words,
)
from features import LOG_MEL, Affine, channel_affine, frame_count, log_mel
from network import Carried, Network, Sizes, check_network
from project import BUILD, DATA
from scan import check_scan

WORDS = ["down", "off", "on", "stop", "up", "yes"]
UNKNOWN, SILENCE = "_unknown_", "_silence_"
LABELS = WORDS + [UNKNOWN, SILENCE]
CLASSES = streams.Classes(len(LABELS), LABELS.index(UNKNOWN), LABELS.index(SILENCE))

SIZES = Sizes(
    inputs=LOG_MEL["bands"], classes=len(LABELS), layers=3, d_model=40, d_inner=80, d_state=8,
    dt_rank=3,
)
RECIPE = training.Recipe(epochs=30, batch=32, peak_rate=4e-3, seed=1, label_smoothing=0.1)
"""Of clips. The network that it leaves is then trained on streams, and on clips beside them."""
STREAM_RECIPE = training.Recipe(
    epochs=9, batch=24, peak_rate=2e-3, seed=2, warm_up_epochs=0.5, label_smoothing=0.1
)
LAST_RECIPE = training.Recipe(
    epochs=8, batch=24, peak_rate=1.5e-3, seed=3, warm_up_epochs=0.5, label_smoothing=0.02
)
"""Streams again, less disturbed: no masks, no dropout. The network is too small to learn them by heart."""
NOISE_RECIPE = training.Recipe(
    epochs=4, batch=24, peak_rate=8e-4, seed=4, warm_up_epochs=0.25, label_smoothing=0.02
)
"""The same with more of what is no word: loud noise alone, and noise that changes."""
ENDLESS_RECIPE = training.Recipe(
    epochs=16, batch=24, peak_rate=1.2e-3, seed=5, warm_up_epochs=0.25, label_smoothing=0.02
)
"""Streams that go on from batch to batch, before all kinds of sounds; beside them some of no word."""
DROPOUT, BRANCH_DROP_RATE = 0.1, 0.0

UNKNOWN_REPEATS = 4
"""Times that each of the few `_unknown_` clips comes by in an epoch, differently augmented."""
SILENCES_PER_EPOCH = 300
SILENCES_PER_EVALUATION = 150

STREAM_SAMPLES, WORDS_A_STREAM = 51_200, 2
WINDOWS = streams.Windows(frames=80, hop=10)
"""Of a stream: the last 0.8 s, ten answers a second."""
WORDLESS_STREAMS, FORGETTING_RATE = 8, 0.01
"""Of the last stage: streams without a word; the share of all that begin anew at a batch."""
STREAM_STEPS_A_CLIP_STEP = 2
"""After so many batches of streams there is one of clips and of windows from an empty state."""
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

Five stages, each from the weights of the one before (scripts/train/kws.py): clips; streams of 3.2 s
of words and noise, pooled over the last 0.8 s, clips beside them; the same without masks and
dropout, since the network is too small to learn them by heart; the same with more noise alone; and
streams that go on for minutes, the state carried from batch to batch, before sounds of many kinds
(sounds.py: the noise at other speeds, mixed, filtered, coloured noise, voices over one another,
tones, knocks, silence, each at its own loudness), a quarter of them without any word. Parts of words
count as `_unknown_`. Augmentation: speed and pitch, time shift, background noise, gain, SpecAugment.
The weights are the running average of the last steps.

Every choice was made on the validation split: two strengths of augmentation of the clips, the later
stages, windows, averages and thresholds; sizes were not searched. The test clips' accuracy was
printed after the second, the third and the last two stages, the test streams' after the last two:
that the network of four stages fired 251 times in an hour of test noise, though 3 times in
validation noise, is why there is a fifth, and why sounds made of validation noise and clips
(scripts/train/sounds_alone.py) were listened to when it was judged. Words count as right only if
chosen among all eight classes.
"""

Batch = Tuple[Tensor, Tensor]
"""Frames [sequences, T, bands] and class probabilities [answers, classes]."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA / "kws")
    parser.add_argument("--threads", type=int, default=1, help=training.THREADS_HELP)
    arguments = parser.parse_args()

    training.prepare(arguments.threads)
    check_scan()
    check_network(SIZES, frame_count(SAMPLES))

    validation = evaluation_set(arguments.data, "validation")
    network, runs, affine = run(arguments.data, validation)
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
            runs=runs,
            results=results,
            figures=figures,
            command="python3 scripts/train/kws.py",
            story=STORY,
        )
    )


def run(
    data: Path, validation: Tuple[Tensor, Tensor]
) -> Tuple[Network, Dict[str, List[training.LogRow]], Affine]:
    """Trains on the training split; measures `validation`, log-mel frames and classes, after
    every epoch."""
    audio, y = load_clips(data, "train")
    noise = load_noise(data, "train")
    affine = channel_affine(features(audio))

    spans = streams.spoken_spans(audio)
    items = items_of_an_epoch(y)

    is_last = is_noisy = False

    def frames_of(waves: Tensor) -> Tensor:
        frames = affine(log_mel(waves))
        return frames if is_last else mask(frames)

    def clip_batch(chosen: Tensor) -> Batch:
        waves, classes = random_clips(chosen, audio, y, noise)
        return frames_of(waves), F.one_hot(classes, len(LABELS)).float()

    def stream_batch(chosen: Tensor, samples: int, windows: streams.Windows) -> Batch:
        words = words_of(chosen)
        backgrounds = random_backgrounds(STREAM_RECIPE.batch, noise, samples, is_noisy)
        waves, probabilities = random_streams(words, backgrounds, windows, CLASSES, is_noisy)
        return frames_of(waves), probabilities.flatten(0, 1)

    def endless_batch(chosen: Tensor, sound: Tensor) -> Batch:
        """The next part of all streams: those of words before their sounds, those of sounds alone."""
        words = words_of(chosen)
        backgrounds, alone = sound.split([STREAM_RECIPE.batch, WORDLESS_STREAMS])
        waves, probabilities = random_streams(words, backgrounds, WINDOWS, CLASSES, is_noisy)
        silence = streams.targets([], WINDOWS.spans(STREAM_SAMPLES), CLASSES)
        probabilities = torch.cat([probabilities, silence.expand(WORDLESS_STREAMS, -1, -1)])
        return frames_of(torch.cat([waves, alone])), probabilities.flatten(0, 1)

    def words_of(chosen: Tensor) -> List[streams.Word]:
        clips = chosen[chosen < len(y)]
        return random_words(audio[clips], spans[clips], y[clips])

    def clip_batches() -> Iterator[Batch]:
        for chosen in items[torch.randperm(len(items))].split(RECIPE.batch):
            yield clip_batch(chosen)

    of_streams = STREAM_RECIPE.batch * WORDS_A_STREAM
    stream_steps = len(items) // of_streams
    clip_window = streams.Windows(frame_count(SAMPLES), frame_count(SAMPLES))

    def stream_batches() -> Iterator[Batch]:
        return beside_clips(lambda chosen: stream_batch(chosen, STREAM_SAMPLES, WINDOWS))

    def endless_batches() -> Iterator[Batch]:
        network.carried = None
        sound = sounds.Endless(noise, audio, STREAM_RECIPE.batch + WORDLESS_STREAMS)
        return beside_clips(lambda chosen: endless_batch(chosen, sound.take(STREAM_SAMPLES)))

    def beside_clips(batch_of: Callable[[Tensor], Batch]) -> Iterator[Batch]:
        clips, of_windows = clip_batches(), items[torch.randperm(len(items))]
        for step, chosen in enumerate(items[torch.randperm(len(items))].split(of_streams)):
            if step == stream_steps:
                return
            yield batch_of(chosen)
            if step % STREAM_STEPS_A_CLIP_STEP == STREAM_STEPS_A_CLIP_STEP - 1:
                whole, parts = next(clips), stream_batch(of_windows[chosen], SAMPLES, clip_window)
                yield torch.cat([whole[0], parts[0]]), torch.cat([whole[1], parts[1]])

    def measure(network: Network) -> Dict[str, float]:
        return summary(training.predict(network, affine(validation[0])), validation[1])

    torch.manual_seed(RECIPE.seed)
    network = StreamNetwork(SIZES, DROPOUT, BRANCH_DROP_RATE)
    runs = {}
    of_clips = -(-len(items) // RECIPE.batch)
    of_streams_and_clips = stream_steps + stream_steps // STREAM_STEPS_A_CLIP_STEP
    stages = (
        ("clips", RECIPE, of_clips, clip_batches),
        ("streams", STREAM_RECIPE, of_streams_and_clips, stream_batches),
        ("last", LAST_RECIPE, of_streams_and_clips, stream_batches),
        ("noise", NOISE_RECIPE, of_streams_and_clips, stream_batches),
        ("endless", ENDLESS_RECIPE, of_streams_and_clips, endless_batches),
    )
    for name, recipe, steps, batches in stages:
        is_endless = recipe is ENDLESS_RECIPE
        is_noisy = is_endless or recipe is NOISE_RECIPE
        is_last = is_noisy or recipe is LAST_RECIPE
        network.dropout = 0.0 if is_last else DROPOUT
        network.goes_on = is_endless
        checkpoint = BUILD / "kws" / f"{name}.pt"
        network, runs[name] = training.train(
            network, recipe, steps, batches, measure, checkpoint, f"kws, {name}"
        )
    return network, runs, affine


def items_of_an_epoch(y: Tensor) -> Tensor:
    """Indices into y; those beyond it are silences, made when they are asked for."""
    repeats = torch.where(y == LABELS.index(UNKNOWN), UNKNOWN_REPEATS, 1)
    items = torch.arange(len(y)).repeat_interleave(repeats)
    return torch.cat([items, torch.full((SILENCES_PER_EPOCH,), len(y))])


def random_clips(chosen: Tensor, audio: Tensor, y: Tensor, noise: Noise) -> Tuple[Tensor, Tensor]:
    """The chosen items as nobody has spoken them: waves [items, 16000], classes [items]."""
    is_clip = chosen < len(y)
    clips, silences = chosen[is_clip], int((~is_clip).sum())
    waves = torch.cat([augment(audio[clips], noise), random_silence(silences, noise)])
    classes = torch.cat([y[clips], torch.full((silences,), LABELS.index(SILENCE))])
    return waves, classes


class StreamNetwork(Network):
    """Logits of a clip; of something longer, of all its windows: [batch x answers, classes].

    Where it `goes_on`, that is the next part of the streams that it heard last.
    """

    goes_on = False
    carried: Optional[List[Carried]] = None

    def forward(self, frames: Tensor) -> Tensor:
        if frames.shape[1] <= frame_count(SAMPLES):
            return super().forward(frames)
        if not self.goes_on:
            return self.windows(frames, *WINDOWS).flatten(0, 1)
        carried = self.carried or self.nothing_carried(len(frames))
        kept = (torch.rand(len(frames), 1, 1) >= FORGETTING_RATE).float()
        carried = [Carried(*(part * kept for part in own)) for own in carried]
        logits, self.carried = self.go_on(frames, *WINDOWS, carried)
        return logits.flatten(0, 1)


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


if __name__ == "__main__":
    main()
