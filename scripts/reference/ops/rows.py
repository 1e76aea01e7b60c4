"""Ops without weights that treat every row by itself."""

from functools import partial
from typing import Callable, Mapping, Optional

import torch
import torch.nn.functional as F
from torch import Tensor

ACTIVATIONS = {
    "silu": F.silu,
    "relu": F.relu,
    "gelu": F.gelu,
    "gelu_tanh": partial(F.gelu, approximate="tanh"),
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "softplus": F.softplus,
    "leaky_relu": F.leaky_relu,
    "elu": F.elu,
    "hard_sigmoid": F.hardsigmoid,
    "hard_swish": F.hardswish,
    "relu6": F.relu6,
}


def activate(name: str, x: Tensor, parameter: Optional[float] = None) -> Tensor:
    """`parameter` is leaky_relu's slope or elu's alpha; absent: PyTorch's own default."""
    function = ACTIVATIONS[name]
    return function(x) if parameter is None else function(x, parameter)


def activation(op: Mapping, x: Tensor) -> Tensor:
    return activate(op["activation"], x, op.get("parameter"))


def softmax(op: Mapping, x: Tensor) -> Tensor:
    function = F.log_softmax if op.get("softmax", "softmax") == "log_softmax" else F.softmax
    return function(x, dim=-1)


def _elementwise(function: Callable[[Tensor, Tensor], Tensor]) -> Callable[..., Tensor]:
    """A vector [width] meets every row of [rows, width] by PyTorch's broadcasting."""
    return lambda op, a, b: function(a, b)


def concat(op: Mapping, *values: Tensor) -> Tensor:
    rows = [value.shape[0] for value in values if value.dim() == 2]
    if rows:
        values = tuple(value.expand(rows[0], value.shape[-1]) for value in values)
    return torch.cat(values, dim=-1)


def slice_channels(op: Mapping, x: Tensor) -> Tensor:
    return x.narrow(-1, op.get("first", 0), op["width"])


ROWS = {
    "activation": activation,
    "softmax": softmax,
    "add": _elementwise(torch.add),
    "subtract": _elementwise(torch.sub),
    "multiply": _elementwise(torch.mul),
    "divide": _elementwise(torch.div),
    "maximum": _elementwise(torch.maximum),
    "minimum": _elementwise(torch.minimum),
    "concat": concat,
    "slice": slice_channels,
}
