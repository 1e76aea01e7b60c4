"""Mamba-1 blocks and their parts (Gu and Dao, arXiv 2312.00752; `selective_scan_ref` of mamba_ssm)."""

import re
from typing import Mapping, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor

from .layers import rms_norm
from .rows import activate
from .time import conv1d


def gate(op: Mapping, y: Tensor, u: Tensor) -> Tensor:
    return y * activate(op.get("activation", "silu"), F.linear(u, op["weight"], op.get("bias")))


def selective_scan(op: Mapping, x: Tensor) -> Tensor:
    """h[t] = exp(dt A) h[t-1] + dt B x;  y = C . h + D x, with dt, B and C from x. [rows, inner]"""
    dt, B, C = _dt_B_C(op, x)
    delta = F.softplus(F.linear(dt, op["dtProj"]["weight"], op["dtProj"].get("bias")))
    A = -torch.exp(op["aLog"])
    h = torch.zeros_like(A)
    rows = []
    for t in range(x.shape[0]):
        h = torch.exp(delta[t, :, None] * A) * h + (delta[t] * x[t])[:, None] * B[t]
        rows.append(h @ C[t])
    y = torch.stack(rows)
    return y + op["d"] * x if "d" in op else y


def _dt_B_C(op: Mapping, x: Tensor) -> Tuple[Tensor, Tensor, Tensor]:
    """[rows, rank], [rows, states], [rows, states]: x_proj's rows in their order, perhaps normed."""
    states, rank = op["aLog"].shape[1], op["dtProj"]["weight"].shape[1]
    order = re.findall("dt|B|C", op.get("xProjOrder", "dtBC"))
    widths = [rank if part == "dt" else states for part in order]
    projected = F.linear(x, op["xProj"]["weight"], op["xProj"].get("bias"))
    parts = dict(zip(order, projected.split(widths, dim=-1)))
    if "scanNorm" in op:
        norms = op["scanNorm"]
        weights = {"dt": norms.get("dt"), "B": norms.get("b"), "C": norms.get("c")}
        parts = {name: rms_norm(part, weights[name], norms["eps"]) for name, part in parts.items()}
    return parts["dt"], parts["B"], parts["C"]


def mamba(op: Mapping, u: Tensor) -> Tensor:
    """in_proj, convolution, scan, gate, out_proj. [rows, in] -> [rows, out]"""
    inner, gating = op["aLog"].shape[0], op.get("gate", "silu")
    projected = F.linear(u, op["inProj"]["weight"], op["inProj"].get("bias"))
    x, z = projected.split([inner, projected.shape[1] - inner], dim=-1)
    x = _convolved(op, x)
    if op.get("convActivation", "silu") == "silu":
        x = F.silu(x)
    y = selective_scan(op, x)
    if gating != "none":
        y = y * activate(gating, z)
    if "outProj" not in op:
        return y
    return F.linear(y, op["outProj"]["weight"], op["outProj"].get("bias"))


def _convolved(op: Mapping, x: Tensor) -> Tensor:
    if "conv1d" not in op:
        return x
    channels = x.shape[1]
    layer = {
        "weight": op["conv1d"]["weight"].reshape(channels, 1, -1),
        "padding": "same" if op.get("convolution") == "centred" else "causal",
        "groups": channels,
    }
    if "bias" in op["conv1d"]:
        layer["bias"] = op["conv1d"]["bias"]
    return conv1d(layer, x)


MAMBA = {"gate": gate, "selective_scan": selective_scan, "mamba": mamba}
