"""Integer ops by the number of their kind, and names of all kinds for messages.

A function is given the op (blob.py) and the values that it reads, and returns rows; those of SATURATING return with
them how many values were cut off, an item each. Ops that only move rows have one kind for floats and
integers; others another one, as far on as FIRST_INTEGER says. Of what is computed in floats only affine is here, with which
frames are standardised.
"""

from .bands import BANDS
from .blob import F32
from .layers import LAYERS
from .logmel import logmel
from .rows import MOVES, MOVING_POOLS, ROWS, moving_pool, quantize
from .scan import selective_scan
from .value import Op

AFFINE, POOL, DEQUANTIZE = 4, 22, 30
FIRST_INTEGER = 32

INTEGER = {35: logmel, POOL: moving_pool, **BANDS, **LAYERS, **MOVES, **ROWS}
SATURATING = {29: quantize, 58: selective_scan}

_FLOATS = {
    1: "linear", 2: "embedding", 3: "logmel", 4: "affine", 5: "activation", 6: "arithmetic", 7: "norm", 8: "softmax",
    9: "concat", 10: "slice", 11: "causal_conv", 12: "conv1d", 13: "window_pool", 14: "unfold", 15: "upsample",
    16: "insert_row", 17: "positions", 18: "align", 19: "reverse", 20: "transpose", 21: "sequence_norm", 22: "pool",
    23: "attention_pool", 24: "flatten", 25: "flatten_linear", 26: "selective_scan", 27: "ssm_norm", 28: "gate",
    29: "quantize", 30: "dequantize", 61: "gru", 62: "lstm", 63: "attention", 71: "ssd_scan", 72: "grouped_norm",
    73: "conv2d", 74: "pool2d",
}
_OF_INTEGERS = {kind: f"{_FLOATS[kind - FIRST_INTEGER]}_int"
                for kind in (*INTEGER, *SATURATING) if kind > FIRST_INTEGER}
NAMES = {**_FLOATS, **_OF_INTEGERS}


def name_of(op: Op) -> str:
    return NAMES.get(op["kind"], f"kind {op['kind']}")


def moves(op: Op) -> bool:
    """Whether it computes nothing: any number type will do, and no exponent changes."""
    return op["kind"] in MOVES or (op["kind"] == POOL and op["variant"] in MOVING_POOLS)


def is_known(op: Op) -> bool:
    if op["type"] == F32 and op["kind"] not in (AFFINE, DEQUANTIZE) and not moves(op):
        return False
    return op["kind"] in INTEGER or op["kind"] in SATURATING
