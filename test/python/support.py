"""What the tests of the exporter share: a module to a file and back to its metadata and tensors."""

import json
import os
import struct
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.environ.get("MAMBALITE_TORCH") or os.path.join(HERE, "..", "..", "scripts", "torch"))
sys.dont_write_bytecode = True

import torch  # noqa: E402

from mambalite_torch import ExportError, Mamba, export  # noqa: E402

__all__ = ["ExportError", "Mamba", "Written", "export", "message_of", "written"]


class Written:
    """An exported file, read."""

    def __init__(self, data):
        (length,) = struct.unpack("<Q", data[:8])
        header = json.loads(data[8 : 8 + length])
        metadata = header.pop("__metadata__")
        self.tensors = header
        self.arch = json.loads(metadata["mambalite.arch"])
        self.module = json.loads(metadata["mambalite.module"])
        self.ops = self.arch["ops"]

    @property
    def kinds(self):
        return [op["kind"] for op in self.ops]

    def of_kind(self, kind):
        return [op for op in self.ops if op["kind"] == kind]


def written(module, example, labels=None):
    """The module exported. Export compares the graph with the module on eight inputs, or raises."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.safetensors")
        export(module, example, path, labels)
        with open(path, "rb") as file:
            return Written(file.read())


def message_of(module, example, labels=None, path="model.safetensors"):
    """What export says when it refuses."""
    with tempfile.TemporaryDirectory() as folder:
        whole = os.path.join(folder, path) if isinstance(path, str) and not os.path.isabs(path) else path
        try:
            export(module, example, whole, labels)
        except ExportError as error:
            assert os.listdir(folder) == [], "a refused export leaves a file"
            return str(error)
    raise AssertionError("it was exported")


torch.set_num_threads(1)
