"""Elementary functions in integers: 2^-f, log1p, softplus, sigmoid, SiLU, and an activation by its number."""

import math

import numpy as np

from .arithmetic import i32, mulw, rsh, sat16, shift, within

# 2^-f = 1 + f q(f) for f in [0, 1): q is the quadratic that fits (2^-x - 1) / x with least squares at the 400
# Chebyshev points (cos(pi (i + 1/2) / 400) + 1) / 2. Its coefficients, -0.69290982, 0.23583674 and -0.04314857,
# are rounded at 2^31, 2^32 and 2^17, so that a shift right by 16 behind each step leaves the scale of the next.
# 2^15 is added where such a shift follows, and 2^14 to 32767 2^15, so that dA = 2^-f >> 15 never is 1.
EC2 = -5656
EK1 = 1012943840
EK0 = -1487979748
ET = 1073725440

# log1p(t) = t (1 + t l(t)): l is the cubic that fits (log1p(x) / x - 1) / x at the same points, rounded at 2^15.
LOG1P = (-16374, 10571, -6108, 1863)
LOG1P_ONE = 32767

SIGMOID_STEPS = 16
"""Entries of the table for each unit of x."""
SIGMOID_LAST = 255
SIGMOID = np.array([min(32767, math.floor(32768 / (1 + math.exp(-i / SIGMOID_STEPS)) + 0.5)) for i in range(257)])
"""Q15. No entry is closer to a tie than 8e-4, so every libm gives the same."""
SIGMOID_STEP_BITS = 4
LEAST_EXPONENT, MOST_EXPONENT = 4, 15
"""Of what the sigmoid's table is looked up for."""

SOFTPLUS_BITS = 11
"""Exponent of softplus's argument."""
LOG2_E_Q15 = 47274
"""log2(e) 2^15: Q11 becomes Q26."""

SILU, RELU, SIGMOID_OF, TANH = 0, 1, 4, 5
"""Numbers of activations (mlm_activation); the others have no form for integers."""


class Refused(ValueError):
    """What an integer network cannot have, by its name."""


def exp2m(f: np.ndarray) -> np.ndarray:
    """2^-f, f in Q15 and below 1, in Q30."""
    f = within(f, 0, 0x7FFF, "exp2m")
    t = i32(EK1 + i32(EC2 * f, "exp2m"), "exp2m")
    t = i32(EK0 + (t >> 16) * f, "exp2m")
    return within(ET + (t >> 16) * f, 0, (1 << 30) - 1, "exp2m")


def log1p_over(t: np.ndarray) -> np.ndarray:
    """log1p(t) / t, both in Q15."""
    r = LOG1P[3]
    for c in (LOG1P[2], LOG1P[1], LOG1P[0], LOG1P_ONE):
        r = c + (i32(r * t + 0x4000, "log1p") >> 15)
    return np.minimum(r, LOG1P_ONE)


def softplus(v: np.ndarray, exponent: int, most: int) -> np.ndarray:
    """log(1 + e^v) = max(v, 0) + log1p(e^-|v|) of a 16-bit v in Q11, cut off at `most`; 11 <= exponent <= 30."""
    within(exponent, SOFTPLUS_BITS, 30, "exponent of softplus")
    v = np.minimum(v, most)
    p = within(np.abs(v) * LOG2_E_Q15, 0, (1 << 32) - 1, "softplus")
    n = p >> 26
    power = exp2m((p >> 11) & 0x7FFF)
    e = (power >> (30 - exponent)) >> n
    t = (power >> 15) >> n
    above = np.maximum(v, 0) << (exponent - SOFTPLUS_BITS)
    return within(above + 2 * mulw(e, log1p_over(t)), 0, (1 << 31) - 1, "softplus")


def sigmoid_q15(x: np.ndarray, exponent: int) -> np.ndarray:
    """Q15 of a 16-bit x: a table in steps of 1/16, in between straight lines; from 16 on its last entry but one."""
    within(exponent, LEAST_EXPONENT, MOST_EXPONENT, "exponent of a sigmoid's argument")
    a, step = np.abs(x), exponent - SIGMOID_STEP_BITS
    i, f = a >> step, a & ((1 << step) - 1)
    f = np.where(i > SIGMOID_LAST, 0, f)
    i = np.minimum(i, SIGMOID_LAST)
    s = SIGMOID[i] + (((SIGMOID[i + 1] - SIGMOID[i]) * f) >> step)
    return np.where(x < 0, 32768 - s, s)


def silu(x: np.ndarray, exponent: int, to: int) -> np.ndarray:
    s = within(15 + exponent - to, 0, 30, "shift of silu")
    return sat16(rsh(i32(x * sigmoid_q15(x, exponent), "silu"), s))


def activate(activation: int, x: np.ndarray, exponent: int, to: int) -> np.ndarray:
    """16 bits to 16 bits."""
    if activation == SILU:
        return silu(x, exponent, to)
    if activation == RELU:
        return sat16(shift(np.maximum(x, 0), exponent - to))
    if activation not in (SIGMOID_OF, TANH):
        raise Refused(f"activation {activation} has no form for integers")
    down = within(15 - to, 0, 31, "shift of an activation")
    if activation == SIGMOID_OF:
        return sat16(rsh(sigmoid_q15(x, exponent), down))
    # tanh(x) = 2 sigmoid(2 x) - 1: 2 x is x with one bit less behind the point.
    return sat16(rsh(2 * sigmoid_q15(x, exponent - 1) - 32768, down))
