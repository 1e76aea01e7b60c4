"""Writes sounds without a word, made of validation noise and validation clips as sounds.py makes those of
training: what a detector that is chosen for them must not fire in. As a .wav, since `mambalite detect`
says whether it does.

  python3 scripts/train/sounds_alone.py [--minutes 30] [--seed 1] [--data DIR]

Writes build/train/kws/sounds-SEED.wav.
"""

import interpreter  # noqa: F401  before torch

import argparse
from pathlib import Path

import soundfile
import torch

import kws
import training
from project import BUILD, DATA
from sounds import RATE_HZ, Endless

SPLIT = "validation"
MINUTE = 60 * RATE_HZ


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA / "kws")
    parser.add_argument("--minutes", type=int, default=30, help="default: 30")
    parser.add_argument("--seed", type=int, default=1, help="default: 1")
    arguments = parser.parse_args()

    training.prepare(threads=1)
    torch.manual_seed(arguments.seed)
    clips, _ = kws.load_clips(arguments.data, SPLIT)
    sound = Endless(kws.load_noise(arguments.data, SPLIT), clips, streams=1)
    path = BUILD / "kws" / f"sounds-{arguments.seed}.wav"
    with soundfile.SoundFile(path, "w", RATE_HZ, channels=1, subtype="PCM_16") as file:
        for _ in range(arguments.minutes):
            file.write(sound.take(MINUTE)[0].numpy())
    print(path)


if __name__ == "__main__":
    main()
