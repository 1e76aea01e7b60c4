"""Ops with weights: linear, norm, causal_conv, gate, embedding; and activation."""

from typing import Tuple

import numpy as np

from .arithmetic import bits, half, i32, isqrt, matmul, mulw, narrow, rsh, sat16, sat32, shift, within
from .blob import I16, I32
from .functions import RELU, Refused, activate, silu
from .value import Op, Value, between, optional_vector, require, require_input_type, require_integer, tensor, u64

MOST_REQUANTISING_SHIFT = 15
MOST_PLAIN_SHIFT = 30  # of a convolution without multipliers
LEAST_WIDE_SHIFT, MOST_WIDE_SHIFT = -16, 30


class Layer:
    """Weight i8 [outputs][inputs], bias i32 and multiplier i16 from an op's tensors `first`, ..."""

    def __init__(self, op: Op, first: int, is_wide: bool = False):
        self.weight = tensor(op, first)
        self.bias = optional_vector(op, first + 1, len(self.weight))
        self.multiplier = within(tensor(op, first + 2), 1, 32767, "multiplier")
        # No sum over 16-bit inputs leaves 32 bits; of wide inputs the bias comes behind it.
        most = 32768 * np.abs(self.weight).sum(1) + (0 if is_wide else np.abs(self.bias))
        within(most, 0, (1 << 31) - 1, "sum of a linear layer")

    def sums(self, x: np.ndarray) -> np.ndarray:
        return i32(matmul(x, self.weight), "sum of a linear layer")


def requantised(acc: np.ndarray, multiplier: np.ndarray, s: int) -> np.ndarray:
    """A sum as 16 bits."""
    within(s, 0, MOST_REQUANTISING_SHIFT, "shift")
    return sat16(i32(mulw(acc, multiplier) + half(s), "requantised") >> s)


def linear_i16(layer: Layer, x: np.ndarray, s: int) -> np.ndarray:
    """16 bits to 16 bits."""
    return requantised(i32(layer.sums(x) + layer.bias, "sum of a linear layer"), layer.multiplier, s)


def linear(op: Op, x: Value) -> np.ndarray:
    require_integer(x)
    require_input_type(op, 1, x)
    layer, is_wide = Layer(op, 0, x.is_wide), op["type"] == I32
    if x.is_wide:
        s = between(op, 0, LEAST_WIDE_SHIFT, MOST_WIDE_SHIFT)
        q, k = narrow(x.rows)
        sums = shift(mulw(layer.sums(q), layer.multiplier), s - k) + layer.bias
        return sat32(sums) if is_wide else sat16(sums)
    if not is_wide:
        return linear_i16(layer, x.rows, between(op, 0, 0, MOST_REQUANTISING_SHIFT))
    s = between(op, 0, LEAST_WIDE_SHIFT, MOST_WIDE_SHIFT)
    return shift(mulw(i32(layer.sums(x.rows) + layer.bias, "sum of a linear layer"), layer.multiplier), s)


# ---- norm ----------------------------------------------------------------------------------------------------

RMS, LAYER = 0, 1
LAYER_EXTRA_BITS = 8
"""That a 16-bit row gets before its mean is taken off."""
MOST_NORM_SHIFT = 30
MOST_NORM_BIAS = 1 << 29
MOST_EPSILON = (1 << 62) - 1


def norm(op: Op, x: Value) -> np.ndarray:
    require_integer(x)
    require_input_type(op, 3, x)
    gain, bias = tensor(op, 0), within(optional_vector(op, 1, op["width"]), -MOST_NORM_BIAS, MOST_NORM_BIAS, "bias")
    s, epsilon = between(op, 0, 0, MOST_NORM_SHIFT), u64(op, 1)
    require(epsilon <= MOST_EPSILON, "epsilon leaves 62 bits")
    q, k = _centred(x) if op["variant"] == LAYER else _as_it_is(x)
    sums = i32(mulw(_normalised(q, k, epsilon), gain) + bias + half(s), "norm")
    return sat16(sums >> s)


def _as_it_is(x: Value) -> Tuple[np.ndarray, np.ndarray]:
    """Mantissas and shift of rows."""
    return narrow(x.rows) if x.is_wide else (x.rows, np.zeros_like(x.rows[..., :1]))


