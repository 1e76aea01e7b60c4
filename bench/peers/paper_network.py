"""The benchmark's network in PyTorch, as its users write it: linear, one Mamba block, mean over
frames, linear; batched, with the selective scan of mamba_ssm's `selective_scan_ref`.

Shapes: batch 1, T frames, F features, d_model, d_inner, N = d_state, R = dt_rank.
"""

import sys
from pathlib import Path
from typing import Dict

import torch
import torch.nn.functional as F
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts" / "reference"))
from safetensors_file import read_safetensors  # noqa: E402


def selective_scan(u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor) -> Tensor:
    """`selective_scan_ref`, without its options: u, delta (b, d, l); A (d, n); B, C (b, n, l) -> (b, d, l)"""
    dA = torch.exp(torch.einsum("bdl,dn->bdln", delta, A))
    dBu = torch.einsum("bdl,bnl,bdl->bdln", delta, B, u)
    h = torch.zeros_like(dA[:, :, 0])
    ys = []
    for t in range(u.shape[2]):
        h = dA[:, :, t] * h + dBu[:, :, t]
        ys.append(torch.einsum("bdn,bn->bd", h, C[:, :, t]))
    return torch.stack(ys, dim=2)


class MambaBlock(nn.Module):
    def __init__(self, weights: Dict[str, Tensor]) -> None:
        super().__init__()
        d_inner, d_state = weights["A_log"].shape
        self.d_inner, self.d_state = d_inner, d_state
        self.dt_rank = weights["dt_proj.weight"].shape[1]
        self.in_proj = linear(weights, "in_proj")
        d_conv = weights["conv1d.weight"].shape[-1]
        self.conv1d = nn.Conv1d(d_inner, d_inner, d_conv, groups=d_inner, padding=d_conv - 1)
        self.conv1d.weight.data = weights["conv1d.weight"].reshape(d_inner, 1, d_conv)
        self.conv1d.bias.data = weights["conv1d.bias"]
        self.x_proj = linear(weights, "x_proj")
        self.dt_proj = linear(weights, "dt_proj")
        self.A_log = nn.Parameter(weights["A_log"])
        self.D = nn.Parameter(weights["D"])
        self.out_proj = linear(weights, "out_proj")

    def forward(self, x: Tensor) -> Tensor:
        frames = x.shape[1]
        u, z = self.in_proj(x).transpose(1, 2).chunk(2, dim=1)
        u = F.silu(self.conv1d(u)[:, :, :frames])
        x_dbl = self.x_proj(u.transpose(1, 2))
        dt, B, C = x_dbl.split([self.dt_rank, self.d_state, self.d_state], dim=-1)
        delta = F.softplus(self.dt_proj(dt)).transpose(1, 2)
        A = -torch.exp(self.A_log)
        y = selective_scan(u, delta, A, B.transpose(1, 2), C.transpose(1, 2))
        y = (y + u * self.D.unsqueeze(-1)) * F.silu(z)
        return self.out_proj(y.transpose(1, 2))


class PaperNetwork(nn.Module):
    def __init__(self, weights: Dict[str, Tensor]) -> None:
        super().__init__()
        self.linear_in = linear(weights, "linear_in")
        self.mamba = MambaBlock(under(weights, "mamba."))
        self.classifier = linear(weights, "classifier")

    def forward(self, x: Tensor) -> Tensor:
        """(1, T, F) -> (1, classes)"""
        return self.classifier(self.mamba(self.linear_in(x)).mean(dim=1))


def linear(weights: Dict[str, Tensor], name: str) -> nn.Linear:
    weight, bias = weights[f"{name}.weight"], weights.get(f"{name}.bias")
    layer = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None)
    layer.weight.data = weight
    if bias is not None:
        layer.bias.data = bias
    return layer


def under(weights: Dict[str, Tensor], prefix: str) -> Dict[str, Tensor]:
    length = len(prefix)
    return {name[length:]: w for name, w in weights.items() if name.startswith(prefix)}


def load_network(path: Path) -> PaperNetwork:
    """From a .safetensors file of the paper convention, ready to run."""
    weights = {name: torch.from_numpy(array) for name, array in read_safetensors(path).items()}
    return PaperNetwork(weights).eval().requires_grad_(False)
