"""A value of an integer network for a batch of items, and readers of an op's fields that several ops share."""

from typing import Mapping, NamedTuple, Optional

import numpy as np

from .blob import I16, I32

Op = Mapping[str, object]
"""As blob.py reads it."""


class Value(NamedTuple):
    rows: np.ndarray
    """[items, rows, width] of a sequence, [items, width] of a vector; int64, or float32."""
    type: int
    exponent: int = 0
    """An integer q is q 2^-exponent."""

    @property
    def is_wide(self) -> bool:
        return self.type == I32


class Malformed(ValueError):
    """An op whose record contradicts the contract."""


def require(holds: bool, what: str) -> None:
    if not holds:
        raise Malformed(what)


def require_integer(value: Value) -> None:
    require(value.type in (I16, I32), "an input that is no integer")


def require_input_type(op: Op, index: int, value: Value) -> None:
    """An attribute tells the core, which does not see it otherwise, what type its input has."""
    attribute = op["attributes"][index]
    require(attribute == value.type, f"an input of type {value.type}, attribute {index} says {attribute}")


def between(op: Op, index: int, least: int, most: int) -> int:
    """An attribute that is a signed number from `least` to `most`."""
    attribute = op["attributes"][index]
    require(least <= attribute <= most, f"attribute {index} is {attribute}, not within {least} .. {most}")
    return attribute


def u64(op: Op, low: int) -> int:
    """Of two attributes, low word first."""
    words = [attribute & 0xFFFFFFFF for attribute in op["attributes"][low : low + 2]]
    return words[0] | words[1] << 32


def tensor(op: Op, index: int) -> np.ndarray:
    found = op["tensors"][index]
    require(found is not None, f"tensor {index} is missing")
    return found


def optional_vector(op: Op, index: int, rows: int) -> np.ndarray:
    """Zeros where there is none."""
    found: Optional[np.ndarray] = op["tensors"][index]
    return np.zeros(rows, np.int64) if found is None else found
