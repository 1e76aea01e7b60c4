"""Integer layers of the reference: as the contract reads, element by element, and close to real numbers."""

import math
import unittest

import integer_exact  # noqa: F401  the path of the reference
import numpy as np
from integer_exact import I16, I32, clip, exact_rsh, exact_shift, exact_silu, op, random_i32

from integer import arithmetic, functions, layers
from integer.arithmetic import Overflow
from integer.value import Malformed, Value


class Linear(unittest.TestCase):
    def setUp(self):
        g = np.random.default_rng(2)
        self.weight = g.integers(-127, 128, (6, 10))
        self.bias = g.integers(-100000, 100000, 6)
        self.multiplier = g.integers(64, 32768, 6)
        self.x16 = g.integers(-32768, 32768, (2, 5, 10))
        self.x32 = random_i32(g, (2, 5, 10))

    def run_linear(self, rows_in, in_type, out_type, s, bias=True):
        tensors = [self.weight, self.bias if bias else None, self.multiplier]
        return layers.linear(op(type=out_type, attributes=[s, in_type], tensors=tensors), Value(rows_in, in_type))

    def exact(self, row, in_type, out_type, s, bias=True):
        width, out = (16 if out_type == I16 else 32), []
        k = max(0, max(abs(int(e)) for e in row).bit_length() - 15) if in_type == I32 else 0
        q = [min(32767, exact_rsh(int(e), k)) for e in row]
        for weights, b, m in zip(self.weight.tolist(), self.bias.tolist(), self.multiplier.tolist()):
            b = b if bias else 0
            acc = sum(w * e for w, e in zip(weights, q))
            if in_type == I32:
                out.append(clip(exact_shift(acc * m >> 16, s - k) + b, width))
            else:
                out.append(clip(exact_shift((acc + b) * m >> 16, s), width))
        return out

    def test_each_pair_of_types_as_the_contract_reads(self):
        for in_type, rows_in in ((I16, self.x16), (I32, self.x32)):
            for out_type in (I16, I32):
                for s in (0, 3, 15) if (in_type, out_type) == (I16, I16) else (-16, -3, 0, 7, 30):
                    for bias in (True, False):
                        got = self.run_linear(rows_in, in_type, out_type, s, bias)
                        for item, row in np.ndindex(2, 5):
                            expected = self.exact(rows_in[item, row], in_type, out_type, s, bias)
                            self.assertEqual(got[item, row].tolist(), expected, (in_type, out_type, s))

    def test_extremes_with_the_largest_shift_of_a_block(self):
        row = np.full((1, 1, 10), -(1 << 31))
        got = self.run_linear(row, I32, I32, -16)[0, 0].tolist()
        self.assertEqual(got, self.exact(row[0, 0], I32, I32, -16))

    def test_a_sum_that_could_overflow_is_raised(self):
        self.weight = np.full((6, 10), 127)
        self.bias = np.full(6, (1 << 31) - 32768 * 1270)
        self.assertRaises(Overflow, self.run_linear, self.x16 * 0, I16, I16, 0)

    def test_a_vector_is_a_row(self):
        got = self.run_linear(self.x16[:, 0], I16, I16, 3)
        self.assertEqual(got.tolist(), self.run_linear(self.x16, I16, I16, 3)[:, 0].tolist())


