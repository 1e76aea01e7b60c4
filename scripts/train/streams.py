"""Streams that never end, in pieces: words at random places, background between and behind them.

What a network that is used continuously sees: its state is never reset, its features are pooled over
the last window of frames, and most windows hold a part of a word or none. Knows nothing of files.
"""

from typing import Callable, List, NamedTuple, Tuple

import torch
from torch import Tensor

from features import LOG_MEL, frame_count


class Windows(NamedTuple):
    """Windows of `frames` frames, `hop` apart; `frames` is a multiple of `hop`."""

    frames: int
    hop: int

    def answers(self, samples: int) -> int:
        return max(0, (frame_count(samples) - self.frames) // self.hop + 1)

    def spans(self, samples: int) -> Tensor:
        """First sample and end of each window. -> [answers, 2]"""
        begin = torch.arange(self.answers(samples)) * self.hop * LOG_MEL["hopSamples"]
        length = (self.frames - 1) * LOG_MEL["hopSamples"] + LOG_MEL["windowSamples"]
        return torch.stack([begin, begin + length], dim=1)


class Classes(NamedTuple):
    """How many there are, and which stand for parts of words and for silence."""

    count: int
    unknown: int
    silence: int


class Word(NamedTuple):
    """Samples [n] of a clip, its class, and the span of samples in which it is spoken."""

    audio: Tensor
    label: int
    begin: int
    end: int


ENERGY_FRAME = 160
SPOKEN_DB = 20.0
"""A word is where a frame's power is less than this below that of its loudest frame."""


def spoken_spans(audio: Tensor) -> Tensor:
    """From the first to behind the last loud frame. [clips, samples] -> [clips, 2]"""
    frames = audio.unfold(1, ENERGY_FRAME, ENERGY_FRAME)
    power = frames.square().mean(dim=2)
    loud = power >= power.amax(dim=1, keepdim=True) * 10 ** (-SPOKEN_DB / 10)
    index = torch.arange(power.shape[1])
    first = torch.where(loud, index, power.shape[1]).amin(dim=1)
    last = torch.where(loud, index, -1).amax(dim=1)
    return torch.stack([first, last + 1], dim=1) * ENERGY_FRAME


GAP_SECONDS = (0.0, 1.2)
PART_BEGINS, PART_COMPLETE = 0.35, 0.9
"""Shares of a word in a window at which the answer begins to be that word, and is nothing else."""


def lay_out(
    words: List[Word], samples: int, random: Callable[[], float]
) -> Tuple[Tensor, List[Tuple[int, int, int]]]:
    """One word behind the other with random gaps, the last ones cut off or left out.

    -> audio [samples], and for each word its class and the samples in which it is spoken
    """
    audio, spoken = torch.zeros(samples), []
    at = -int(0.3 * LOG_MEL["sampleRateHz"] * random())
    for word in words:
        low, high = GAP_SECONDS
        at += int((low + (high - low) * random()) * LOG_MEL["sampleRateHz"])
        begin, end = max(at, 0), min(at + len(word.audio), samples)
        if begin >= end:
            break
        audio[begin:end] += word.audio[begin - at : end - at]
        spoken.append((word.label, at + word.begin, at + word.end))
        at += len(word.audio)
    return audio, spoken


def targets(
    spoken: List[Tuple[int, int, int]], windows: Tensor, classes: Classes
) -> Tensor:
    """Probability of each class in each window, by how much of a word is in it: a part of a word
    is nothing known, and where nothing is said there is silence.

    windows [answers, 2] -> [answers, classes]
    """
    share = torch.zeros(len(windows), classes.count)
    for label, begin, end in spoken:
        inside = windows[:, 1].clamp(max=end) - windows[:, 0].clamp(min=begin)
        part = inside.clamp(min=0) / max(1, end - begin)
        certain = ((part - PART_BEGINS) / (PART_COMPLETE - PART_BEGINS)).clamp(0, 1)
        anything = (part / PART_BEGINS).clamp(0, 1)
        share[:, label] = torch.maximum(share[:, label], certain)
        share[:, classes.unknown] = torch.maximum(share[:, classes.unknown], anything - certain)
    share /= share.sum(dim=1, keepdim=True).clamp(min=1)
    share[:, classes.silence] += 1 - share.sum(dim=1)
    return share
