"""The front ends, defined so that the C core can compute exactly the same from constant tables.

`affine`: y = x * scale + shift, a channel each, rounded after the product.

`logmel` (LOG_MEL below): frame t covers samples [160 t, 160 t + 400), nothing is padded in time.
  1. 400 samples times a periodic Hann window, zeros up to 512
  2. power of the 257 bins of the FFT
  3. 40 triangles, peak 1, linear in Hz between edges that are equidistant in HTK's mel scale,
     2595 log10(1 + f / 700), from 20 Hz to 8 kHz
  4. natural logarithm of max(energy, floor)
  5. affine, a band each
The tables (window, triangles) are computed in float64 and rounded to float32 once. With dtype
float64 the same tables, exactly converted, are used: what differs is rounding in the computation.

Sources: HTK Book, chapter 5.4 (filter bank). Knows nothing of data sets.
"""

from typing import Dict, NamedTuple, Union

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

LOG_MEL: Dict[str, Union[int, float]] = {
    "sampleRateHz": 16_000,
    "windowSamples": 400,
    "hopSamples": 160,
    "fftSamples": 512,
    "bands": 40,
    "lowHz": 20.0,
    "highHz": 8_000.0,
    "energyFloor": 1e-5,
}
"""Samples are in [-1, 1): a 16-bit sample divided by 32768."""


class Affine(NamedTuple):
    """y = x * scale + shift. scale, shift float32 [channels]."""

    scale: Tensor
    shift: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        """[..., channels] -> the same, in the dtype of x"""
        return x * self.scale.to(x.dtype) + self.shift.to(x.dtype)


def channel_affine(x: Tensor) -> Affine:
    """To zero mean and unit variance a channel, over all frames of x [..., channels]."""
    flat = x.reshape(-1, x.shape[-1]).double()
    scale = 1 / flat.std(dim=0)
    return Affine(scale.float(), (-flat.mean(dim=0) * scale).float())


def hann_window(samples: int) -> np.ndarray:
    """0.5 - 0.5 cos(2 pi n / samples): periodic. -> float32 [samples]"""
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(samples) / samples)).astype(np.float32)


def mel_filters() -> np.ndarray:
    """Weight of each bin in each band. -> float32 [bands, fftSamples / 2 + 1]"""
    low, high = (hz_to_mel(LOG_MEL[key]) for key in ("lowHz", "highHz"))
    edges = mel_to_hz(np.linspace(low, high, LOG_MEL["bands"] + 2))
    bins = np.arange(LOG_MEL["fftSamples"] // 2 + 1)
    hz = bins * (LOG_MEL["sampleRateHz"] / LOG_MEL["fftSamples"])
    left, centre, right = (edges[i : i + LOG_MEL["bands"], None] for i in range(3))
    rising, falling = (hz - left) / (centre - left), (right - hz) / (right - centre)
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)


def hz_to_mel(hz: float) -> float:
    return 2595 * np.log10(1 + hz / 700)


def mel_to_hz(mel: np.ndarray) -> np.ndarray:
    return 700 * (10 ** (mel / 2595) - 1)


def frame_count(samples: int) -> int:
    """Frames that lie wholly within `samples`."""
    return max(0, (samples - LOG_MEL["windowSamples"]) // LOG_MEL["hopSamples"] + 1)


def log_mel(audio: Tensor) -> Tensor:
    """Steps 1 to 4, in float32 or float64. [batch, samples] -> [batch, frames, bands]"""
    frames = audio.unfold(-1, LOG_MEL["windowSamples"], LOG_MEL["hopSamples"])
    spectrum = torch.fft.rfft(frames * _WINDOW.to(audio.dtype), n=LOG_MEL["fftSamples"])
    power = spectrum.real.square() + spectrum.imag.square()
    # As a convolution of width 1, as in network.py: for speed.
    energy = F.conv1d(power.transpose(-1, -2), _FILTERS.to(audio.dtype)[:, :, None])
    energy = energy.transpose(-1, -2)
    return energy.clamp(min=LOG_MEL["energyFloor"]).log()


_WINDOW = torch.from_numpy(hann_window(LOG_MEL["windowSamples"]))
_FILTERS = torch.from_numpy(mel_filters())
