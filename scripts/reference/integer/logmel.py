"""The log-mel front end on samples of 16 bits, the affine map behind it included, for a batch of items.

Written from the definition at the top of csrc/kernels/logmel_int.c. Complex numbers are arrays [2, ...], all windows
of all items are transformed at once.
"""

from typing import Tuple

import numpy as np

from .arithmetic import bits, i16, i32, mulw, sat16, within
from .blob import I16
from .value import Op, Value, between, require, tensor, u64

LEAST_FFT, MOST_FFT = 8, 4096
POWER_SHIFT = 12
LOG2 = [14481, -23236, 13619, -6343, 1479]
MOST_SHIFT = 15


def logmel(op: Op, samples: Value) -> np.ndarray:
    """samples: [items, count] -> [items, rows, bands]"""
    require(samples.type == I16, "samples of 16 bits expected")
    window, hop, fft = (between(op, i, 1, MOST_FFT) for i in range(3))
    require(LEAST_FFT <= fft and fft & (fft - 1) == 0, f"a transform of {fft}")
    require(hop <= window <= fft, "hop <= window <= fft does not hold")
    floor = u64(op, 4)
    require(0 < floor < 1 << 63, f"a floor of {floor}")
    shift = between(op, 6, 0, MOST_SHIFT)
    weights, turns, ranges, filters, multiplier, offset = (tensor(op, i) for i in range(6))

    rows = np.lib.stride_tricks.sliding_window_view(i16(samples.rows, "samples"), window, axis=-1)[..., ::hop, :]
    table = Turns(turns, fft)
    power = _power(_transform(rows * weights, fft, table), table)
    energy = np.maximum(_bands(power, ranges.reshape(-1, 2), filters), np.uint64(floor))
    return sat16(i32(mulw(_log2(energy), multiplier) + offset, "output") >> shift)


class Turns:
    """T_k of the definition; from n on they are the first half's, negated."""

    def __init__(self, table: np.ndarray, fft: int):
        within(table, -32767, 32767, "turns")
        half = table.reshape(fft // 2, 2).T
        self.all = np.concatenate([half, -half], 1)

    def turn(self, a: np.ndarray, k: np.ndarray) -> np.ndarray:
        """a [2, ..., len(k)] turned by T_k, halved."""
        c, s = self.all[:, k]
        turned = np.stack([mulw(a[0], c) - mulw(a[1], s), mulw(a[1], c) + mulw(a[0], s)])
        return np.where(k == 0, a >> 1, turned)


def _times_i(a: np.ndarray) -> np.ndarray:
    return np.stack([-a[1], a[0]])


def _combined(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> Tuple[np.ndarray, ...]:
    s0, s1, u0, u1 = a + b, a - b, c + d, c - d
    return s0 + u0, s1 - _times_i(u1), s0 - u0, s1 + _times_i(u1)


def _transform(weighted: np.ndarray, fft: int, table: Turns) -> np.ndarray:
    """[..., window] products of samples and window -> z [2, ..., n]"""
    n = fft // 2
    radix_4_stages = (n.bit_length() - 1) // 2
    shifted = np.zeros(weighted.shape[:-1] + (fft,), np.int64)
    shifted[..., : weighted.shape[-1]] = i32(weighted, "window") >> (radix_4_stages + 2)
    z = np.moveaxis(shifted.reshape(shifted.shape[:-1] + (n, 2)), -1, 0)

    a, c, b, d = np.split(z, 4, -1)  # z_i, z_(i + n/4), z_(i + n/2), z_(i + 3n/4)
    blocks = np.stack(_combined(a, b, c, d), -1)[..., _reversed_order(n // 4), :]
    h = 4
    while 4 * h <= n:
        parts = blocks.reshape(z.shape[:-1] + (-1, 4, h))
        j = np.arange(h) * (n // (2 * h))
        a, b, c, d = (parts[..., place, :] for place in range(4))
        combined = _combined(a >> 1, table.turn(b, 2 * j), table.turn(c, j), table.turn(d, 3 * j))
        blocks = i32(np.stack(combined, -2), "transform")
        h *= 4
    z = blocks.reshape(z.shape)
    if h == n:
        return z
    a, b = z[..., :h] >> 1, table.turn(z[..., h:], 2 * np.arange(h))
    return i32(np.concatenate([a + b, a - b], -1), "transform")


def _reversed_order(count: int) -> np.ndarray:
    """Of each place, the index whose bits, reversed, are the place."""
    width = count.bit_length() - 1
    return np.array([int(f"{place:0{width}b}"[::-1], 2) if width else 0 for place in range(count)])


def _power(z: np.ndarray, table: Turns) -> np.ndarray:
    """z [2, ..., n] -> V [..., n + 1]"""
    n = z.shape[-1]
    power = np.empty(z.shape[1:-1] + (n + 1,), np.int64)
    k = np.arange(1, n // 2)
    p, q = z[..., k], z[..., n - k]
    even = i32(np.stack([p[0] + q[0], p[1] - q[1]]), "power") >> 1
    odd = table.turn(np.stack([p[1] + q[1], q[0] - p[0]]), k)
    power[..., k] = _squared(even + odd)
    power[..., n - k] = _squared(even - odd)
    power[..., n // 2] = _squared(z[..., n // 2])
    re, im = z[..., 0]
    power[..., 0] = _squared(np.stack([re + im, 0 * re]))
    power[..., n] = _squared(np.stack([re - im, 0 * re]))
    return power


def _squared(a: np.ndarray) -> np.ndarray:
    re, im = i32(a, "power")
    return (re * re + im * im) >> POWER_SHIFT


def _bands(power: np.ndarray, ranges: np.ndarray, filters: np.ndarray) -> np.ndarray:
    """Sums in 64 bits without a sign; they wrap."""
    within(filters, 0, 32767, "filters")
    energies, used = [], 0
    for first, count in ranges:
        products = power[..., first : first + count].astype(np.uint64) * filters[used : used + count].astype(np.uint64)
        energies.append(products.sum(-1, dtype=np.uint64))
        used += count
    return np.stack(energies, -1)


def _log2(energy: np.ndarray) -> np.ndarray:
    """Of uint64 that are not 0, in Q16."""
    length = bits((energy >> np.uint64(1)).astype(np.int64)) + 1
    mantissa = (energy << (64 - length).astype(np.uint64)) >> np.uint64(48)
    m = mantissa.astype(np.int64) - (1 << 15)
    r = np.full_like(m, LOG2[4])
    for coefficient in LOG2[3::-1]:
        r = coefficient + i16(_q15(r * m), "log2")
    return ((length - 1) << 16) + 2 * (m + _q15(m * r))


def _q15(v: np.ndarray) -> np.ndarray:
    return (v + (1 << 14)) >> 15
