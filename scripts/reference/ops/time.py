"""Ops that mix rows of different times or change their number. Values are [rows, channels]; PyTorch's
layers of sequences want [1, channels, rows]."""

from typing import Mapping, Tuple, Union

import torch
import torch.nn.functional as F
from torch import Tensor

from .layers import DEFAULT_EPS


def _to_torch(x: Tensor) -> Tensor:
    return x.t()[None]


def _from_torch(x: Tensor) -> Tensor:
    return x[0].t()


def padding_of(padding: Union[int, str], span: int) -> Tuple[int, int]:
    """Rows before the first and behind the last. "same" is that of torch.nn.Conv1d: an odd one is behind."""
    if padding == "causal":
        return span - 1, 0
    if padding == "same":
        return (span - 1) // 2, span - 1 - (span - 1) // 2
    return padding, padding


def conv1d(op: Mapping, x: Tensor) -> Tensor:
    weight, dilation = op["weight"], op.get("dilation", 1)
    span = (weight.shape[2] - 1) * dilation + 1
    padded = F.pad(_to_torch(x), padding_of(op.get("padding", 0), span))
    return _from_torch(F.conv1d(padded, weight, op.get("bias"), stride=op.get("stride", 1),
                                dilation=dilation, groups=op.get("groups", 1)))


def window_pool(op: Mapping, x: Tensor) -> Tensor:
    window = op["window"]
    stride = op.get("stride", window)
    padding = padding_of(op.get("padding", 0), window)
    if op["pool"] == "max":
        padded = F.pad(_to_torch(x), padding, value=float("-inf"))
        return _from_torch(F.max_pool1d(padded, window, stride))
    means = F.avg_pool1d(F.pad(_to_torch(x), padding), window, stride)
    if op.get("countIncludePad", True):
        return _from_torch(means)
    present = F.avg_pool1d(F.pad(torch.ones_like(_to_torch(x)), padding), window, stride)
    return _from_torch(means / present)


def unfold(op: Mapping, x: Tensor) -> Tensor:
    windows = x.unfold(0, op["window"], op.get("stride", op["window"]))  # [rows, channels, window]
    if op.get("layout", "time_channel") == "time_channel":
        windows = windows.transpose(1, 2)
    return windows.reshape(windows.shape[0], -1)


def upsample(op: Mapping, x: Tensor) -> Tensor:
    return _from_torch(F.interpolate(_to_torch(x), scale_factor=op["repeat"], mode="nearest"))


def insert_row(op: Mapping, x: Tensor) -> Tensor:
    position = op.get("position", 0)
    position = x.shape[0] if position == "end" else position
    return torch.cat([x[:position], op["row"].reshape(1, -1), x[position:]])


def positions(op: Mapping, x: Tensor) -> Tensor:
    return x + op["table"].reshape(-1, x.shape[1])[: x.shape[0]]


def reverse(op: Mapping, x: Tensor) -> Tensor:
    return x.flip(0)


def transpose(op: Mapping, x: Tensor) -> Tensor:
    if x.shape[0] != op["rows"]:
        raise ValueError(f"{op['name']}: {x.shape[0]} rows, {op['rows']} expected")
    return x.t()


def sequence_norm(op: Mapping, x: Tensor) -> Tensor:
    """torch.group_norm, as F.group_norm refuses a single value, which has statistics all the same."""
    return _from_torch(torch.group_norm(_to_torch(x).contiguous(), op.get("groups", 1), op.get("weight"),
                                        op.get("bias"), op.get("eps", DEFAULT_EPS)))


TIME = {
    "conv1d": conv1d,
    "window_pool": window_pool,
    "unfold": unfold,
    "upsample": upsample,
    "insert_row": insert_row,
    "positions": positions,
    "reverse": reverse,
    "transpose": transpose,
    "sequence_norm": sequence_norm,
}
