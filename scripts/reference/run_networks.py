"""Evaluates all networks of a folder in one process, as importing PyTorch takes longer than most of them.

Usage: python3 scripts/reference/run_networks.py FOLDER

Beside every NAME.json (form: network_reference.py) it writes NAME.expected.safetensors with, in float64, each
output by its name, and `error.NAME`: how far float32 PyTorch is from it, as a part of its largest element: what
rounding alone makes of the question, whoever answers it.
"""

import argparse
import sys
from pathlib import Path
from typing import Dict

import numpy as np
import torch

from network_reference import evaluate, outputs_of, read_network
from safetensors_file import encode_safetensors


def results_of(path: Path) -> Dict[str, np.ndarray]:
    network, arrays = read_network(path)
    exact = outputs_of(network, evaluate(network, arrays))
    rounded = outputs_of(network, evaluate(network, arrays, torch.float32))
    errors = {f"error.{name}": relative_error(rounded[name], exact[name]) for name in exact}
    return {**{name: np.ascontiguousarray(value) for name, value in exact.items()}, **errors}


def relative_error(got: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """[1]: of the largest expected element."""
    largest = max(float(np.abs(expected).max()), np.finfo(np.float32).tiny)
    return np.array([float(np.abs(got - expected).max()) / largest])


def main() -> int:
    parser = argparse.ArgumentParser(description="Outputs of the networks of a folder, by PyTorch.")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    torch.set_num_threads(1)
    paths = sorted(folder.glob("*.json"))
    with torch.no_grad():
        for path in paths:
            content = encode_safetensors(results_of(path))
            path.with_suffix(".expected.safetensors").write_bytes(content)
    print(f"{len(paths)} networks")
    return 0


if __name__ == "__main__":
    sys.exit(main())