class Norm(unittest.TestCase):
    WIDTH, EXPONENT, TO, GAIN_EXPONENT, EPSILON = 64, 16, 11, 12, 1e-5

    def setUp(self):
        g = np.random.default_rng(3)
        self.gain, self.bias = g.uniform(0.2, 1, self.WIDTH), g.uniform(-1, 1, self.WIDTH)
        self.x = g.standard_normal((40, self.WIDTH)) * 10.0 ** g.integers(-3, 4, (40, 1))

    def norm_op(self, variant, exponent, type=I32):
        """Gain and epsilon as of a sum of squares, not of a mean."""
        gain = np.round(self.gain * math.sqrt(self.WIDTH) * 2.0**self.GAIN_EXPONENT).astype(int)
        s = 30 + self.GAIN_EXPONENT - 16 - self.TO
        epsilon = max(1, round(self.WIDTH * self.EPSILON * 4.0**exponent))
        bias = np.round(self.bias * 2.0 ** (self.TO + s)).astype(int) if variant == layers.LAYER else None
        return op(variant, width=self.WIDTH, exponent=self.TO, tensors=[gain, bias],
                  attributes=[s, self.word(epsilon), self.word(epsilon >> 32), type])

    def word(self, x):
        return x & 0xFFFFFFFF

    def exact(self, variant, x):
        """Rows, and what each is scaled by."""
        centred = x - x.mean(-1, keepdims=True) if variant == layers.LAYER else x
        scale = 1 / np.sqrt((centred**2).mean(-1, keepdims=True) + self.EPSILON)
        return centred * scale * self.gain + (self.bias if variant == layers.LAYER else 0), scale

    def check(self, variant, exponent, type):
        q = np.round(self.x * 2.0**exponent).astype(np.int64)
        q = arithmetic.sat32(q) if type == I32 else arithmetic.sat16(q)
        inner = exponent + 8 if (variant, type) == (layers.LAYER, I16) else exponent
        got = layers.norm(self.norm_op(variant, inner, type), Value(q, type, exponent)) / 2.0**self.TO
        # Half a step, 15 bits each of mantissa, root and gain, and half a step of the mean that is taken off.
        expected, scale = self.exact(variant, q / 2.0**exponent)
        of_mean = scale * 2.0 ** -(inner + 1) if variant == layers.LAYER else 0
        bound = 2.0 ** -(self.TO + 1) + 3 * 2.0**-15 * np.abs(expected).max(-1, keepdims=True) + of_mean
        self.assertLess((np.abs(got - expected) / bound).max(), 1, (variant, type))

    def test_rms_of_both_types(self):
        self.check(layers.RMS, self.EXPONENT, I32)
        self.x = np.clip(self.x, -7, 7)
        self.check(layers.RMS, 12, I16)

    def test_layer_of_both_types(self):
        self.check(layers.LAYER, self.EXPONENT, I32)
        self.x = np.clip(self.x, -7, 7)
        self.check(layers.LAYER, 12, I16)

    def test_zeros_and_equal_elements(self):
        for variant, row in ((layers.RMS, 0), (layers.LAYER, 0), (layers.LAYER, 32767), (layers.LAYER, -32768)):
            for type in (I16, I32):
                norm_op = self.norm_op(variant, 16, type)
                norm_op["attributes"][1:3] = [0, 0]
                got = layers.norm(norm_op, Value(np.full((1, self.WIDTH), row), type))
                expected = self.bias * 2.0**self.TO if variant == layers.LAYER else 0
                self.assertLessEqual(np.abs(got - expected).max(), 0.51)

    def test_extremes_and_epsilons_stay_in_32_bits(self):
        """One element of a row alone is the largest that a normed element can be."""
        for value in (1, -1, 32767, -32768, (1 << 31) - 1, -(1 << 31)):
            for epsilon in (0, 1, 1 << 40, (1 << 62) - 1):
                for variant in (layers.RMS, layers.LAYER):
                    norm_op = self.norm_op(variant, 16)
                    norm_op["attributes"][1:3] = [self.word(epsilon), epsilon >> 32]
                    row = np.zeros((1, self.WIDTH), np.int64)
                    row[0, 3] = value
                    layers.norm(norm_op, Value(row, I32))

    def test_one_over_a_root_stays_in_16_bits(self):
        """A power of two alone, whose root is the least: 2^31 / 2^15 is a step too large."""
        normed = layers._normalised(np.array([[16384, 0]]), np.zeros((1, 1), np.int64), 0)
        self.assertEqual(normed.tolist(), [[16384 * 65535, 0]])

    def test_epsilon_beyond_62_bits(self):
        norm_op = self.norm_op(layers.RMS, 16)
        norm_op["attributes"][2] = 1 << 30
        self.assertRaises(Malformed, layers.norm, norm_op, Value(np.ones((1, self.WIDTH), np.int64), I32))


class ConvolutionAndGate(unittest.TestCase):
    def test_causal_conv_as_the_contract_reads(self):
        g = np.random.default_rng(4)
        weight, bias = g.integers(-8000, 8000, (3, 4)), g.integers(-9999, 9999, 3)
        multiplier, x = g.integers(64, 32768, 3), g.integers(-32768, 32768, (1, 7, 3))
        for activation in (0, 1):
            conv = op(width=3, exponent=12, attributes=[4, 0, activation, 14, 12], tensors=[weight, bias, multiplier])
            got = layers.causal_conv(conv, Value(x, I16))
            for t, c in np.ndindex(7, 3):
                taps = [int(x[0, t - 3 + k, c]) if t - 3 + k >= 0 else 0 for k in range(4)]
                acc = int(bias[c]) + sum(int(w) * e for w, e in zip(weight[c], taps))
                v = clip(exact_rsh(acc * int(multiplier[c]) >> 16, 14), 16)
                self.assertEqual(int(got[0, t, c]), exact_silu(v, 12, 12) if activation else v)

    def test_gate_saturates(self):
        y, u = np.array([[[(1 << 31) - 1, -(1 << 31)]]]), np.array([[[32767, 32767]]])
        weight, multiplier = np.full((2, 2), 127), np.full(2, 32767)
        for s in (0, 15, 46):
            gate = op(functions.RELU, I32, 2, attributes=[0, 12, 12, s], tensors=[weight, None, multiplier])
            got = layers.gate(gate, Value(y, I32), Value(u, I16))
            self.assertEqual(got[0, 0].tolist(), [clip(exact_rsh(int(e) * 32767, s), 32) for e in y[0, 0]])


if __name__ == "__main__":
    unittest.main()
