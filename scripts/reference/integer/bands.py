"""Convolutions and pools over time and bands: rows are [bands][channels], a window is laid out tap of time by tap of
time, band by band. What is absent is 0 to a convolution, and left out of a pool."""

from typing import NamedTuple, Tuple

import numpy as np

from .arithmetic import I16_MIN, half, i32, matmul, sat16, within
from .blob import I16
from .layers import MOST_REQUANTISING_SHIFT, Layer, requantised
from .value import Op, Value, between, optional_vector, require, tensor

HALF, BYTE = 1 << 16, 1 << 8
DENSE, DEPTHWISE = 0, 1
QUAD = 4


class Axis(NamedTuple):
    """Output i covers i stride - before + j dilation, 0 <= j < taps."""

    taps: int
    stride: int
    dilation: int
    before: int

    def places(self, outputs: int, inputs: int) -> Tuple[np.ndarray, np.ndarray]:
        """[outputs, taps]: where each tap is, and whether something is there."""
        at = np.arange(outputs)[:, None] * self.stride + np.arange(self.taps) * self.dilation - self.before
        return at.clip(0, inputs - 1), (at >= 0) & (at < inputs)


def _bands(op: Op, index: int) -> Tuple[int, int, Axis]:
    """Bands of the input and of the output, and their windows."""
    counts, window = (attribute & 0xFFFFFFFF for attribute in op["attributes"][index : index + 2])
    parts = [window // BYTE**i % BYTE for i in range(4)]
    return counts % HALF, counts // HALF, Axis(*parts)


def _windows(x: Value, time: Axis, after: int, bands: int, out: int, axis: Axis, absent: int) -> np.ndarray:
    """-> [items, rows, output bands, taps of time, taps of bands, channels]"""
    require(x.type == I16, "an input that is not of 16 bits")
    items, rows, width = x.rows.shape
    span = (time.taps - 1) * time.dilation + 1
    made = max(0, (rows + time.before + after - span) // time.stride + 1)
    grid = x.rows.reshape(items, rows, bands, width // bands)
    (t, is_row), (b, is_band) = time.places(made, rows), axis.places(out, bands)
    found = grid[:, t[:, None, :, None], b[None, :, None, :]]
    there = is_row[:, None, :, None] & is_band[None, :, None, :]
    return np.where(there[None, ..., None], found, absent)


def conv2d(op: Op, x: Value) -> np.ndarray:
    taps, stride, dilation, before, after, packed = op["attributes"][:6]
    shift, groups = divmod(packed & 0xFFFFFFFF, 1 << 24)
    within(shift, 0, MOST_REQUANTISING_SHIFT, "shift")
    bands, out, axis = _bands(op, 6)
    windows = _windows(x, Axis(taps, stride, dilation, before), after, bands, out, axis, 0)
    if op["variant"] == DEPTHWISE:
        made = _depthwise(op, windows, groups, shift)
    else:
        made = _dense(op, windows, groups, shift, op["width"] // out // groups)
    return made.reshape(*made.shape[:2], -1)


def _dense(op: Op, windows: np.ndarray, groups: int, shift: int, outputs: int) -> np.ndarray:
    layer = Layer(op, 0)
    rows = outputs if groups == 1 else -(-outputs // QUAD) * QUAD
    each = windows.shape[-1] // groups
    made = []
    for group in range(groups):
        taken = slice(group * rows, group * rows + outputs)
        inputs = windows[..., group * each : (group + 1) * each].reshape(*windows.shape[:3], -1)
        sums = i32(matmul(inputs, layer.weight[taken]) + layer.bias[taken], "sum of a convolution")
        made.append(requantised(sums, layer.multiplier[taken], shift))
    return np.concatenate(made, -1)


def _depthwise(op: Op, windows: np.ndarray, channels: int, shift: int) -> np.ndarray:
    weight = tensor(op, 0)
    require(weight.shape == (channels, windows[0, 0, 0, ..., 0].size), "other taps than the windows have")
    bias, multiplier = optional_vector(op, 1, channels), within(tensor(op, 2), 1, 32767, "multiplier")
    within(32768 * np.abs(weight).sum(1) + np.abs(bias), 0, (1 << 31) - 1, "sum of a convolution")
    taps = windows.reshape(*windows.shape[:3], -1, channels)
    return requantised(i32((taps * weight.T).sum(-2) + bias, "sum of a convolution"), multiplier, shift)


AVERAGE, MAX = 0, 1
MOST_UP, MOST_COUNTED = 15, 65535
SHARE_DIGITS = 31


def pool2d(op: Op, x: Value) -> np.ndarray:
    taps, stride, before, after, counts_absent = op["attributes"][:5]
    bands, out, axis = _bands(op, 5)
    within(taps * axis.taps, 1, MOST_COUNTED, "elements of a window")
    time = Axis(taps, stride, 1, before)
    is_max = op["variant"] == MAX
    windows = _windows(x, time, after, bands, out, axis, I16_MIN if is_max else 0)
    if is_max:
        made = windows.max((3, 4))
    else:
        sums = i32(windows.sum((3, 4)), "sum of a pool")
        there = _windows(x._replace(rows=np.ones_like(x.rows[:1])), time, after, bands, out, axis, 0)
        counted = np.int64(taps * axis.taps) if counts_absent else there[..., :1].sum((3, 4))
        share = ((1 << SHARE_DIGITS) + counted // 2) // counted
        digits = SHARE_DIGITS - between(op, 7, 0, MOST_UP)
        made = sat16((sums * share + half(digits)) >> digits)
    return made.reshape(*made.shape[:2], -1)


BANDS = {105: conv2d, 106: pool2d}
