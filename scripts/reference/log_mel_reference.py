"""The reference for log-mel front ends: float64 throughout, with torch.fft, written from the sources
and not from csrc/kernels/logmel.c, ts/frontend or scripts/train/features.py.

What it takes is a front end as frontend.json says it; its tables are its own and are not rounded
to float32, as those of a blob are.

Sources: HTK Book, chapter 5.4; torchaudio.functional.melscale_fbanks with mel_scale="htk" and no
norm (librosa.filters.mel with htk=True, norm=None); torchaudio's MelSpectrogram with center=False,
except that a window shorter than the transform has all its zeros behind it.
"""

import wave
from pathlib import Path
from typing import Mapping, Union

import numpy as np
import torch
from torch import Tensor

Form = Mapping[str, Union[int, float]]
"""The numbers of frontend.json."""

INT16_SCALE = 32768


def log_mel(samples: Tensor, form: Form) -> Tensor:
    """float64 [samples] -> float64 [frames, bands]"""
    window = torch.hann_window(form["windowSamples"], periodic=True, dtype=torch.float64)
    frames = samples.unfold(0, form["windowSamples"], form["hopSamples"])
    power = torch.fft.rfft(frames * window, n=form["fftSamples"]).abs() ** 2
    return (power @ mel_filter_bank(form)).clamp(min=form["energyFloor"]).log()


def mel_filter_bank(form: Form) -> Tensor:
    """Triangles of peak 1. -> float64 [fftSamples / 2 + 1, bands]"""
    nyquist, bins = form["sampleRateHz"] / 2, form["fftSamples"] // 2 + 1
    frequencies = torch.linspace(0, nyquist, bins, dtype=torch.float64)
    low, high = (2595 * np.log10(1 + form[key] / 700) for key in ("lowHz", "highHz"))
    mels = torch.linspace(low, high, form["bands"] + 2, dtype=torch.float64)
    points = 700 * (10 ** (mels / 2595) - 1)
    widths = points.diff()
    slopes = points[None, :] - frequencies[:, None]
    falling, rising = slopes[:, 2:] / widths[1:], -slopes[:, :-2] / widths[:-1]
    return torch.minimum(falling, rising).clamp(min=0)


def read_clip(path: Path, sample_rate_hz: int) -> Tensor:
    """A WAV file of one channel of 16 bits. -> float64 [samples] in [-1, 1)"""
    with wave.open(str(path), "rb") as file:
        found = (file.getnchannels(), file.getsampwidth(), file.getframerate())
        if found != (1, 2, sample_rate_hz):
            raise ValueError(f"{path}: channels, bytes a sample and rate are {found}")
        data = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
    return torch.from_numpy(data.astype(np.float64)) / INT16_SCALE
