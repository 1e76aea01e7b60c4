"""Writes small integer blobs for tests, field by field as csrc/core/blob.h and csrc/kernels/records.h have them."""

import struct
import zlib

import numpy as np

HEADER_BYTES, OP_BYTES, TENSOR_BYTES, OUTPUT_BYTES = 96, 80, 32, 16
NONE = 0xFFFF
VECTOR, QUADS, ROWS = 0, 3, 4
F32, I8, I16, I32 = 0, 1, 2, 3
STORED = {F32: "<f4", I8: "u1", I16: "<i2", I32: "<i4"}


def quads(weight):
    """[rows / 4][columns / 4][4 rows][4 columns in the order 0, 2, 1, 3], element by element."""
    rows, columns = weight.shape
    packed = []
    for row in range(0, rows, 4):
        for column in range(0, columns, 4):
            for r in range(row, row + 4):
                for c in (column, column + 2, column + 1, column + 3):
                    packed.append(weight[r, c] + 128 if r < rows and c < columns else 128)
    return np.array(packed)


def padded(elements):
    flat = np.ravel(elements)
    return np.concatenate([flat, np.zeros(-len(flat) % 8, flat.dtype)])


def tensor(dtype, packing, array):
    packed = quads(array) if packing == QUADS else padded(array)
    columns = 1 if packing == VECTOR else array.shape[1]
    return {"dtype": dtype, "packing": packing, "rows": len(array), "columns": columns,
            "data": packed.astype(STORED[dtype]).tobytes()}


def op(kind, width, inputs, type=I16, variant=0, exponent=0, attributes=(), tensors=(), is_vector=False):
    return {"kind": kind, "variant": variant, "type": type, "width": width, "inputs": inputs, "exponent": exponent,
            "attributes": list(attributes), "tensors": list(tensors), "clock": NONE if is_vector else 0}


def _filled(entries, length, rest):
    return list(entries) + [rest] * (length - len(entries))


def blob(ops, outputs, input_kind=0, input_width=1):
    """Bytes; `outputs` are (name, value); op number n is called "op n"."""
    names = [f"op {n}" for n in range(len(ops))] + [name for name, _ in outputs]
    offsets, strings = {}, b"\0"
    for name in names:
        offsets[name] = len(strings)
        strings += name.encode() + b"\0"
    tensors = [t for o in ops for t in o["tensors"] if t is not None]
    op_offset = HEADER_BYTES
    tensor_offset = op_offset + len(ops) * OP_BYTES
    output_offset = tensor_offset + len(tensors) * TENSOR_BYTES
    string_offset = output_offset + len(outputs) * OUTPUT_BYTES
    place = string_offset + len(strings) + -(string_offset + len(strings)) % 16
    data, tensor_records = b"", b""
    for t in tensors:
        tensor_records += struct.pack("<IHHIIIIII", 0, t["dtype"], t["packing"], t["rows"], t["columns"],
                                      place + len(data), len(t["data"]), 0, 0)
        data += t["data"] + bytes(-len(t["data"]) % 16)
    op_records, next_tensor = b"", 0
    for n, o in enumerate(ops):
        references = []
        for t in o["tensors"]:
            references.append(NONE if t is None else next_tensor)
            next_tensor += t is not None
        op_records += struct.pack(
            "<HBBI4HHHI8i8HiI", o["kind"], o["variant"], o["type"], offsets[f"op {n}"], *_filled(o["inputs"], 4, NONE),
            0, o["clock"], o["width"], *_filled(o["attributes"], 8, 0), *_filled(references, 8, NONE), o["exponent"], 0)
    output_records = b"".join(struct.pack("<IIII", offsets[name], value, 0, 0) for name, value in outputs)
    size = place + len(data)
    header = struct.pack("<24I", 0x1A4D4C4D, 2, size, 0, input_kind, input_width, 1, 0, len(ops), op_offset,
                         len(tensors), tensor_offset, len(outputs), output_offset, 0, 0, len(strings), string_offset,
                         0, 0, 0, 0, 0, 0)
    body = (header + op_records + tensor_records + output_records + strings).ljust(place, b"\0") + data
    return body[:12] + struct.pack("<I", zlib.crc32(body)) + body[16:]
