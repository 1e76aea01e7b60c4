"""Convolutions and pools over time and bands, and bands that become rows. Values are [rows, bands * channels], a band's channels side by side;
PyTorch's layers want [1, channels, rows, bands]."""

from typing import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from .time import padding_of


def _to_torch(x: Tensor, bands: int) -> Tensor:
    return x.reshape(x.shape[0], bands, -1).permute(2, 0, 1)[None]


def _from_torch(x: Tensor) -> Tensor:
    return x[0].permute(1, 2, 0).reshape(x.shape[2], -1)


def _padded(op: Mapping, x: Tensor, span: int, value: float = 0) -> Tensor:
    beside = op.get("bandPadding", 0)
    return F.pad(_to_torch(x, op["bands"]), (beside, beside, *padding_of(op.get("padding", 0), span)), value=value)


def conv2d(op: Mapping, x: Tensor) -> Tensor:
    dilation = (op.get("dilation", 1), op.get("bandDilation", 1))
    padded = _padded(op, x, (op["weight"].shape[2] - 1) * dilation[0] + 1)
    stride = (op.get("stride", 1), op.get("bandStride", 1))
    return _from_torch(F.conv2d(padded, op["weight"], op.get("bias"), stride, 0, dilation, op.get("groups", 1)))


def pool2d(op: Mapping, x: Tensor) -> Tensor:
    window = (op["window"], op["bandWindow"])
    stride = (op.get("stride", window[0]), op.get("bandStride", window[1]))
    if op["pool"] == "max":
        return _from_torch(F.max_pool2d(_padded(op, x, window[0], float("-inf")), window, stride))
    means = F.avg_pool2d(_padded(op, x, window[0]), window, stride)
    if op.get("countIncludePad", True):
        return _from_torch(means)
    return _from_torch(means / F.avg_pool2d(_padded(op, torch.ones_like(x), window[0]), window, stride))


def split_rows(op: Mapping, x: Tensor) -> Tensor:
    return _to_torch(x, op["count"]).flatten(2)[0].t()


BANDS = {"conv2d": conv2d, "pool2d": pool2d, "split_rows": split_rows}
