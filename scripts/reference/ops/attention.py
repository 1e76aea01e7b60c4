"""Self-attention of several heads, from its equation (Vaswani et al., arXiv 1706.03762, section 3.2)."""

from typing import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor


def attention(op: Mapping, x: Tensor) -> Tensor:
    rows, width = x.shape
    each = width // op["heads"]
    projected = F.linear(x, op["inProj"]["weight"], op["inProj"].get("bias"))
    q, k, v = (part.reshape(rows, op["heads"], each).transpose(0, 1) for part in projected.split(width, dim=-1))
    scores = q @ k.transpose(1, 2) / each**0.5
    if op.get("causal", False):
        scores = scores.masked_fill(torch.ones(rows, rows).triu(1).bool(), float("-inf"))
    mixed = (torch.softmax(scores, dim=-1) @ v).transpose(0, 1).reshape(rows, width)
    return F.linear(mixed, op["outProj"]["weight"], op["outProj"].get("bias"))


ATTENTION = {"attention": attention}
