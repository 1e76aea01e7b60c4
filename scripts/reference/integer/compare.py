"""Compares what the core made of one input, op by op, with what the reference makes of it, bit for bit."""

from pathlib import Path
from typing import Dict, List, Mapping

import numpy as np

from .blob import read_blob
from .network import Blob, Evaluated, Traces, check, evaluate
from .ops import is_known, name_of

_VALUE = "value."


def read_traces(path: Path) -> Traces:
    """From arrays `value.N`, in an .npz or as files .npy of a folder."""
    if path.is_dir():
        arrays = {file.stem: np.load(file) for file in path.glob(f"{_VALUE}*.npy")}
    else:
        arrays = dict(np.load(path))
    return {int(name[len(_VALUE) :]): array for name, array in arrays.items() if name.startswith(_VALUE)}


def compare(job: Mapping[str, object]) -> Dict[str, object]:
    """job: paths of a `model`, an `input` and its `traces`, and `saturations`. What differs, and the kinds of the ops
    that were compared. An op reads what ops before it made here, so behind a difference there may be more."""
    blob, items, traces = read_blob(job["model"]), np.load(job["input"]), read_traces(Path(job["traces"]))
    check(blob, traces)
    evaluated = evaluate(blob, items, traces)
    differences = _differences(blob, evaluated, traces)
    lost = int(evaluated.saturations.sum())
    if lost != job["saturations"]:
        differences.append(f"{job['saturations']} saturations, not {lost}")
    kinds = sorted({name_of(op) for op in blob["ops"] if is_known(op)})
    return {"differences": differences, "kinds": kinds}


def _differences(blob: Blob, evaluated: Evaluated, traces: Traces) -> List[str]:
    found = []
    for number, (op, value) in enumerate(zip(blob["ops"], evaluated.values[1:]), 1):
        if not is_known(op):
            continue
        difference = "not traced" if number not in traces else _difference(traces[number], value.rows)
        if difference:
            found.append(f"{op['name']} ({name_of(op)}): {difference}")
    return found


def _difference(got: np.ndarray, expected: np.ndarray) -> str:
    """Of floats the bits count, of integers the numbers."""
    if got.shape != expected.shape:
        return f"{list(got.shape)}, not {list(expected.shape)}"
    if expected.dtype == np.float32:
        if got.dtype != np.float32:
            return f"{got.dtype}, not float32"
        unlike = np.ascontiguousarray(got).view(np.uint32) != np.ascontiguousarray(expected).view(np.uint32)
    else:
        unlike = got != expected
    if not unlike.any():
        return ""
    first = tuple(int(i) for i in np.argwhere(unlike)[0])
    count = f"{int(unlike.sum())} of {unlike.size} elements"
    return f"{count}, the first at {list(first)}: {got[first]}, not {expected[first]}"
