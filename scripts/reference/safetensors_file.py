"""Reads and writes .safetensors files, as little of the format as the reference needs.

Knows the container only: an 8-byte little-endian header length, a JSON header, the tensors' bytes
(https://huggingface.co/docs/safetensors). Knows nothing of models. The writer is deterministic:
names sorted, no gaps, header padded with spaces to 8 bytes, so equal tensors give equal files.
"""

import json
import struct
from pathlib import Path
from typing import Dict, Mapping

import numpy as np

_HEADER_ALIGNMENT = 8
_DTYPE_OF_CODE = {"F16": "<f2", "F32": "<f4", "F64": "<f8"}
_CODE_OF_DTYPE = {np.dtype("<f2"): "F16", np.dtype("<f4"): "F32", np.dtype("<f8"): "F64"}


def encode_safetensors(tensors: Mapping[str, np.ndarray]) -> bytes:
    """The bytes of a file holding `tensors`; float16, float32 or float64 arrays of any shape."""
    header: Dict[str, object] = {}
    payload = bytearray()
    for name in sorted(tensors):
        array = np.asarray(tensors[name])
        begin = len(payload)
        payload += array.tobytes(order="C")
        header[name] = {
            "dtype": _CODE_OF_DTYPE[array.dtype],
            "shape": list(array.shape),
            "data_offsets": [begin, len(payload)],
        }
    header_bytes = json.dumps(header, separators=(",", ":")).encode("utf-8")
    header_bytes += b" " * (-len(header_bytes) % _HEADER_ALIGNMENT)
    return struct.pack("<Q", len(header_bytes)) + header_bytes + bytes(payload)


def read_safetensors(path: Path) -> Dict[str, np.ndarray]:
    """Every tensor of the file; bfloat16 is widened to float32, which is exact."""
    return decode_safetensors(Path(path).read_bytes())


def decode_safetensors(data: bytes) -> Dict[str, np.ndarray]:
    """As read_safetensors, of a file's bytes."""
    (header_length,) = struct.unpack_from("<Q", data)
    payload_begin = 8 + header_length
    header = json.loads(data[8:payload_begin])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = (payload_begin + offset for offset in entry["data_offsets"])
        flat = _decode(entry["dtype"], data[begin:end])
        tensors[name] = flat.reshape(entry["shape"]).copy()
    return tensors


def _decode(code: str, raw: bytes) -> np.ndarray:
    if code == "BF16":
        return (np.frombuffer(raw, "<u2").astype("<u4") << 16).view("<f4")
    return np.frombuffer(raw, _DTYPE_OF_CODE[code])
