"""Ops that make frames of the network's input: tokens [count], or samples [count]."""

from typing import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor


def embedding(op: Mapping, tokens: Tensor) -> Tensor:
    return F.embedding(tokens.reshape(-1).long(), op["weight"])


def logmel(op: Mapping, samples: Tensor) -> Tensor:
    """log(max(filters . |FFT(window x)|^2, floor)), a window shorter than the FFT with zeros behind it."""
    window = op["window"]
    bins = op["twiddles"].shape[0] + 1
    frames = samples.reshape(-1).unfold(0, window.shape[0], op["hopSamples"])
    power = torch.fft.rfft(frames * window, n=2 * (bins - 1)).abs() ** 2
    return (power @ _filter_bank(op, bins)).clamp(min=op["energyFloor"]).log()


def _filter_bank(op: Mapping, bins: int) -> Tensor:
    """[bins, bands]: of each band the first bin and how many weights there are from it on."""
    ranges = op["filterBins"].long().tolist()
    bank = torch.zeros(bins, len(ranges), dtype=op["filters"].dtype)
    next_weight = 0
    for band, (first, count) in enumerate(ranges):
        bank[first : first + count, band] = op["filters"][next_weight : next_weight + count]
        next_weight += count
    return bank


FRONT_END = {"embedding": embedding, "logmel": logmel}
