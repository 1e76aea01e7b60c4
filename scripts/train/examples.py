"""Makes the example inputs that are shipped with the bundled models; nobody's recordings.

  ts/models/kws/NAME.wav   words spoken by the synthesiser espeak-ng, 1 s, 16 kHz, 16 bits
  ts/models/har/NAME.npy   motion made of sines, float32 [128, 9] in g and rad/s

Prints what the committed weights make of each. Needs espeak-ng and sox.

  python3 scripts/train/examples.py
"""

import interpreter  # noqa: F401  before torch

import json
import subprocess
import tempfile
import wave
from pathlib import Path
from typing import Dict, Sequence, Tuple

import numpy as np
import torch
from torch import Tensor

from features import LOG_MEL
from har import FRAMES, MOTION_CHANNELS, SAMPLE_RATE_HZ
from kws import SAMPLES, to_unit_range
from project import MODELS, mamba_reference
from reference_logits import reference_logits

AUDIO_RATE_HZ = LOG_MEL["sampleRateHz"]
PEAK = 0.5

WORDS = ["on", "stop", "yes"]
VOICE, WORDS_A_MINUTE = "en-us", 150

STRIDE_HZ, SWAY_HZ = 0.9, 0.5
WALKING = [
    (0.04, 0.18, 0.03, 0.06),
    (0.07, 0.14, 0.04, 0.06),
    (0.10, 0.11, 0.04, 0.05),
    (0.90, 0.22, 0.34, 0.11, 0.34),
    (0.55, 0.34, 0.55, 0.11),
    (0.45, 0.27, 0.50, 0.11),
]
"""Amplitudes of the harmonics of a stride (two steps): acceleration x y z (g), then angular
velocity x y z (rad/s)."""
SWAYING = (0.003, 0.006, 0.006, 0.012, 0.010, 0.008)
"""Amplitudes in the same channels."""


def main() -> None:
    for word in WORDS:
        samples = speak(word)
        write_wav(MODELS / "kws" / f"{word}.wav", samples)
        announce("kws", f"{word}.wav", to_unit_range(samples))
    for name, window in motions().items():
        np.save(MODELS / "har" / f"{name}.npy", window)
        announce("har", f"{name}.npy", torch.from_numpy(window))


def speak(word: str) -> np.ndarray:
    """The word in the middle of a silent second. -> int16 [16000]"""
    with tempfile.TemporaryDirectory() as folder:
        spoken, resampled = Path(folder) / "spoken.wav", Path(folder) / "resampled.wav"
        voice = ["-v", VOICE, "-s", str(WORDS_A_MINUTE)]
        subprocess.run(["espeak-ng", *voice, "-w", str(spoken), word], check=True)
        # -D: no dither, so that the same word makes the same file.
        subprocess.run(
            ["sox", "-D", str(spoken), "-r", str(AUDIO_RATE_HZ), str(resampled)], check=True
        )
        with wave.open(str(resampled)) as file:
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float64)
    loud = np.flatnonzero(np.abs(samples) > 0.01 * np.abs(samples).max())
    samples = samples[loud[0] : loud[-1] + 1][:SAMPLES]
    samples = np.round(samples * (PEAK * 32767 / np.abs(samples).max())).astype(np.int16)
    before = (SAMPLES - len(samples)) // 2
    return np.pad(samples, (before, SAMPLES - len(samples) - before))


def write_wav(path: Path, samples: np.ndarray) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(AUDIO_RATE_HZ)
        file.writeframes(samples.astype("<i2").tobytes())


def motions() -> Dict[str, np.ndarray]:
    """Idealised: gravity along x when upright, along y and z when lying; a body that is upright
    sways a little. Name -> [128, 9]"""
    walking = np.stack([harmonics(STRIDE_HZ, of_strides) for of_strides in WALKING], axis=1)
    swaying = np.stack([harmonics(SWAY_HZ, [a, a / 2]) for a in SWAYING], axis=1)
    return {
        "walking": with_gravity(walking, (1.0, -0.17, -0.07)),
        "standing": with_gravity(swaying, (1.0, -0.16, -0.03)),
        "laying": with_gravity(np.zeros((FRAMES, MOTION_CHANNELS)), (0.05, 0.70, 0.70)),
    }


def harmonics(hz: float, amplitudes: Sequence[float]) -> np.ndarray:
    """The fundamental, twice its frequency, ... -> [128]"""
    phase = 2 * np.pi * hz * np.arange(FRAMES) / SAMPLE_RATE_HZ
    return sum(a * np.sin((k + 1) * phase + k) for k, a in enumerate(amplitudes))


def with_gravity(motion: np.ndarray, gravity: Tuple[float, float, float]) -> np.ndarray:
    """Total acceleration is body acceleration plus gravity (g). motion [128, 6] -> [128, 9]"""
    total = motion[:, :3] + gravity
    return np.concatenate([motion, total], axis=1).astype(np.float32)


def announce(model: str, file: str, inputs: Tensor) -> None:
    folder = MODELS / model
    labels, frontend = (
        json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("labels", "frontend")
    )
    arrays = mamba_reference.load_checkpoint(folder / "model.safetensors")
    probabilities = reference_logits(arrays, frontend, inputs[None], model)[0].softmax(dim=0)
    best = int(probabilities.argmax())
    print(f"{model}/{file}: {labels[best]} {100 * probabilities[best]:.0f} %")


if __name__ == "__main__":
    main()
