"""Runs an integer network over items of one length, bit for bit as the core does.

Usage: python3 scripts/reference/integer/run.py MODEL.mlm INPUT.npy OUT.npz [--values] [--float TRACES]
       python3 scripts/reference/integer/run.py --batch JOBS.json

INPUT is float32 [items, frames, width], int32 [items, tokens] or int16 [items, samples]; every item starts from an
empty state. OUT has each output by its name, float32 [items, (rows,) width], and `saturations` [items], with which
an output of that name would clash. With --values also `value.N`, what op N - 1 made, in its own number type. A line
with the name of each array, the CRC-32 of its bytes and the sum of its elements is written to the standard output.

Ops of floats are refused. With --float what they make is read from TRACES, `value.N` as --values writes them, in an
.npz or as files .npy of a folder; every integer op around them is run.

--batch compares what the core made with what comes out here: JOBS.json is a list of objects with `model`, `input`
and `traces` (paths; one item) and `saturations`; for each an object with `differences`, sentences, `kinds`, of the
ops that were compared, is written to the standard output, as a list.
"""

import argparse
import json
import sys
import zlib
from pathlib import Path
from typing import Dict, List, Mapping

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.dont_write_bytecode = True

from integer.blob import I16, I32, BlobError, read_blob  # noqa: E402
from integer.compare import compare, read_traces  # noqa: E402
from integer.network import Blob, Evaluated, Traces, check, evaluate, outputs_of  # noqa: E402

FAILURES = (BlobError, ValueError, ArithmeticError, OSError)
ITEMS_AT_ONCE = 64
"""That values of a whole batch do not have to be in memory together."""
NO_TRACES: Traces = {}
STORED_TYPES = {I16: np.int16, I32: np.int32}


def arrays_of(blob: Blob, evaluated: Evaluated, has_values: bool) -> Dict[str, np.ndarray]:
    arrays = {**outputs_of(blob, evaluated), "saturations": evaluated.saturations}
    if has_values:
        for n, value in enumerate(evaluated.values[1:], 1):
            arrays[f"value.{n}"] = value.rows.astype(STORED_TYPES.get(value.type, np.float32))
    return arrays


def run(blob: Blob, items: np.ndarray, has_values: bool = False, traces: Traces = NO_TRACES) -> Dict[str, np.ndarray]:
    check(blob, traces)
    parts: List[Dict[str, np.ndarray]] = []
    for first in range(0, max(1, len(items)), ITEMS_AT_ONCE):
        some = slice(first, first + ITEMS_AT_ONCE)
        given = {value: rows[some] for value, rows in traces.items()}
        parts.append(arrays_of(blob, evaluate(blob, items[some], given), has_values))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def compared(job: Mapping[str, object]) -> Dict[str, object]:
    """What goes wrong with one job must not hide the others."""
    try:
        return compare(job)
    except FAILURES as error:
        return {"differences": [str(error)], "kinds": []}


def main() -> int:
    parser = argparse.ArgumentParser(description="An integer network in numpy, bit for bit.")
    parser.add_argument("files", type=Path, nargs="*", metavar="FILE", help="MODEL.mlm INPUT.npy OUT.npz")
    parser.add_argument("--values", action="store_true", help="what every op makes, too")
    parser.add_argument("--float", type=Path, metavar="TRACES", help="what ops of floats make")
    parser.add_argument("--batch", type=Path, metavar="JOBS.json", help="what to compare")
    arguments = parser.parse_args()
    if arguments.batch is not None:
        json.dump([compared(job) for job in json.loads(arguments.batch.read_text())], sys.stdout)
        return 0
    if len(arguments.files) != 3:
        parser.error("MODEL.mlm INPUT.npy OUT.npz expected, or --batch JOBS.json")
    model, items, out = arguments.files
    try:
        traces = NO_TRACES if arguments.float is None else read_traces(arguments.float)
        arrays = run(read_blob(model), np.load(items), arguments.values, traces)
    except FAILURES as error:
        print(f"{model}: {error}", file=sys.stderr)
        return 1
    np.savez(out, **arrays)
    for name, array in arrays.items():
        print(f"{name} {zlib.crc32(np.ascontiguousarray(array)):08x} {array.sum()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
