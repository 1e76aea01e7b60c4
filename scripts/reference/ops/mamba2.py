"""Mamba-2 blocks (Dao and Gu, arXiv 2405.21060): the recurrence, head by head."""

from typing import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from .layers import rms_norm
from .time import conv1d


def mamba2(op: Mapping, u: Tensor) -> Tensor:
    """in_proj, convolution over x, B and C, scan, gate and norm, out_proj. [rows, in] -> [rows, out]"""
    heads, groups = op["aLog"].shape[0], op.get("groups", 1)
    convolved = op["conv1d"]["weight"].shape[0]
    projected = F.linear(u, op["inProj"]["weight"], op["inProj"].get("bias"))
    inner = projected.shape[1] - convolved - heads
    z, xBC, dt = projected.split([inner, convolved, heads], dim=-1)
    weight = op["conv1d"]["weight"].reshape(convolved, 1, -1)
    layer = {**op["conv1d"], "weight": weight, "padding": "causal", "groups": convolved}
    both = (convolved - inner) // 2
    x, B, C = F.silu(conv1d(layer, xBC)).split([inner, both, both], dim=-1)
    if "dtBias" in op:
        dt = dt + op["dtBias"]
    delta = F.softplus(dt).clamp(op.get("leastDt", 0), op.get("mostDt", float("inf")))
    y = _scan(op, x, delta, B.reshape(-1, groups, both // groups), C.reshape(-1, groups, both // groups))
    y = _gated(op, y, F.silu(z))
    if "outProj" not in op:
        return y
    return F.linear(y, op["outProj"]["weight"], op["outProj"].get("bias"))


def _scan(op: Mapping, x: Tensor, delta: Tensor, B: Tensor, C: Tensor) -> Tensor:
    """h[t] = exp(dt A) h[t-1] + dt x B;  y = h C + D x: one dt and A a head, B and C a group of heads."""
    rows, heads = delta.shape
    each = heads // B.shape[1]
    A = -torch.exp(op["aLog"])
    per_head = x.reshape(rows, heads, -1)
    h = x.new_zeros(heads, per_head.shape[2], B.shape[2])
    ys = []
    for t in range(rows):
        b, c = (part[t].repeat_interleave(each, 0)[:, None, :] for part in (B, C))
        step = (delta[t, :, None] * per_head[t])[..., None] * b
        h = torch.exp(delta[t] * A)[:, None, None] * h + step
        ys.append((h * c).sum(-1).reshape(-1))
    y = torch.stack(ys)
    if "d" not in op:
        return y
    d = op["d"]
    return y + x * (d if d.shape[0] == x.shape[1] else d.repeat_interleave(x.shape[1] // heads))


def _gated(op: Mapping, y: Tensor, gate: Tensor) -> Tensor:
    if "normWeight" not in op:
        return y * gate
    eps, groups = op.get("normEps", 1e-5), op.get("normGroups", 1)
    if op.get("normPlace", "behind_gate") == "before_gate":
        return rms_norm(y, op["normWeight"], eps, groups) * gate
    return rms_norm(y * gate, op["normWeight"], eps, groups)


MAMBA2 = {"mamba2": mamba2}
