"""Ops that make one row of a sequence."""

from typing import Callable, Dict, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor


def _std(op: Mapping, x: Tensor) -> Tensor:
    return torch.sqrt(x.var(0, unbiased=op.get("unbiased", False)) + op.get("eps", 0))


POOLS: Dict[str, Callable[[Mapping, Tensor], Tensor]] = {
    "mean": lambda op, x: x.mean(0),
    "last": lambda op, x: x[-1],
    "max": lambda op, x: x.amax(0),
    "first": lambda op, x: x[0],
    "sum": lambda op, x: x.sum(0),
    "row": lambda op, x: x[op.get("index", 0)],
    "min": lambda op, x: x.amin(0),
    "std": _std,
}


def pool(op: Mapping, x: Tensor) -> Tensor:
    return POOLS[op["pool"]](op, x)


def attention_pool(op: Mapping, x: Tensor, score: Tensor) -> Tensor:
    """Rows weighted by the softmax over time of their score [rows, 1] or [rows, width]."""
    return (torch.softmax(score, dim=0) * x).sum(0)


def flatten(op: Mapping, x: Tensor) -> Tensor:
    if x.shape[0] != op["rows"]:
        raise ValueError(f"{op['name']}: {x.shape[0]} rows, {op['rows']} expected")
    is_by_channel = op.get("layout", "time_channel") == "channel_time"
    return (x.t() if is_by_channel else x).reshape(-1)


def flatten_linear(op: Mapping, x: Tensor) -> Tensor:
    return F.linear(flatten(op, x), op["weight"], op.get("bias"))


OUTPUTS = {
    "pool": pool,
    "attention_pool": attention_pool,
    "flatten": flatten,
    "flatten_linear": flatten_linear,
}
