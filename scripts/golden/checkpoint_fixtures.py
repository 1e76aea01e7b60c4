"""Makes the small files that the tests of ts/checkpoint read: what PyTorch and NumPy really write.

Run with Debian's python3-torch and python3-numpy; the same bytes come out every time:

    /usr/bin/python3 scripts/golden/checkpoint_fixtures.py test/golden/checkpoint

Knows nothing of how the files are read. `expected.json` holds, for every tensor of the files
meant to be readable, its shape and the bits of its elements as float32 in row-major order.
"""
import io
import json
import pathlib
import pickle
import pickletools
import struct
import sys
import types
import warnings
import zipfile
from collections import OrderedDict

import numpy as np
import torch

# Of the tiny model in the paper's naming.
FEATURES, D_MODEL, D_INNER, D_STATE, D_CONV, DT_RANK, CLASSES = 3, 4, 8, 2, 3, 1, 2


class Mamba(torch.nn.Module):
    """Only the parameters of a Mamba-1 block; it computes nothing."""

    def __init__(self):
        super().__init__()
        self.in_proj = torch.nn.Linear(D_MODEL, 2 * D_INNER, bias=False)
        self.conv1d = torch.nn.Conv1d(D_INNER, D_INNER, D_CONV, groups=D_INNER)
        self.x_proj = torch.nn.Linear(D_INNER, DT_RANK + 2 * D_STATE, bias=False)
        self.dt_proj = torch.nn.Linear(DT_RANK, D_INNER)
        states = torch.arange(1, D_STATE + 1, dtype=torch.float32)
        self.A_log = torch.nn.Parameter(torch.log(states).repeat(D_INNER, 1))
        self.D = torch.nn.Parameter(torch.ones(D_INNER))
        self.out_proj = torch.nn.Linear(D_INNER, D_MODEL, bias=False)


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear_in = torch.nn.Linear(FEATURES, D_MODEL)
        self.mamba = Mamba()
        self.classifier = torch.nn.Linear(D_MODEL, CLASSES)


class Empty(torch.nn.Module):
    pass


class Evil:
    """Unpickling this would run a command."""

    def __reduce__(self):
        import os

        return os.system, ("echo executed",)


def save(value, legacy=False, **options):
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if legacy:
            options["pickle_module"] = stable_pickle()
        torch.save(value, buffer, _use_new_zipfile_serialization=not legacy, **options)
    return buffer.getvalue()


def stable_pickle():
    """A pickle module for torch.save. The legacy format names storages by memory address and
    writes them in that order: this one numbers them, and orders them, by first use."""
    numbers = {}

    class Pickler(pickle._Pickler):
        def __setattr__(self, name, value):
            super().__setattr__(name, renumbered(value) if name == "persistent_id" else value)

    def renumbered(persistent_id):
        def stable_id(value):
            found = persistent_id(value)
            if found is None or found[0] != "storage":
                return found
            number = numbers.setdefault(found[2], str(len(numbers)))
            return (*found[:2], number, *found[3:])
        return stable_id

    def dump(value, file, protocol):
        if isinstance(value, list):
            # In place, because torch.save writes the storages in the order of this list.
            value.sort(key=lambda address: int(numbers[address]))
            value = [numbers[address] for address in value]
        pickle.dump(value, file, protocol)

    return types.SimpleNamespace(__name__="stable_pickle", Pickler=Pickler, dump=dump)


