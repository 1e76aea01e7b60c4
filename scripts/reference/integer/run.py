"""Runs an integer network over items of one length, bit for bit as the core does.

Usage: python3 scripts/reference/integer/run.py MODEL.mlm INPUT.npy OUT.npz [--values]

INPUT is float32 [items, frames, width], int32 [items, tokens] or int16 [items, samples]; every item starts from an
empty state. OUT has each output by its name, float32 [items, (rows,) width], and `saturations` [items], with which
an output of that name would clash. With --values also `value.N`, what op N - 1 made, in its own number type.
"""

import argparse
import sys
from pathlib import Path
from typing import Dict, List

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.dont_write_bytecode = True

from integer.blob import I16, I32, BlobError, read_blob  # noqa: E402
from integer.network import Blob, Evaluated, check, evaluate, outputs_of  # noqa: E402

ITEMS_AT_ONCE = 64
"""That values of a whole batch do not have to be in memory together."""
STORED_TYPES = {I16: np.int16, I32: np.int32}


def arrays_of(blob: Blob, evaluated: Evaluated, has_values: bool) -> Dict[str, np.ndarray]:
    arrays = {**outputs_of(blob, evaluated), "saturations": evaluated.saturations}
    if has_values:
        for n, value in enumerate(evaluated.values[1:], 1):
            arrays[f"value.{n}"] = value.rows.astype(STORED_TYPES.get(value.type, np.float32))
    return arrays


def run(blob: Blob, items: np.ndarray, has_values: bool = False) -> Dict[str, np.ndarray]:
    check(blob)
    parts: List[Dict[str, np.ndarray]] = [
        arrays_of(blob, evaluate(blob, items[first : first + ITEMS_AT_ONCE]), has_values)
        for first in range(0, max(1, len(items)), ITEMS_AT_ONCE)
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def main() -> int:
    parser = argparse.ArgumentParser(description="An integer network in numpy, bit for bit.")
    parser.add_argument("model", type=Path)
    parser.add_argument("input", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--values", action="store_true", help="what every op makes, too")
    arguments = parser.parse_args()
    try:
        arrays = run(read_blob(arguments.model), np.load(arguments.input), arguments.values)
    except (BlobError, ValueError, ArithmeticError, OSError) as error:
        print(f"{arguments.model}: {error}", file=sys.stderr)
        return 1
    np.savez(arguments.out, **arrays)
    return 0


if __name__ == "__main__":
    sys.exit(main())