def _centred(x: Value) -> Tuple[np.ndarray, np.ndarray]:
    wide = x.rows if x.is_wide else x.rows << LAYER_EXTRA_BITS
    n = wide.shape[-1]
    mean = (2 * wide.sum(-1, keepdims=True) + n) // (2 * n)
    return narrow(sat32(wide - mean))


def _normalised(x: np.ndarray, k: np.ndarray, epsilon: int) -> np.ndarray:
    """x / sqrt(sum of x^2 + epsilon) in Q30."""
    ss = (x * x).sum(-1, keepdims=True) + np.maximum(np.int64(epsilon) >> (2 * k), 1)
    j = (bits(ss) - 31) >> 1
    m = within(_shifted(ss, 2 * j), 1 << 30, (1 << 32) - 1, "norm")
    r = np.minimum((1 << 31) // isqrt(m), 65535)
    return i32(_shifted(i32(x * r, "norm"), j + 1), "norm")


def _shifted(x: np.ndarray, s: np.ndarray) -> np.ndarray:
    """Right, floor; left where s is negative."""
    return np.where(s >= 0, x >> np.maximum(s, 0), x << np.maximum(-s, 0))


# ---- others --------------------------------------------------------------------------------------------------

THEN_SILU = 1


def causal_conv(op: Op, x: Value) -> np.ndarray:
    """Depthwise; before the first row there are zeros."""
    require(x.type == I16, "an input that is not of 16 bits")
    taps, ahead, activation, s, exponent = op["attributes"][:5]
    weight, multiplier = tensor(op, 0), op["tensors"][2]
    bias = optional_vector(op, 1, len(weight))
    require(ahead == 0 and weight.shape[1] == taps, "a causal_conv that looks ahead, or has other taps")
    rounding = half(within(s, 0, MOST_PLAIN_SHIFT, "shift")) if multiplier is None else 0
    within(32768 * np.abs(weight).sum(1) + np.abs(bias) + rounding, 0, (1 << 31) - 1, "sum of a convolution")
    items, rows, width = x.rows.shape
    padded = np.concatenate([np.zeros((items, taps - 1, width), np.int64), x.rows], 1)
    acc = bias + sum(padded[:, k : k + rows] * weight[:, k] for k in range(taps))
    acc = i32(acc, "sum of a convolution")
    v = sat16(rsh(acc, s)) if multiplier is None else requantised(acc, within(multiplier, 1, 32767, "multiplier"), s)
    if activation == THEN_SILU:
        return silu(v, exponent, op["exponent"])
    require(exponent == op["exponent"], "a convolution that changes its exponent")
    return v


def activation(op: Op, x: Value) -> np.ndarray:
    require_integer(x)
    require_input_type(op, 1, x)
    exponent = op["attributes"][0]
    require(exponent == x.exponent, "an activation of another exponent than its input's")
    if not x.is_wide:
        return activate(op["variant"], x.rows, exponent, op["exponent"])
    if op["variant"] != RELU:
        raise Refused(f"activation {op['variant']} has no form for 32 bits")
    return shift(np.maximum(x.rows, 0), exponent - op["exponent"])


MOST_GATE_SHIFT = 46


def gate(op: Op, y: Value, u: Value) -> np.ndarray:
    """y act(W u + b)."""
    require(y.type == I32 and u.type == I16, "a gate of other types than i32 and i16")
    z_shift, z_exponent, g_exponent = op["attributes"][:3]
    s = between(op, 3, 0, MOST_GATE_SHIFT)
    z = linear_i16(Layer(op, 0), u.rows, z_shift)
    g = activate(op["variant"], z, z_exponent, g_exponent)
    return sat32(rsh(y.rows * g, s))


def embedding(op: Op, tokens: Value) -> np.ndarray:
    """[items, tokens] to rows of the table."""
    table = tensor(op, 0)
    return table[within(tokens.rows, 0, len(table) - 1, "token")]


LAYERS = {33: linear, 34: embedding, 37: activation, 39: norm, 43: causal_conv, 60: gate}
