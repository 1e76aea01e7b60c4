"""The reference's integer scan: as the contract reads, one state at a time, and close to real numbers."""

import unittest

import integer_exact  # noqa: F401  the path of the reference
import numpy as np
from integer_exact import I16, I32, clip, exact_exp2m, exact_rsh, exact_shift, exact_softplus, op

from integer import layers, scan
from integer.value import Value


class Scan(unittest.TestCase):
    STATES, RANK, WIDTH = 3, 2, 5

    def setUp(self):
        g = np.random.default_rng(5)
        self.a = g.integers(0, 32768, (self.WIDTH, self.STATES))
        self.d = g.integers(-32768, 32768, self.WIDTH)
        self.dt = [g.integers(-127, 128, (self.WIDTH, self.RANK)), g.integers(-3000, 3000, self.WIDTH),
                   g.integers(64, 32768, self.WIDTH)]
        self.u = g.integers(-32768, 32768, (2, 12, self.WIDTH))
        self.x_dbl = g.integers(-32768, 32768, (2, 12, self.RANK + 2 * self.STATES))

    def run_scan(self, variant=0, sh0=24, r0=24, sh_d=4, edt=27, most=32550):
        self.attributes = [self.STATES, self.RANK, 5, edt, most, sh0, r0, sh_d]
        scan_op = op(variant, I32, self.WIDTH, attributes=self.attributes, tensors=[*self.dt, self.a, self.d])
        return scan.selective_scan(scan_op, Value(self.u, I16), Value(self.x_dbl, I16))

    def exact(self, item, channel, variant):
        """y over time and the saturations of one channel, in Python's integers."""
        _, rank, dt_shift, edt, most, sh0, r0, sh_d = self.attributes
        h, ys, lost = [0] * self.STATES, [], 0
        weight, bias, multiplier = (part[channel].tolist() for part in self.dt)
        for t in range(self.u.shape[1]):
            u, x = int(self.u[item, t, channel]), self.x_dbl[item, t].tolist()
            acc = bias + sum(w * e for w, e in zip(weight, x))
            v = clip(exact_rsh(acc * multiplier >> 16, dt_shift), 16)
            dt = exact_softplus(v, edt, most)
            s = max(0, dt.bit_length() - 15)
            dt15, sh = dt >> s, min(max(sh0 - s, 0), 31)
            s2 = max(0, abs(dt15 * u).bit_length() - 15)
            dtu, r = (dt15 * u) >> s2, r0 - s - s2
            if r < 0:
                dtu, r = clip(dtu << min(-r, 15), 16), 0
            y = exact_shift(u * int(self.d[channel]), sh_d)
            for n in range(self.STATES):
                p = (dt15 * int(self.a[channel, n])) >> sh
                decay = exact_exp2m(p & 0x7FFF) >> (15 + min(p >> 15, 16))
                wide = 2 * (h[n] * decay >> 16) + ((dtu * x[rank + 2 * n]) >> min(r, 31))
                h[n] = clip(wide, 32)
                lost += h[n] != wide
                if variant == scan.STATE_I16:
                    h[n] = clip(exact_rsh(h[n], 16), 16) << 16
                y += h[n] * x[rank + 2 * n + 1] >> 16
            ys.append(clip(y, 32))
        return ys, lost

    def check(self, **shifts):
        variant = shifts.get("variant", 0)
        y, lost = self.run_scan(**shifts)
        for item in range(2):
            total = 0
            for channel in range(self.WIDTH):
                ys, lost_here = self.exact(item, channel, variant)
                self.assertEqual(y[item, :, channel].tolist(), ys, shifts)
                total += lost_here
            self.assertEqual(int(lost[item]), total)
        return lost

    def test_as_the_contract_reads(self):
        for variant in (scan.STATE_I32, scan.STATE_I16):
            for shifts in ({}, {"sh0": 0}, {"sh0": 60}, {"r0": 40}, {"r0": 200}, {"sh_d": -3}, {"sh_d": 40}):
                self.check(variant=variant, **shifts)

    def test_a_state_that_saturates_is_counted(self):
        for r0 in (12, 0, -20):
            self.assertGreater(self.check(r0=r0, sh0=40).min(), 0)
        self.assertEqual(self.check(r0=40).max(), 0)

    def test_extremes(self):
        self.u[:], self.x_dbl[:] = -32768, -32768
        self.a[:], self.d[:] = 32767, -32768
        for variant in (scan.STATE_I32, scan.STATE_I16):
            self.check(variant=variant, r0=10)

    def test_a_drive_whose_shift_is_to_the_left(self):
        one, u = np.array([1, 1, 1]), np.array([1, -1, 0])
        for b_shift, expected in ((-3, [8, -8, 0]), (-15, [32767, -32768, 0]), (-99, [32767, -32768, 0])):
            drive, shifts = scan._drive(one, u, np.array([b_shift] * 3))
            self.assertEqual((drive.tolist(), shifts.tolist()), (expected, [0, 0, 0]))

    def test_a_state_at_the_very_end_of_its_range_has_lost_nothing(self):
        ends = np.array([[[[(1 << 31) - 1, -(1 << 31), 1 << 31, -(1 << 31) - 1]]]])
        self.assertEqual(scan.cut_off(ends).tolist(), [[[[False, False, True, True]]]])

    def test_dt_of_zero_keeps_the_state_as_it_is_but_for_a_step(self):
        """2^-0 is 32767 in Q15, never 1; nothing is added."""
        self.dt[1][:], self.dt[0][:] = -(1 << 30), 0
        self.dt[2][:] = 32767
        y, lost = self.run_scan(edt=11)
        direct = [exact_shift(int(e) * int(self.d[0]), 4) for e in self.u[0, :, 0]]
        self.assertEqual(y[0, :, 0].tolist(), direct)
        self.assertFalse(lost.any())
        self.assertEqual(int(scan.decay(np.array(0))), 32767)

    def test_against_float64(self):
        """A scan in real numbers: u, B, C in Q12 of 15 bits, h in Q24."""
        self.u, self.x_dbl = self.u >> 3, self.x_dbl >> 3
        self.a = self.a // 8 + 2000
        self.attributes = None
        y, lost = self.run_scan(sh0=27 + 12 - 15, r0=27 + 12 + 12 - 24, sh_d=12 + 12 - 20)
        self.assertFalse(lost.any())
        v = layers.linear_i16(layers.Layer(op(tensors=self.dt), 0), self.x_dbl[..., : self.RANK], 5) / 2.0**11
        dt, u, x = np.logaddexp(0, v), self.u / 2.0**12, self.x_dbl / 2.0**12
        h, expected = np.zeros((2, self.WIDTH, self.STATES)), []
        for t in range(u.shape[1]):
            b, c = x[:, t, self.RANK :: 2], x[:, t, self.RANK + 1 :: 2]
            h = 2.0 ** (-dt[:, t, :, None] * self.a / 2.0**12) * h + (dt[:, t] * u[:, t])[..., None] * b[:, None]
            expected.append((h * c[:, None]).sum(-1) + self.d / 2.0**12 * u[:, t])
        expected = np.stack(expected, 1)
        self.assertLess(np.abs(y / 2.0**20 - expected).max() / np.abs(expected).max(), 1e-3)


if __name__ == "__main__":
    unittest.main()
