"""Writes test/golden/exported_two_outputs: a small network as mambalite_torch exports it, and an input in its own shape.

    python3 scripts/golden/exported_fixture.py test/golden/exported_two_outputs
"""

import pathlib
import sys

import numpy as np
import torch
from torch import nn

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "torch"))
from mambalite_torch import Mamba, export  # noqa: E402

CHANNELS, WIDTH, CLASSES, ROWS = 3, 8, 4, 20


class TwoOutputs(nn.Module):
    """[batch, channels, time] in; a class for the whole, and two channels for every step."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv1d(CHANNELS, WIDTH, 3, padding=1)
        self.norm, self.mamba = nn.LayerNorm(WIDTH), Mamba(WIDTH, d_state=4)
        self.classes, self.steps = nn.Linear(WIDTH, CLASSES), nn.Conv1d(WIDTH, 2, 1)

    def forward(self, x):
        x = torch.relu(self.stem(x)).transpose(1, 2)
        x = x + self.mamba(self.norm(x))
        return {"class": self.classes(x.mean(1)), "steps": self.steps(x.transpose(1, 2))}


def main(directory):
    torch.manual_seed(20)
    model, x = TwoOutputs().eval(), torch.randn(2, CHANNELS, ROWS)
    target = pathlib.Path(directory)
    target.mkdir(parents=True, exist_ok=True)
    labels = ["none", "one", "two", "three"]
    export(model, x[:1], str(target / "model.safetensors"), labels=labels)
    with torch.no_grad():
        outputs = model.double()(x.double())
    np.save(target / "input.npy", x.numpy())
    for name, value in outputs.items():
        np.save(target / f"{name}.npy", value.numpy())


if __name__ == "__main__":
    main(sys.argv[1])
