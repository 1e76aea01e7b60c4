"""Reads a .mlm blob of format 2 (csrc/core/blob.h, csrc/kernels/records.h) into plain dicts and numpy arrays.

Knows the layout only, and that what it reads may be damaged; not what an op means.
"""

import struct
import zlib
from pathlib import Path
from typing import Dict, List, Mapping, Optional

import numpy as np

MAGIC = 0x1A4D4C4D
FORMAT_VERSION = 2
CRC_OFFSET = 12

NO_VALUE = NO_TENSOR = NO_CLOCK = 0xFFFF
F32, I8, I16, I32, U32 = range(5)
"""Number types."""
FRAMES, TOKENS, SAMPLES, SAMPLES16 = range(4)
"""Kinds of input."""

_NUMPY_TYPES = {F32: "<f4", I8: "u1", I16: "<i2", I32: "<i4", U32: "<u4"}
"""The bytes of i8 are w + 128."""
_VECTOR, _PANELS, _GROUPS, _QUADS, _ROWS = range(5)
_PANEL, _GROUP, _QUAD = 8, 4, 4
_QUAD_ORDER = [0, 2, 1, 3]
"""Place of each of four inputs in a quad; its own inverse."""
_I8_OFFSET = 128

_HEADER = struct.Struct("<24I")
_HEADER_FIELDS = [
    "magic", "version", "blob_bytes", "crc32", "input_kind", "input_width", "min_frames", "max_frames",
    "op_count", "op_offset", "tensor_count", "tensor_offset", "output_count", "output_offset", "label_count",
    "label_offset", "string_bytes", "string_offset", "metadata", "self_test_inputs", "self_test_input",
    "self_test_outputs",
]
_OP = struct.Struct("<HBBI4HHHI8i8HiI")
_TENSOR = struct.Struct("<IHHIIIIII")
_OUTPUT = struct.Struct("<IIII")


class BlobError(ValueError):
    """A blob that cannot be read; the message says what is wrong with it."""


def read_blob(path: Path) -> Dict[str, object]:
    """header: {field: number}; ops, see `_ops`; outputs: [{name, value}]."""
    data = Path(path).read_bytes()
    header = _header(data)
    tensors = [_tensor(data, header, i) for i in range(header["tensor_count"])]
    return {
        "header": header,
        "ops": _ops(data, header, tensors),
        "outputs": [
            {"name": _string(data, header, name), "value": value}
            for name, value, _, _ in _records(data, _OUTPUT, header["output_offset"], header["output_count"])
        ],
    }


def _header(data: bytes) -> Dict[str, int]:
    if len(data) < _HEADER.size:
        raise BlobError(f"{len(data)} bytes are no .mlm blob")
    header = dict(zip(_HEADER_FIELDS, _HEADER.unpack_from(data)))
    if header["magic"] != MAGIC:
        raise BlobError("not an .mlm blob")
    if header["version"] != FORMAT_VERSION:
        raise BlobError(f"blob format {header['version']}, {FORMAT_VERSION} expected")
    if header["blob_bytes"] != len(data):
        raise BlobError(f"{len(data)} bytes, the header says {header['blob_bytes']}")
    if header["crc32"] != zlib.crc32(data[:CRC_OFFSET] + bytes(4) + data[CRC_OFFSET + 4 :]):
        raise BlobError("the blob's bytes have changed since it was written (CRC-32)")
    return header


def _records(data: bytes, record: struct.Struct, offset: int, count: int) -> List[tuple]:
    return list(record.iter_unpack(data[offset : offset + count * record.size]))


def _string(data: bytes, header: Mapping[str, int], offset: int) -> str:
    begin = header["string_offset"] + offset
    return data[begin : data.index(b"\0", begin)].decode("utf-8")


def _ops(data: bytes, header: Mapping[str, int], tensors: List[np.ndarray]) -> List[Dict[str, object]]:
    """Of each op: kind, variant, type, name, inputs, stage, clock, width, attributes (as int32), tensors (an
    array or None for each reference), exponent."""
    ops = []
    for fields in _records(data, _OP, header["op_offset"], header["op_count"]):
        kind, variant, number_type, name = fields[:4]
        stage, clock, width = fields[8:11]
        ops.append({
            "kind": kind,
            "variant": variant,
            "type": number_type,
            "name": _string(data, header, name),
            "inputs": [value for value in fields[4:8] if value != NO_VALUE],
            "stage": stage,
            "clock": clock,
            "width": width,
            "attributes": list(fields[11:19]),
            "tensors": [_referenced(tensors, reference) for reference in fields[19:27]],
            "exponent": fields[27],
        })
    return ops


def _referenced(tensors: List[np.ndarray], reference: int) -> Optional[np.ndarray]:
    return None if reference == NO_TENSOR else tensors[reference]


def _tensor(data: bytes, header: Mapping[str, int], index: int) -> np.ndarray:
    """[rows] of a vector, else [rows][columns], unpacked; integers as int64."""
    offset = header["tensor_offset"] + index * _TENSOR.size
    _, dtype, packing, rows, columns, begin, size, _, _ = _TENSOR.unpack_from(data, offset)
    packed = np.frombuffer(data, _NUMPY_TYPES[dtype], size // np.dtype(_NUMPY_TYPES[dtype]).itemsize, begin)
    if dtype != F32:
        packed = packed.astype(np.int64)
    if dtype == I8:
        packed = packed - _I8_OFFSET
    return _unpacked(packed, packing, rows, columns)


def _unpacked(packed: np.ndarray, packing: int, rows: int, columns: int) -> np.ndarray:
    if packing == _VECTOR:
        return packed[:rows]
    if packing == _ROWS:
        return packed[: rows * columns].reshape(rows, columns)
    if packing == _QUADS:
        return _from_quads(packed, rows, columns)
    side = _PANEL if packing == _PANELS else _GROUP
    return packed.reshape(-1, columns, side).transpose(0, 2, 1).reshape(-1, columns)[:rows]


def _from_quads(packed: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """From [rows / 4][columns / 4][4 rows][4 columns]."""
    quads = packed.reshape(-1, -(-columns // _QUAD), _QUAD, _QUAD)[..., _QUAD_ORDER]
    whole = quads.transpose(0, 2, 1, 3).reshape(quads.shape[0] * _QUAD, -1)
    return whole[:rows, :columns]
