"""What the tests of the integer reference share: its path, ops without a blob, and the contract's functions read
out one element at a time in Python's own integers."""

import math
import os
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "scripts", "reference"))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

F32, I16, I32 = 0, 2, 3
ALL_I16 = np.arange(-32768, 32768)
EDGES_I32 = np.array([-(1 << 31), -(1 << 31) + 1, -65536, -65535, -32769, -32768, -1, 0, 1, 2, 32767, 32768, 65535,
                      (1 << 31) - 1])


def random_i32(generator, shape):
    """Of all sizes, not mostly large ones."""
    return generator.integers(-(1 << 31), 1 << 31, shape) >> generator.integers(0, 32, shape)


def op(variant=0, type=I16, width=None, exponent=0, attributes=(), tensors=()):
    return {"kind": 0, "variant": variant, "type": type, "name": "op", "width": width, "exponent": exponent,
            "attributes": list(attributes) + [0] * (8 - len(attributes)),
            "tensors": list(tensors) + [None] * (8 - len(tensors))}


def clip(x, bits):
    return max(-(1 << (bits - 1)), min((1 << (bits - 1)) - 1, x))


def exact_rsh(x, s):
    """Half up, as a fraction's floor."""
    return x if s == 0 else (x + (1 << (s - 1))) // (1 << s)


def exact_shift(x, s):
    return clip(x << -s, 32) if s < 0 else exact_rsh(x, s)


def exact_silu(x, exponent, to):
    a, step = abs(x), exponent - 4
    i, f = a >> step, a & ((1 << step) - 1)
    if i > 255:
        i, f = 255, 0
    table = [min(32767, math.floor(32768 / (1 + math.exp(-n / 16)) + 0.5)) for n in (i, i + 1)]
    s = table[0] + (((table[1] - table[0]) * f) >> step)
    return clip(exact_rsh(x * (32768 - s if x < 0 else s), 15 + exponent - to), 16)


def exact_exp2m(f):
    t = 1012943840 - 5656 * f
    t = -1487979748 + (t >> 16) * f
    return 1073725440 + (t >> 16) * f


def exact_softplus(v, exponent, most):
    v = min(v, most)
    p = abs(v) * 47274
    n, power, r = p >> 26, exact_exp2m((p >> 11) & 0x7FFF), 1863
    e, t = (power >> (30 - exponent)) >> n, (power >> 15) >> n
    for c in (-6108, 10571, -16374, 32767):
        r = c + ((r * t + 0x4000) >> 15)
    return (max(v, 0) << (exponent - 11)) + 2 * (e * min(r, 32767) >> 16)