def safetensors(tensors):
    """The format in ten lines: length, JSON header, data."""
    names = {torch.float32: "F32", torch.float64: "F64", torch.float16: "F16",
             torch.bfloat16: "BF16", torch.int64: "I64", torch.int32: "I32", torch.int16: "I16",
             torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL"}
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, tensor in tensors.items():
        flat = tensor.detach().contiguous().reshape(-1)
        raw = (flat.view(torch.int16) if tensor.dtype == torch.bfloat16 else flat).numpy().tobytes()
        header[name] = {"dtype": names[tensor.dtype], "shape": list(tensor.shape),
                        "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def expected(tensors):
    """Shape and float32 bits of each floating-point tensor."""
    result = {}
    for name, tensor in tensors.items():
        if tensor.is_floating_point():
            bits = tensor.detach().to(torch.float32).contiguous().reshape(-1).view(torch.int32)
            result[name] = {"shape": list(tensor.shape),
                            "bits": [f"{b & 0xffffffff:08x}" for b in bits.tolist()]}
    return result


def dtype_tensors():
    """Values that round, underflow, overflow float16 or are subnormal in it."""
    values = torch.tensor([0.0, -0.0, 1.0, -2.5, 1 / 3, 65504.0, 1e-7, 2.0**-24, 0.1 + 2.0**-30],
                          dtype=torch.float64)
    tensors = OrderedDict((str(t).split(".")[-1], values.to(t)) for t in
                          (torch.float32, torch.float64, torch.float16, torch.bfloat16))
    for t in (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool):
        tensors[str(t).split(".")[-1]] = torch.tensor([0, 1, 2]).to(t)
    return tensors


def view_tensors():
    base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    return OrderedDict(
        base=base, transposed=base.t(), sliced=base[1:3, ::2], overlapping=base.view(-1).unfold(
            0, 6, 2), expanded=base[2:3, 1:2].expand(3, 2), scalar=base[2, 3], empty=base[:, 6:],
        tied=base, tail=base[3], cube=base.reshape(2, 3, 4).permute(2, 0, 1))


def rezip(data, compression):
    """The same archive as another zip tool writes it."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w") as target:
        for entry in source.infolist():
            copy = zipfile.ZipInfo(entry.filename, (1980, 1, 1, 0, 0, 0))
            target.writestr(copy, source.read(entry), compress_type=compression)
    return out.getvalue()


def replace_pickle(data, value, protocol=2):
    """A torch.save archive whose object is another pickle."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w") as target:
        for entry in source.infolist():
            is_object = entry.filename.endswith("/data.pkl")
            content = pickle.dumps(value, protocol) if is_object else source.read(entry)
            target.writestr(zipfile.ZipInfo(entry.filename, (1980, 1, 1, 0, 0, 0)), content)
    return out.getvalue()


def checkpoint_files():
    torch.manual_seed(20240917)
    net = Net()
    weights = net.state_dict()
    dtypes, views = dtype_tensors(), view_tensors()
    small = OrderedDict(w=torch.arange(3.0))
    optimizer = torch.optim.Adam(net.classifier.parameters())
    zipped = save(small)
    legacy = save(small, legacy=True)
    script = io.BytesIO()
    torch.jit.save(torch.jit.script(torch.nn.ReLU()), script)
    files = {
        "paper_zip.pth": save(weights),
        "paper_legacy.pth": save(weights, legacy=True),
        "paper.safetensors": safetensors(weights),
        "parameters.pth": save(dict(net.named_parameters())),
        "dtypes_zip.pth": save(dtypes),
        "dtypes_legacy.pth": save(dtypes, legacy=True),
        "dtypes.safetensors": safetensors(dtypes),
        "views_zip.pth": save(views),
        "views_legacy.pth": save(views, legacy=True),
        "protocol4.pth": save(small, pickle_protocol=4),
        "protocol5.pth": save(small, pickle_protocol=5),
        "protocol4_legacy.pth": save(small, legacy=True, pickle_protocol=4),
        "deflated.pth": rezip(zipped, zipfile.ZIP_DEFLATED),
        "wrapped_state_dict.pth": save({"epoch": 3, "loss": 0.25, "state_dict": small,
                                        "size": small["w"].shape, "dtype": torch.float32,
                                        "device": torch.device("cpu"), "tags": {"a"}}),
        "wrapped_model_state_dict.pth": save({"model_state_dict": small,
                                              "optimizer": optimizer.state_dict()}),
        "wrapped_model.pth": save({"model": small, "note": None}, legacy=True),
        "single_tensor.pth": save(small["w"]),
        "no_tensors.pth": save({"epoch": 3, "names": ["a", "b"]}),
        "whole_module.pth": save(net.mamba),
        "whole_module_legacy.pth": save(Empty(), legacy=True),
        "whole_linear.pth": save(net.classifier),
        "torchscript.pt": script.getvalue(),
        "evil_zip.pth": replace_pickle(zipped, {"w": Evil()}),
        "evil_protocol4.pth": replace_pickle(zipped, {"w": Evil()}, protocol=4),
        "evil_legacy.pth": replace_legacy(legacy, {"w": Evil()}),
        "evil.pkl": pickle.dumps(Evil(), protocol=2),
        "plain.pkl": pickle.dumps({"w": [1.0, 2.0]}, protocol=4),
    }
    expectations = {"paper": expected(weights), "dtypes": expected(dtypes),
                    "views": expected(views), "small": expected(small)}
    return files, expectations


def replace_legacy(data, value):
    """A legacy file whose fourth pickle, the object, is another."""
    stream = io.BytesIO(data)
    for _ in range(3):
        for _ in pickletools.genops(stream):
            pass
    return data[:stream.tell()] + pickle.dumps(value, protocol=2)


def npy_files():
    values = [[0.0, -1.5, 2.25], [3.0, 1 / 3, -100.0]]
    arrays = {f"{kind}{size}_{order}": np.array(values).astype(
        {"little": "<", "big": ">"}[order] + kind + size)
        for kind, sizes in (("f", "248"), ("i", "1248")) for size in sizes
        for order in ("little", "big")}
    arrays.update({f"u{size}": np.array([[0, 1, 2], [3, 4, 250]]).astype("<u" + size)
                   for size in "1248"})
    arrays["fortran"] = np.asfortranarray(np.array(values, "<f4"))
    arrays["fortran_cube"] = np.asfortranarray(np.arange(24, dtype=">i2").reshape(2, 3, 4))
    arrays["scalar"] = np.array(2.5, "<f4")
    arrays["vector"] = np.array([7, 8], "<i8")
    arrays["empty"] = np.zeros((0, 3), "<f4")
    arrays["too_large"] = np.array([0, 2**31], "<i8")
    arrays["bool"] = np.array([True, False])
    arrays["complex"] = np.array([1j])
    arrays["text"] = np.array(["a"])
    arrays["structured"] = np.array([(1, 2.0)], dtype=[("a", "<i4"), ("b", "<f4")])
    arrays["object"] = np.array([None], dtype=object)
    files = {name: npy(array) for name, array in arrays.items()}
    files["version2"] = npy(np.array(values, "<f4"), (2, 0))
    files["version3"] = npy(np.array(values, "<f4"), (3, 0))
    expectations = {
        name: {"shape": list(array.shape), "float64": array.astype("<f8").ravel().tolist()}
        for name, array in arrays.items() if array.dtype.kind in "fiu"}
    for name in ("version2", "version3"):
        expectations[name] = expectations["f4_little"]
    return files, expectations


def npy(array, version=None):
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        np.lib.format.write_array(buffer, array, version)
    return buffer.getvalue()


def main(directory):
    target = pathlib.Path(directory)
    (target / "npy").mkdir(parents=True, exist_ok=True)
    files, expectations = checkpoint_files()
    arrays, array_expectations = npy_files()
    for name, data in files.items():
        (target / name).write_bytes(data)
    for name, data in arrays.items():
        (target / "npy" / f"{name}.npy").write_bytes(data)
    text = json.dumps({**expectations, "npy": array_expectations}, separators=(",", ":"))
    (target / "expected.json").write_text(text + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
