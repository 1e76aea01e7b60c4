"""What integer ops are made of: products, shifts, saturation, block exponents, integer square roots.

All functions take int64 arrays (or ints) and return int64. Where the contract says that 32 bits are enough,
`i32` proves it of the numbers at hand.
"""

from typing import Tuple, Union

import numpy as np

Ints = Union[int, np.ndarray]

I16_MIN, I16_MAX = -(1 << 15), (1 << 15) - 1
I32_MIN, I32_MAX = -(1 << 31), (1 << 31) - 1
MOST_SHIFT = 31


class Overflow(ArithmeticError):
    """A number left a range that the contract says it cannot leave."""


def within(x: Ints, least: int, most: int, what: str) -> Ints:
    low, high = int(np.min(x, initial=most)), int(np.max(x, initial=least))
    if low < least or high > most:
        raise Overflow(f"{what}: {low} .. {high} is not within {least} .. {most}")
    return x


def i32(x: Ints, what: str) -> Ints:
    return within(x, I32_MIN, I32_MAX, what)


def i16(x: Ints, what: str) -> Ints:
    return within(x, I16_MIN, I16_MAX, what)


def mulw(a: Ints, b: Ints) -> Ints:
    """The top of a 32-bit by a 16-bit number, floor: SMULWB."""
    return (i32(a, "mulw") * i16(b, "mulw")) >> 16


def half(s: Ints) -> Ints:
    """What rounds a shift right by `s` half up."""
    return (1 << np.asarray(s, np.int64)) >> 1


def rsh(x: Ints, s: Ints) -> Ints:
    return (x + half(s)) >> s


def sat16(x: Ints) -> Ints:
    return np.clip(x, I16_MIN, I16_MAX)


def sat32(x: Ints) -> Ints:
    return np.clip(x, I32_MIN, I32_MAX)


def shift(x: Ints, s: Ints) -> Ints:
    """x 2^-s of a 32-bit x: right rounded half up, left saturating. Beyond 31 to the left changes nothing
    any more: every x but 0 is cut off at 31 already."""
    x, s = np.asarray(i32(x, "shift"), np.int64), np.asarray(s, np.int64)
    right = np.where(s > MOST_SHIFT, 0, rsh(x, np.clip(s, 0, MOST_SHIFT)))
    return np.where(s >= 0, right, sat32(x << np.clip(-s, 0, MOST_SHIFT)))


def bits(u: Ints) -> np.ndarray:
    """Bit length of 0 <= u < 2^63."""
    u = np.asarray(u, np.int64)
    length = np.frexp(u.astype(np.float64))[1].astype(np.int64)
    # As a double, a number just below a power of two may have been rounded up to it.
    rounded_up = (length > 0) & (u >> np.maximum(length - 1, 0) == 0)
    return length - rounded_up


def narrow(row: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """32-bit rows as 16-bit mantissas and a shift a row, which keeps its axis: row is about q 2^k."""
    top = np.abs(i32(row, "narrow")).max(-1, keepdims=True)
    k = np.maximum(0, bits(top) - 15)
    return np.minimum(I16_MAX, rsh(row, k)), k


def isqrt(m: Ints) -> np.ndarray:
    """Floor of the root of 0 <= m < 2^32: the root of a double is so exact that its floor is right."""
    m = np.asarray(within(m, 0, (1 << 32) - 1, "isqrt"), np.int64)
    root = np.floor(np.sqrt(m.astype(np.float64))).astype(np.int64)
    if np.any(root * root > m) or np.any((root + 1) * (root + 1) <= m):
        raise Overflow("isqrt: a root is wrong")
    return root


def matmul(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Sums of x [.., inputs] with weight [outputs][inputs]. By doubles, which are exact here: 16-bit numbers
    by 8-bit ones, and fewer than 2^30 of them."""
    return (x.astype(np.float64) @ weight.T.astype(np.float64)).astype(np.int64)
