"""Ops that move rows, change their number type, reduce a sequence to one row, or join two values element by
element."""

from typing import Tuple

import numpy as np

from .arithmetic import I16_MAX, I16_MIN, I32_MAX, I32_MIN, rsh, sat16, sat32, shift
from .blob import F32, I16, I32
from .functions import Refused
from .value import Op, Value, between, require, require_input_type, require_integer, tensor

# ---- moves: any number type, all inputs with the output's exponent ---------------------------------------------


def concat(op: Op, *values: Value) -> np.ndarray:
    """A vector is beside every row of a sequence."""
    longest = max((value.rows for value in values), key=lambda rows: rows.ndim)
    columns = [np.broadcast_to(_as_rows(value, longest), (*longest.shape[:-1], value.rows.shape[-1]))
               for value in values]
    return np.concatenate(columns, -1)


def _as_rows(value: Value, other: np.ndarray) -> np.ndarray:
    """A vector [items, width] as [items, 1, width] where `other` is a sequence."""
    return value.rows[:, None] if value.rows.ndim < other.ndim else value.rows


def slice_channels(op: Op, x: Value) -> np.ndarray:
    first = op["attributes"][0]
    return x.rows[..., first : first + op["width"]]


BY_TIME, BY_CHANNEL = 0, 1


def unfold(op: Op, x: Value) -> np.ndarray:
    window, hop = op["attributes"][:2]
    rows = x.rows.shape[1]
    require(rows >= window, f"{rows} rows, at least {window} are needed")
    windows = [x.rows[:, first : first + window] for first in range(0, rows - window + 1, hop)]
    if op["variant"] == BY_CHANNEL:
        windows = [patch.swapaxes(1, 2) for patch in windows]
    return np.stack([patch.reshape(len(patch), -1) for patch in windows], 1)


def upsample(op: Op, x: Value) -> np.ndarray:
    return np.repeat(x.rows, op["attributes"][0], 1)


def align(op: Op, x: Value, pace: Value) -> np.ndarray:
    """Holds rows back: of a whole sequence there is nothing to see of it."""
    return x.rows


def reverse(op: Op, x: Value) -> np.ndarray:
    return x.rows[:, ::-1]


def transpose(op: Op, x: Value) -> np.ndarray:
    return x.rows.swapaxes(1, 2)


def flatten(op: Op, x: Value) -> np.ndarray:
    return x.rows.reshape(len(x.rows), -1)


# ---- pools ---------------------------------------------------------------------------------------------------

MEAN, LAST, MAX, FIRST, SUM, ROW, MIN = range(7)
"""Variants of both kinds of pools."""
MOVING_POOLS = {LAST: lambda rows, index: rows[:, -1], FIRST: lambda rows, index: rows[:, 0],
                ROW: lambda rows, index: rows[:, index]}
POOL_INDEX, POOL_UP, POOL_INPUT_TYPE = range(3)
"""Attributes."""
MOST_UP, MOST_DOWN = 16, 31


def pool(op: Op, x: Value) -> np.ndarray:
    require_integer(x)
    require_input_type(op, POOL_INPUT_TYPE, x)
    variant = op["variant"]
    if variant in MOVING_POOLS:
        return moving_pool(op, x)
    if variant == MAX:
        return x.rows.max(1)
    if variant == MIN:
        return x.rows.min(1)
    if variant == MEAN:
        return mean(x.rows, between(op, POOL_UP, 0, MOST_UP))
    if variant == SUM:
        return total(x.rows, between(op, POOL_UP, -MOST_DOWN, MOST_UP))
    raise Refused(f"pool {variant} has no form for integers")


def moving_pool(op: Op, x: Value) -> np.ndarray:
    """One of the rows as it is, of any number type."""
    return MOVING_POOLS[op["variant"]](x.rows, op["attributes"][POOL_INDEX])


