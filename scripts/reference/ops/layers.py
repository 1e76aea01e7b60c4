"""Layers and norms that treat every row by itself."""

from typing import Mapping, Optional

import torch
import torch.nn.functional as F
from torch import Tensor

DEFAULT_EPS = 1e-5


def linear(op: Mapping, x: Tensor) -> Tensor:
    return F.linear(x, op["weight"], op.get("bias"))


def affine(op: Mapping, x: Tensor) -> Tensor:
    return x * op["scale"] + op["shift"]


def norm(op: Mapping, x: Tensor) -> Tensor:
    eps = op.get("eps", DEFAULT_EPS)
    if op["norm"] == "layer":
        return F.layer_norm(x, x.shape[-1:], op.get("weight"), op.get("bias"), eps)
    return rms_norm(x, op.get("weight"), eps, op.get("groups", 1))


def rms_norm(x: Tensor, weight: Optional[Tensor], eps: float, groups: int = 1) -> Tensor:
    """x / sqrt(mean(x^2) + eps), times a weight a channel (Zhang and Sennrich, arXiv 1910.07467); the mean is
    that of a group of channels."""
    parts = x.unflatten(-1, (groups, -1))
    normed = (parts * torch.rsqrt(parts.pow(2).mean(-1, keepdim=True) + eps)).flatten(-2)
    return normed if weight is None else normed * weight


def batchnorm(op: Mapping, x: Tensor) -> Tensor:
    rows = x.reshape(-1, x.shape[-1])
    y = F.batch_norm(rows, op["runningMean"], op["runningVar"], op.get("weight"), op.get("bias"),
                     training=False, eps=op.get("eps", DEFAULT_EPS))
    return y.reshape(x.shape)


LAYERS = {"linear": linear, "affine": affine, "norm": norm, "batchnorm": batchnorm}
