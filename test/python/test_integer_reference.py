"""The integer reference's arithmetic and functions against Python's own integers, and float64 within what
quantisation costs."""

import math
import unittest

import integer_exact  # noqa: F401  the path of the reference
import numpy as np
from integer_exact import ALL_I16, EDGES_I32, clip, exact_shift, exact_silu, exact_softplus

from integer import arithmetic, functions
from integer.arithmetic import Overflow
from integer.functions import Refused

SIGMOID_ERROR = 9.3e-5
"""Straight lines over 1/16 (4.7e-5), the table's rounding (1.5e-5), a floor (3.1e-5)."""


class Arithmetic(unittest.TestCase):
    def test_shift_of_extremes_by_all_shifts(self):
        for s in range(-31, 48):
            expected = [exact_shift(int(x), s) for x in EDGES_I32]
            self.assertEqual(arithmetic.shift(EDGES_I32, s).tolist(), expected, s)

    def test_a_shift_to_the_left_beyond_31_saturates_all_but_zero(self):
        for s in (-32, -33, -100):
            expected = [exact_shift(int(x), s) for x in EDGES_I32]
            self.assertEqual(arithmetic.shift(EDGES_I32, s).tolist(), expected)

    def test_mulw_is_a_floor(self):
        for b in (-32768, -1, 0, 1, 32767):
            expected = [int(x) * b // 65536 for x in EDGES_I32]
            self.assertEqual(arithmetic.mulw(EDGES_I32, b).tolist(), expected)

    def test_numbers_out_of_range_are_raised(self):
        for bad in (lambda: arithmetic.mulw(1 << 31, 1), lambda: arithmetic.mulw(1, 32768),
                    lambda: arithmetic.shift(np.array([-(1 << 31) - 1]), 0)):
            self.assertRaises(Overflow, bad)

    def test_bits_at_every_power_of_two(self):
        for n in range(63):
            for u in (1 << n, (1 << n) - 1, (1 << n) + 1):
                self.assertEqual(int(arithmetic.bits(u)), u.bit_length(), u)

    def test_narrow_as_the_contract_reads(self):
        for x in EDGES_I32:
            row = [int(x), 5, -7]
            k = max(0, max(abs(e) for e in row).bit_length() - 15)
            q = [min(32767, ((e >> (k - 1)) + 1) >> 1 if k else e) for e in row]
            got, shifts = arithmetic.narrow(np.array([row]))
            self.assertEqual((got[0].tolist(), int(shifts[0, 0])), (q, k), x)
            self.assertTrue(all(-32768 <= e <= 32767 for e in q))

    def test_narrow_of_zeros(self):
        q, k = arithmetic.narrow(np.zeros((2, 3), np.int64))
        self.assertFalse(q.any() or k.any())

    def test_isqrt_is_exact(self):
        roots = np.unique(np.random.default_rng(1).integers(1, 65536, 20000))
        for m in (roots**2, roots**2 - 1, roots**2 + 1, np.array([0, 1, 2, 3, (1 << 32) - 1])):
            self.assertEqual(arithmetic.isqrt(m).tolist(), [math.isqrt(int(e)) for e in m])


class Functions(unittest.TestCase):
    def test_exp2m(self):
        f = np.arange(1 << 15)
        error = functions.exp2m(f) / 2.0**30 - 2.0 ** (-f / 2.0**15)
        self.assertLess(np.abs(error).max(), 2.6e-4)
        near_one = np.abs(error[:328])  # a decay that is slow must be close: it is applied often
        self.assertLess(near_one.max(), 5e-5)

    def test_log1p(self):
        t = np.arange(1, 1 << 15)
        x = t / 2.0**15
        self.assertLess(np.abs(functions.log1p_over(t) / 2.0**15 - np.log1p(x) / x).max(), 3e-4)

    def test_softplus_over_all_arguments(self):
        """What its two polynomials cost, and a step of its format."""
        for exponent, most in ((11, 32767), (20, 32767), (27, 32550), (30, 3796)):
            v = ALL_I16[ALL_I16 <= most]
            error = functions.softplus(v, exponent, most) / 2.0**exponent - np.logaddexp(0, v / 2.0**11)
            self.assertLess(np.abs(error).max(), 4e-4 + 3 * 2.0**-exponent, exponent)

    def test_softplus_as_the_contract_reads(self):
        for exponent, most in ((11, 32767), (27, 32550), (30, 3796)):
            expected = [exact_softplus(v, exponent, most) for v in range(-32768, 32768, 31)]
            self.assertEqual(functions.softplus(ALL_I16, exponent, most)[::31].tolist(), expected)

    def test_softplus_is_never_negative_and_is_cut_off(self):
        for exponent, most in ((11, 32767), (27, 32550), (30, 3796), (27, -5)):
            dt = functions.softplus(ALL_I16, exponent, most)
            self.assertGreaterEqual(dt.min(), 0)
            self.assertEqual(len(np.unique(dt[ALL_I16 >= most])), 1)

    def test_softplus_that_overflows_is_raised(self):
        self.assertRaises(Overflow, functions.softplus, ALL_I16, 30, 32767)

    def test_silu_and_sigmoid_over_all_arguments(self):
        for exponent in range(4, 16):
            x = ALL_I16 / 2.0**exponent
            sigmoid = np.exp(-np.logaddexp(0, -x))
            error = functions.sigmoid_q15(ALL_I16, exponent) / 2.0**15 - sigmoid
            self.assertLess(np.abs(error).max(), SIGMOID_ERROR, exponent)
            to = min(exponent, 14)
            silu = functions.silu(ALL_I16, exponent, to) / 2.0**to
            bound = 0.51 * 2.0**-to + SIGMOID_ERROR * np.abs(x)
            self.assertTrue((np.abs(silu - np.minimum(x * sigmoid, 32767 / 2.0**to)) <= bound).all(), exponent)

    def test_silu_as_the_contract_reads(self):
        for exponent, to in ((4, 4), (4, 15), (11, 12), (15, 15), (15, 2)):
            for x in (-32768, -32767, -4096, -256, -255, -1, 0, 1, 255, 256, 4095, 4096, 32767):
                self.assertEqual(int(functions.silu(np.array(x), exponent, to)), exact_silu(x, exponent, to))

    def test_tanh_and_relu(self):
        for exponent in range(5, 16):
            x = ALL_I16 / 2.0**exponent
            tanh = functions.activate(functions.TANH, ALL_I16, exponent, 15) / 2.0**15
            self.assertLess(np.abs(tanh - np.tanh(x)).max(), 2e-4, exponent)
        for exponent, to in ((10, 12), (10, 4), (15, -16)):
            relu = functions.activate(functions.RELU, ALL_I16, exponent, to)
            expected = [clip(exact_shift(max(int(x), 0), exponent - to), 16) for x in ALL_I16[::77]]
            self.assertEqual(relu[::77].tolist(), expected)

    def test_gelu_has_no_integers(self):
        self.assertRaises(Refused, functions.activate, 2, ALL_I16, 10, 10)


if __name__ == "__main__":
    unittest.main()