def mean(rows: np.ndarray, up: int) -> np.ndarray:
    """floor((sum 2^(up + 1) + n) / 2n): the mean, half up, with `up` more bits behind the point. What of the sum
    is a multiple of n is divided first: with its further bits a sum could leave 64."""
    n, sums = rows.shape[1], rows.sum(1)
    whole, rest = sums // n, sums % n
    return sat32((whole << up) + ((rest << (up + 1)) + n) // (2 * n))


def total(rows: np.ndarray, up: int) -> np.ndarray:
    """The sum with `up` more bits behind the point, or fewer."""
    sums = rows.sum(1)
    return sat32(sat32(sums) << up) if up >= 0 else sat32(rsh(sums, -up))


# ---- element by element ----------------------------------------------------------------------------------------

ADD, SUBTRACT, MULTIPLY, DIVIDE, MAXIMUM, MINIMUM = range(6)
MOST_PRODUCT_SHIFT = 62


def arithmetic(op: Op, a: Value, b: Value) -> np.ndarray:
    require(a.type == I32 and b.type == I32, "arithmetic of other types than i32")
    x, y = _as_rows(a, b.rows), _as_rows(b, a.rows)
    if op["variant"] == MULTIPLY:
        return sat32(rsh(x * y, between(op, 2, 0, MOST_PRODUCT_SHIFT)))
    if op["variant"] == DIVIDE:
        raise Refused("divide has no form for integers")
    x, y = shift(x, between(op, 0, -31, 31)), shift(y, between(op, 1, -31, 31))
    functions = {ADD: np.add, SUBTRACT: np.subtract, MAXIMUM: np.maximum, MINIMUM: np.minimum}
    return sat32(functions[op["variant"]](x, y))


# ---- number types ----------------------------------------------------------------------------------------------


def quantize(op: Op, x: Value) -> Tuple[np.ndarray, np.ndarray]:
    """Rows, and of each item how many floats were beyond them."""
    require_input_type(op, 1, x)
    if x.type == F32:
        return quantized(x.rows, op["exponent"], op["type"]), _far(x.rows, op["exponent"], op["type"])
    saturated = sat16 if op["type"] == I16 else sat32
    return saturated(shift(x.rows, between(op, 0, -31, 31))), np.zeros(len(x.rows), np.int64)


def _far(x: np.ndarray, exponent: int, number_type: int) -> np.ndarray:
    units = np.abs(x.astype(np.float64)) * 2.0**exponent
    return (~(units < 2.0 ** (15 if number_type == I16 else 31))).reshape(len(x), -1).sum(1)


def quantized(x: np.ndarray, exponent: int, number_type: int) -> np.ndarray:
    """floor(x 2^exponent + 1/2), each step in f32 as its rounding is seen; NaN is 0."""
    least, most = (I16_MIN, I16_MAX) if number_type == I16 else (I32_MIN, I32_MAX)
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        v = x.astype(np.float32) * np.float32(2.0**exponent)
        q = np.floor(v + np.float32(0.5)).astype(np.float64)
    return np.clip(np.where(np.isnan(q), 0.0, q), least, most).astype(np.int64)


def dequantize(op: Op, x: Value) -> np.ndarray:
    require_integer(x)
    require_input_type(op, 1, x)
    exponent = op["attributes"][0]
    require(exponent == x.exponent, "a dequantize of another exponent than its input's")
    return x.rows.astype(np.float32) * np.float32(2.0**-exponent)


def affine(op: Op, x: Value) -> np.ndarray:
    """In floats, as it stands before what makes integers of frames: a product and a sum, each rounded."""
    require(x.type == F32, "an affine of integers")
    return x.rows * tensor(op, 0).astype(np.float32) + tensor(op, 1).astype(np.float32)


MOVES = {9: concat, 10: slice_channels, 14: unfold, 15: upsample, 18: align, 19: reverse, 20: transpose,
         24: flatten}
ROWS = {4: affine, 38: arithmetic, 54: pool, 30: dequantize}
