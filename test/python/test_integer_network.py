"""The reference's integer ops without weights, and whole networks from their blobs."""

import tempfile
import unittest
from pathlib import Path

import integer_blob as made
import integer_exact  # noqa: F401  the path of the reference
import numpy as np
from integer_exact import EDGES_I32, F32, I16, I32, clip, exact_rsh, exact_shift, op, random_i32

from integer import rows
from integer.blob import BlobError, read_blob
from integer.compare import compare
from integer.functions import Refused
from integer.run import run
from integer.value import Malformed, Value


class Rows(unittest.TestCase):
    def pool(self, variant, x, index=0, up=0):
        pool = op(variant, I32, x.shape[-1], attributes=[index, up, I32])
        return rows.pool(pool, Value(x, I32)).tolist()

    def test_mean_is_exact_where_its_sum_has_no_room(self):
        for count in (1, 2, 3, 7, 100):
            x = random_i32(np.random.default_rng(count), (1, count, 9))
            for up in (0, 1, 16):
                sums = [sum(column) for column in x[0].T.tolist()]
                expected = [clip(((s << (up + 1)) + count) // (2 * count), 32) for s in sums]
                self.assertEqual(self.pool(rows.MEAN, x, up=up), [expected])
        many = np.full((1, 1 << 16, 1), -(1 << 31))
        self.assertEqual(self.pool(rows.MEAN, many), [[-(1 << 31)]])
        self.assertEqual(self.pool(rows.MEAN, many, up=16), [[-(1 << 31)]])

    def test_other_pools(self):
        x = np.array([[[5, -5], [7, -7], [6, 1]]])
        for variant, expected in ((rows.LAST, [6, 1]), (rows.FIRST, [5, -5]), (rows.MAX, [7, 1]), (rows.MIN, [5, -7]),
                                  (rows.SUM, [18, -11])):
            self.assertEqual(self.pool(variant, x), [expected])
        self.assertEqual(self.pool(rows.ROW, x, 1), [[7, -7]])
        self.assertEqual(self.pool(rows.SUM, x, up=-2), [[5, -3]])
        self.assertEqual(self.pool(rows.SUM, x, up=2), [[72, -44]])
        self.assertEqual(self.pool(rows.SUM, x << 20, up=16), [[(1 << 31) - 1, -(1 << 31)]])
        many = np.full((1, 1000, 1), -(1 << 31))
        self.assertEqual(self.pool(rows.SUM, many, up=-12), [[-1000 << 19]])
        self.assertRaises(Refused, self.pool, 7, x)

    def test_arithmetic_as_the_contract_reads(self):
        a, b = np.meshgrid(EDGES_I32, EDGES_I32)
        exact = {
            rows.ADD: lambda x, y: exact_shift(x, 2) + exact_shift(y, -1),
            rows.SUBTRACT: lambda x, y: exact_shift(x, 2) - exact_shift(y, -1),
            rows.MULTIPLY: lambda x, y: exact_rsh(x * y, 5),
            rows.MAXIMUM: lambda x, y: max(exact_shift(x, 2), exact_shift(y, -1)),
            rows.MINIMUM: lambda x, y: min(exact_shift(x, 2), exact_shift(y, -1)),
        }
        for variant, function in exact.items():
            got = rows.arithmetic(op(variant, I32, attributes=[2, -1, 5]), Value(a, I32), Value(b, I32))
            expected = [clip(function(x, y), 32) for x, y in zip(a.ravel().tolist(), b.ravel().tolist())]
            self.assertEqual(got.ravel().tolist(), expected, variant)
        self.assertRaises(Refused, rows.arithmetic, op(rows.DIVIDE, I32), Value(a, I32), Value(b, I32))

    def test_the_largest_product_by_the_largest_shift(self):
        x = np.array([[-(1 << 31)]])
        got = rows.arithmetic(op(rows.MULTIPLY, I32, attributes=[0, 0, 62]), Value(x, I32), Value(x, I32))
        self.assertEqual(got.tolist(), [[1]])

    def test_a_vector_meets_every_row(self):
        sequence, vector = Value(np.arange(12).reshape(2, 3, 2), I32), Value(np.array([[10, 20], [30, 40]]), I32)
        got = rows.arithmetic(op(rows.ADD, I32), sequence, vector)
        self.assertEqual(got[1].tolist(), [[36, 47], [38, 49], [40, 51]])
        self.assertEqual(rows.concat(op(), vector, sequence)[0, 2].tolist(), [10, 20, 4, 5])

    def test_quantize_of_floats_that_are_none(self):
        x = np.array([[np.nan, np.inf, -np.inf, 1e30, -1e30, 0.5, -0.5, 1.5, 0.49999997]], np.float32)
        got, lost = rows.quantize(op(type=I16), Value(x, F32))
        self.assertEqual(lost.tolist(), [5])
        self.assertEqual(got.tolist(), [[0, 32767, -32768, 32767, -32768, 1, 0, 2, 1]])
        wide, _ = rows.quantize(op(type=I32), Value(x, F32))
        self.assertEqual(wide[0, 1:5].tolist(), [(1 << 31) - 1, -(1 << 31)] * 2)

    def test_quantize_of_integers(self):
        for s in (-31, -4, 0, 9, 31):
            for type, bits in ((I16, 16), (I32, 32)):
                got, _ = rows.quantize(op(type=type, attributes=[s, I32]), Value(EDGES_I32, I32))
                self.assertEqual(got.tolist(), [clip(exact_shift(int(x), s), bits) for x in EDGES_I32])

    def test_dequantize_rounds_once(self):
        x = np.array([[(1 << 24) + 1, -(1 << 31), 3]])
        got = rows.dequantize(op(type=F32, attributes=[30, I32]), Value(x, I32, 30))
        self.assertEqual(got.tolist(), [[2.0**-6, -2.0, 3 * 2.0**-30]])

    def test_moves(self):
        x = Value(np.arange(24).reshape(1, 4, 6), I32)
        window = op(0, I32, 12, attributes=[2, 1])
        self.assertEqual(rows.unfold(window, x)[0, 1].tolist(), list(range(6, 18)))
        window["variant"] = rows.BY_CHANNEL
        self.assertEqual(rows.unfold(window, x)[0, 0, :4].tolist(), [0, 6, 1, 7])
        self.assertEqual(rows.reverse(op(), x)[0, 0].tolist(), list(range(18, 24)))
        repeated = rows.upsample(op(attributes=[3]), x)[0, :, 0].tolist()
        self.assertEqual(repeated, [0, 0, 0, 6, 6, 6, 12, 12, 12, 18, 18, 18])
        self.assertEqual(rows.transpose(op(), x)[0, 1].tolist(), [1, 7, 13, 19])
        self.assertEqual(rows.flatten(op(), x)[0].tolist(), list(range(24)))
        self.assertEqual(rows.slice_channels(op(width=2, attributes=[3]), x)[0, 0].tolist(), [3, 4])


class Blobs(unittest.TestCase):
    def setUp(self):
        g = np.random.default_rng(6)
        self.weight, self.bias = g.integers(-127, 128, (6, 5)), g.integers(-999, 999, 6)
        self.multiplier, self.conv = g.integers(64, 32768, 6), g.integers(-900, 900, (6, 3))

    def ops(self):
        vector = [made.tensor(made.I32, made.VECTOR, self.bias), made.tensor(made.I16, made.VECTOR, self.multiplier)]
        return [
            made.op(29, 5, [0], exponent=12),
            made.op(33, 6, [1], exponent=-10, attributes=[2, made.I16],
                    tensors=[made.tensor(made.I8, made.QUADS, self.weight), *vector]),
            made.op(43, 6, [2], exponent=9, attributes=[3, 0, 0, 4, 9],
                    tensors=[made.tensor(made.I16, made.ROWS, self.conv), None, vector[1]]),
            made.op(54, 6, [3], type=made.I32, exponent=13, attributes=[0, 4, made.I16], is_vector=True),
            made.op(30, 6, [4], type=made.F32, attributes=[13, made.I32], is_vector=True),
        ]

    def read(self, data):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "model.mlm")
            path.write_bytes(data)
            return read_blob(path)

    def test_tensors_are_unpacked(self):
        network = self.read(made.blob(self.ops(), [("mean", 5)], input_width=5))
        linear, conv = network["ops"][1], network["ops"][2]
        self.assertEqual(linear["tensors"][0].tolist(), self.weight.tolist())
        self.assertEqual(linear["tensors"][1].tolist(), self.bias.tolist())
        self.assertEqual(conv["tensors"][0].tolist(), self.conv.tolist())
        self.assertIsNone(conv["tensors"][1])
        self.assertEqual((linear["exponent"], linear["name"], linear["inputs"]), (-10, "op 1", [1]))

    def test_a_network_runs(self):
        network = self.read(made.blob(self.ops(), [("mean", 5)], input_width=5))
        items = np.random.default_rng(7).standard_normal((70, 9, 5)).astype(np.float32)
        arrays = run(network, items, has_values=True)
        self.assertEqual((arrays["mean"].shape, arrays["mean"].dtype), ((70, 6), np.float32))
        self.assertEqual((arrays["value.3"].dtype, arrays["value.4"].dtype), (np.int16, np.int32))
        self.assertEqual(arrays["saturations"].tolist(), [0] * 70)
        alone = run(network, items[66:67])["mean"][0]
        self.assertEqual(alone.tolist(), arrays["mean"][66].tolist())
        expected = arrays["value.3"][66].astype(float).mean(0) / 2.0**9
        self.assertLess(np.abs(alone - expected).max(), 2.0**-13)

    def test_ops_of_floats_are_refused_by_name(self):
        ops = [made.op(8, 5, [0], type=made.F32)]
        with self.assertRaisesRegex(Refused, r"op 0 \(softmax\)"):
            run(self.read(made.blob(ops, [("y", 1)], input_width=5)), np.zeros((1, 2, 5), np.float32))

    def test_ops_of_floats_are_given(self):
        ops = [made.op(8, 5, [0], type=made.F32), made.op(29, 5, [1], exponent=3)]
        network = self.read(made.blob(ops, [("y", 2)], input_width=5))
        given = np.arange(700, dtype=np.float32).reshape(70, 2, 5)
        arrays = run(network, np.zeros((70, 2, 5), np.float32), traces={1: given})
        self.assertEqual(arrays["y"].tolist(), (8 * given).tolist())

    def test_what_differs_is_named(self):
        items = np.random.default_rng(8).standard_normal((1, 9, 5)).astype(np.float32)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder)
            model, given = path / "model.mlm", path / "input.npy"
            model.write_bytes(made.blob(self.ops(), [("mean", 5)], input_width=5))
            np.save(given, items)
            arrays = run(read_blob(model), items, has_values=True)
            job = {"model": model, "input": given, "traces": folder, "saturations": 0}
            for name, array in arrays.items():
                np.save(path / f"{name}.npy", array)
            self.assertEqual(compare(job)["differences"], [])
            np.save(path / "value.2.npy", arrays["value.2"] + (np.arange(6) == 4))
            (path / "value.5.npy").unlink()
            found = compare({**job, "saturations": 7})["differences"]
        self.assertRegex(found[0], r"^op 1 \(linear_int\): 9 of 54 elements, the first at \[0, 0, 4\]: ")
        self.assertEqual(found[1:], ["op 4 (dequantize): not traced", "7 saturations, not 0"])

    def test_an_exponent_that_a_move_changes(self):
        ops = self.ops()[:1] + [made.op(19, 5, [1], exponent=11)]
        with self.assertRaisesRegex(Malformed, r"op 1 \(reverse\)"):
            run(self.read(made.blob(ops, [("y", 2)], input_width=5)), np.zeros((1, 2, 5), np.float32))

    def test_an_input_of_another_type_than_its_op_says(self):
        ops = self.ops()
        ops[1]["attributes"][1] = made.I32
        with self.assertRaisesRegex(Malformed, r"op 1 \(linear_int\): an input of type 2, attribute 1 says 3"):
            run(self.read(made.blob(ops, [("mean", 5)], input_width=5)), np.zeros((1, 2, 5), np.float32))

    def test_damaged_blobs(self):
        data = made.blob(self.ops(), [("mean", 5)], input_width=5)
        flipped = data[:-1] + bytes([data[-1] ^ 1])
        for bad, message in ((b"", "no .mlm"), (b"x" + data[1:], "not an"), (data[:-16], "header says"),
                             (flipped, "CRC"), (data[:4] + b"\3" + data[5:], "format 3")):
            with self.assertRaisesRegex(BlobError, message):
                self.read(bad)


if __name__ == "__main__":
    unittest.main()
