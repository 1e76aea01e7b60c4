"""Evaluates an integer network for a batch of items of one length: every value, and what its states lost.

What ops of floats compute is not evaluated here, but may be given, so that everything around them is.
"""

from typing import Dict, List, Mapping, NamedTuple, Tuple, Union

import numpy as np

from .arithmetic import Overflow, i16, i32
from .blob import F32, FRAMES, I16, I32, SAMPLES, SAMPLES16
from .functions import Refused
from .ops import INTEGER, NAMES, SATURATING, is_known, moves, name_of
from .value import Malformed, Op, Value, require

Blob = Mapping[str, object]
Traces = Mapping[int, np.ndarray]
"""By its number, a value that the core made: [items, rows, width], or [items, width] of a vector."""


class Evaluated(NamedTuple):
    values: List[Value]
    """The network's input first, then the output of each op."""
    saturations: np.ndarray
    """Of each item, as mlm_session_saturations counts them."""


def check(blob: Blob, traces: Traces) -> None:
    """Refuses a network with ops of floats whose values are not given, all of them by name."""
    unknown = [f"{op['name']} ({name_of(op)})" for value, op in enumerate(blob["ops"], 1)
               if not is_known(op) and value not in traces]
    if unknown:
        raise Refused(f"not of integers, or without an integer form here: {', '.join(unknown)}")


def evaluate(blob: Blob, items: np.ndarray, traces: Traces) -> Evaluated:
    """items: float32 [items, frames, width], tokens [items, count] or samples [items, count], int16, or float32
    where a front end of floats reads them."""
    values = [_input(blob["header"], items)]
    saturations = np.zeros(len(items), np.int64)
    for number, op in enumerate(blob["ops"], 1):
        if not is_known(op):
            values.append(_given(op, traces[number]))
            continue
        inputs = [values[value] for value in op["inputs"]]
        try:
            rows, lost = _run(op, inputs)
            values.append(_value(op, rows, inputs))
            saturations += lost
        except (Refused, Malformed, Overflow) as error:
            raise type(error)(f"{op['name']} ({name_of(op)}): {error}") from error
    return Evaluated(values, saturations)


def _given(op: Op, rows: np.ndarray) -> Value:
    require(op["type"] == F32, f"{op['name']}: integers that no op here makes")
    return Value(rows.astype(np.float32), F32)


def _run(op: Op, inputs: List[Value]) -> Tuple[np.ndarray, Union[int, np.ndarray]]:
    """Rows, and how many values of the state were cut off."""
    if op["kind"] in SATURATING:
        return SATURATING[op["kind"]](op, *inputs)
    return INTEGER[op["kind"]](op, *inputs), 0


def _input(header: Mapping[str, int], items: np.ndarray) -> Value:
    kind = header["input_kind"]
    if kind == FRAMES:
        require(items.ndim == 3 and items.shape[2] == header["input_width"],
                f"frames [items, frames, {header['input_width']}] expected, not {list(items.shape)}")
        return Value(items.astype(np.float32), F32)
    if kind == SAMPLES:
        require(items.ndim == 2 and items.dtype.kind == "f", "floats [items, count] expected")
        return Value(items[..., None].astype(np.float32), F32)
    require(items.ndim == 2 and items.dtype.kind == "i", "integers [items, count] expected")
    return Value(items.astype(np.int64), I16 if kind == SAMPLES16 else I32)


def _value(op: Op, rows: np.ndarray, inputs: List[Value]) -> Value:
    """`rows` as the op's record says they are."""
    require(rows.shape[-1] == op["width"], f"rows of {rows.shape[-1]}, the record says {op['width']}")
    if moves(op):
        moved = inputs[:1] if NAMES[op["kind"]] == "align" else inputs
        same = all((value.type, value.exponent) == (op["type"], op["exponent"]) for value in moved)
        require(same, "an input of another number type or exponent than the output's")
    if op["type"] == F32:
        require(op["exponent"] == 0 and rows.dtype == np.float32, "floats expected")
    else:
        (i16 if op["type"] == I16 else i32)(rows, "output")
    return Value(rows, op["type"], op["exponent"])


def outputs_of(blob: Blob, evaluated: Evaluated) -> Dict[str, np.ndarray]:
    return {output["name"]: evaluated.values[output["value"]].rows for output in blob["outputs"]}
