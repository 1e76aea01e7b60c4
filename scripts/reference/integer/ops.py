"""Integer ops by the number of their kind, and names of all kinds for messages.

A function is given the op (blob.py) and the values that it reads, and returns rows; those of SATURATING return with
them how many values of the state were cut off, an item each.
"""

from .blob import F32
from .layers import LAYERS
from .logmel import logmel
from .rows import MOVES, MOVING_POOLS, POOL, ROWS
from .scan import selective_scan
from .value import Op

INTEGER = {3: logmel, **LAYERS, **MOVES, **ROWS}
SATURATING = {26: selective_scan}
DEQUANTIZE = 30

NAMES = {
    1: "linear", 2: "embedding", 3: "logmel", 4: "affine", 5: "activation", 6: "arithmetic", 7: "norm", 8: "softmax",
    9: "concat", 10: "slice", 11: "causal_conv", 12: "conv1d", 13: "window_pool", 14: "unfold", 15: "upsample",
    16: "insert_row", 17: "positions", 18: "align", 19: "reverse", 20: "transpose", 21: "sequence_norm", 22: "pool",
    23: "attention_pool", 24: "flatten", 25: "flatten_linear", 26: "selective_scan", 27: "ssm_norm", 28: "gate",
    29: "quantize", 30: "dequantize",
}


def moves(op: Op) -> bool:
    """Whether it computes nothing: any number type will do, and no exponent changes."""
    return op["kind"] in MOVES or (op["kind"] == POOL and op["variant"] in MOVING_POOLS)


def is_known(op: Op) -> bool:
    if op["type"] == F32 and op["kind"] != DEQUANTIZE and not moves(op):
        return False
    return op["kind"] in INTEGER or op["kind"] in SATURATING
