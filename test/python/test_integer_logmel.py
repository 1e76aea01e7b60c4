"""The integer log-mel: the reference against the float64 one, and the kernel against the reference, bit for bit."""

import ctypes
import json
import math
import shutil
import subprocess
import tempfile
import unittest
import wave
from pathlib import Path

import integer_exact  # noqa: F401  the path of the reference
import numpy as np
import torch
from integer_exact import I16, op
from log_mel_reference import log_mel, mel_filter_bank

from integer.logmel import logmel
from integer.value import Value

ROOT = Path(__file__).resolve().parents[2]
KWS = ROOT / "ts" / "models" / "kws"
EXPONENT = 12
SAMPLES = 3000
STEPS = np.arange(SAMPLES)
FIRST_RANDOM = np.random.default_rng(35)


def kws():
    return json.loads((KWS / "frontend.json").read_text())


def clip(name):
    with wave.open(str(KWS / f"{name}.wav")) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.int64)


def synthetic():
    """Samples by what they are, and the largest error that they may have, in steps of the output."""
    impulse = np.zeros(SAMPLES, np.int64)
    impulse[1000] = 32767
    noise = {loud: FIRST_RANDOM.integers(-loud, loud, SAMPLES) for loud in (1, 8, 300, 32768)}
    # Between lines of full scale there is what rounding the window leaves, 90 dB below them.
    return {
        "silence": (np.zeros(SAMPLES, np.int64), 1.5),
        "impulse": (impulse, 1.5),
        **{f"noise of {loud}": (samples, 4) for loud, samples in noise.items()},
        "square wave": (np.where(STEPS // 20 % 2, 32767, -32768), 40),
        "as fast as can be": (np.where(STEPS % 2, 32767, -32768), 40),
        "largest": (np.full(SAMPLES, 32767), 160),
        "smallest": (np.full(SAMPLES, -32768), 160),
        "sine": (np.round(32767 * np.sin(STEPS * 0.3)).astype(np.int64), 240),
    }


def q15(values):
    return np.clip(np.floor(np.asarray(values) * 32768 + 0.5), -32767, 32767).astype(np.int64)


def packed(form, scale, shift):
    """An op for a front end, exponent EXPONENT, as the converter makes it but for how it rounds the map."""
    window, fft = form["windowSamples"], form["fftSamples"]
    weights = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
    turns = np.exp(-2j * np.pi * np.arange(fft // 2) / fft)
    bank = mel_filter_bank(form).numpy().T
    bins = [np.nonzero(row)[0] for row in bank]
    digits = 63 - 2 * int(math.log2(fft))
    slope = np.array(scale) * math.log(2) * 2.0**EXPONENT
    down = min(15, int(math.log2(32767 / np.abs(slope).max())))
    offset = (np.array(shift) * 2.0**EXPONENT - digits * slope) * 2.0**down + (1 << down >> 1)
    floor = max(1, round(form["energyFloor"] * 2.0**digits))
    return op(
        type=I16,
        width=form["bands"],
        attributes=[window, form["hopSamples"], fft, form["sampleRateHz"], floor & 0x7FFFFFFF, floor >> 32, down],
        tensors=[
            q15(weights),
            q15(np.stack([turns.real, turns.imag], 1).ravel()),
            np.array([[found[0], len(found)] for found in bins]).ravel(),
            q15(np.concatenate([row[found] for row, found in zip(bank, bins)])),
            np.round(slope * 2.0**down).astype(np.int64),
            np.round(offset).astype(np.int64),
        ],
    )


def random_op(generator, fft):
    """Any tables: what an op may have, whether or not it makes sense."""
    window = int(generator.integers(1, fft + 1))
    bands, bins = int(generator.integers(1, 20)), fft // 2 + 1
    first = generator.integers(0, bins, bands)
    counts = generator.integers(0, bins - first + 1)
    angle = generator.uniform(-np.pi, np.pi, fft // 2)
    return op(
        type=I16,
        width=bands,
        attributes=[window, int(generator.integers(1, window + 1)), fft, 1, int(generator.integers(1, 1 << 31)), 0,
                    int(generator.integers(0, 16))],
        tensors=[
            generator.integers(-32768, 32768, window),
            q15(np.stack([np.cos(angle), np.sin(angle)], 1).ravel() * 0.9999),
            np.stack([first, counts], 1).ravel(),
            generator.integers(0, 32768, counts.sum()),
            generator.integers(-32768, 32768, bands),
            generator.integers(-(1 << 22), 1 << 22, bands),
        ],
    )


def reference(made, samples):
    return logmel(made, Value(np.asarray(samples)[None], I16))[0]


class Accuracy(unittest.TestCase):
    def errors(self, samples):
        form = kws()
        got = reference(packed(form, form["scale"], form["shift"]), samples) / 2.0**EXPONENT
        exact = log_mel(torch.from_numpy(samples / 32768.0), form).numpy()
        return np.abs(got - (exact * form["scale"] + form["shift"])) * 2.0**EXPONENT

    def test_bundled_clips(self):
        for name in ("on", "stop", "yes"):
            errors = self.errors(clip(name))
            self.assertLess(errors.mean(), 0.8, name)
            self.assertLess(errors.max(), 40, name)

    def test_synthetic_samples(self):
        for name, (samples, most) in synthetic().items():
            self.assertLess(self.errors(samples).max(), most, name)


@unittest.skipUnless(shutil.which("cc"), "no C compiler")
class Kernel(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        library = Path(cls.folder.name) / "logmel.so"
        subprocess.run(["node", ROOT / "scripts" / "op-list.mjs", cls.folder.name], check=True, capture_output=True)
        subprocess.run(
            ["cc", "-std=c11", "-O2", "-shared", "-fPIC", f"-I{cls.folder.name}", f"-I{ROOT}/csrc",
             f"-I{ROOT}/csrc/include", ROOT / "test/python/logmel_int.c", ROOT / "csrc/kernels/logmel_int.c",
             "-o", library],
            check=True,
        )
        cls.run_logmel = ctypes.CDLL(str(library)).run_logmel

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def kernel(self, made, samples, most):
        types = ["<i2", "<i2", "<u4", "<i2", "<i2", "<i4"]
        blob, offsets = b"", []
        for tensor, stored in zip(made["tensors"], types):
            offsets.append(len(blob))
            data = tensor.astype(stored).tobytes()
            blob += data + bytes(-len(data) % 16 + 16)
        bands, rows = made["width"], max(0, len(samples) - made["attributes"][0] + made["attributes"][1])
        y = np.zeros((rows // made["attributes"][1], -(-bands // 8) * 8), np.int16)
        pointer = ctypes.c_void_p
        attributes = np.array(made["attributes"], np.uint32)
        stored, offsets = np.ascontiguousarray(samples, np.int16), np.array(offsets, np.uint32)
        found = self.run_logmel(
            pointer(attributes.ctypes.data), bands, blob, pointer(offsets.ctypes.data), pointer(stored.ctypes.data),
            len(stored), most, pointer(y.ctypes.data),
        )
        self.assertEqual(found, len(y))
        return y[:, :bands].tolist()

    def test_bundled_front_end(self):
        form = kws()
        made = packed(form, form["scale"], form["shift"])
        named = {name: samples for name, (samples, _) in synthetic().items()}
        for name, samples in {**named, "yes": clip("yes"), "on": clip("on")}.items():
            expected = reference(made, samples).tolist()
            for most in (len(samples), 1, 160, 601):
                self.assertEqual(self.kernel(made, samples, most), expected, name)

    def test_any_tables_of_every_length(self):
        for seed in range(60):
            generator = np.random.default_rng(seed)
            made = random_op(generator, 8 << seed % 10)
            window, hop = made["attributes"][:2]
            count = window + int(min(5, 4096 // hop)) * hop
            samples = generator.integers(-32768, 32768, count) >> generator.integers(0, 16)
            self.assertEqual(self.kernel(made, samples, count), reference(made, samples).tolist(), seed)


if __name__ == "__main__":
    unittest.main()
