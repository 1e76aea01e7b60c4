"""The selective scan in integers: dt from its low rank, then the recurrence, row by row, for all items, channels
and states at once."""

from typing import Tuple

import numpy as np

from .arithmetic import I32_MAX, I32_MIN, bits, i16, i32, mulw, rsh, sat16, sat32, shift
from .blob import I16
from .functions import exp2m, softplus
from .layers import Layer, linear_i16
from .value import Op, Value, optional_vector, require, tensor

DT_WEIGHT, A, D = 0, 3, 4
STATE_I32, STATE_I16 = 0, 1
STATE_DROPPED_BITS = 16
"""Of h, where the state has 16 bits."""
LARGEST_DECAY = 16
"""Halvings behind which nothing is left of dA's 15 bits."""


def selective_scan(op: Op, u: Value, x_dbl: Value) -> Tuple[np.ndarray, np.ndarray]:
    """Rows, and of each item how many values of the state were cut off. x_dbl: dt's low rank, B0 C0 B1 C1 ..."""
    require(u.type == I16 and x_dbl.type == I16, "a scan of other types than i16")
    states, rank, dt_shift, dt_exponent, dt_most, a_shift, b_shift, d_shift = op["attributes"]
    low, b, c = x_dbl.rows[..., :rank], x_dbl.rows[..., rank::2], x_dbl.rows[..., rank + 1 :: 2]
    require(b.shape[-1] == states and c.shape[-1] == states, "x_dbl is not as wide as rank and states say")
    dt = softplus(linear_i16(Layer(op, DT_WEIGHT), low, dt_shift), dt_exponent, dt_most)
    dt, dropped = _mantissa(dt)
    drive, b_shift = _drive(dt, u.rows, b_shift - dropped)
    direct = shift(i32(u.rows * optional_vector(op, D, op["width"]), "scan"), d_shift)
    return _recurrence(op["variant"], tensor(op, A), np.clip(a_shift - dropped, 0, 31), b_shift,
                       dt, drive, direct, b, c)


def _mantissa(x: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """The upper 15 bits, floor, and how many bits were dropped for them."""
    dropped = np.maximum(0, bits(np.abs(x)) - 15)
    return i16(x >> dropped, "mantissa"), dropped


def _drive(dt: np.ndarray, u: np.ndarray, b_shift: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """dt u in 16 bits, and by how much its product with B is shifted right."""
    drive, dropped = _mantissa(i32(dt * u, "scan"))
    b_shift = b_shift - dropped
    drive = np.where(b_shift < 0, sat16(drive << np.clip(-b_shift, 0, 15)), drive)
    return drive, np.clip(b_shift, 0, 31)


def decay(p: np.ndarray) -> np.ndarray:
    """2^-p in Q15, p in Q15."""
    return exp2m(p & 0x7FFF) >> (15 + np.minimum(p >> 15, LARGEST_DECAY))


def cut_off(h: np.ndarray) -> np.ndarray:
    """What of a state, before it saturates, is beyond its range."""
    return (h < I32_MIN) | (h > I32_MAX)


def _recurrence(variant, a, a_shift, b_shift, dt, drive, direct, b, c) -> Tuple[np.ndarray, np.ndarray]:
    """a [channels][states], b, c [items, rows, states]; the rest [items, rows, channels]."""
    items, rows, channels = dt.shape
    h = np.zeros((items, channels, a.shape[1]), np.int64)
    y, saturations = np.empty_like(direct), np.zeros(items, np.int64)
    for t in range(rows):
        p = i32(dt[:, t, :, None] * a, "scan") >> a_shift[:, t, :, None]
        kept = i32(2 * mulw(h, decay(p)), "scan")
        h = kept + ((drive[:, t, :, None] * b[:, t, None]) >> b_shift[:, t, :, None])
        saturations += cut_off(h).sum((1, 2))
        h = sat32(h)
        if variant == STATE_I16:
            h = sat16(rsh(h, STATE_DROPPED_BITS)) << STATE_DROPPED_BITS
        y[:, t] = sat32(direct[:, t] + mulw(h, c[:, t, None]).sum(-1))
    return y, saturations
