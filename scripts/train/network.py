"""The classifier that is trained: the `stack` convention of ts/checkpoint/conventions.ts.

linear_in, residual blocks x + mixer(norm(x)) with RMSNorm and a Mamba-1 mixer, norm_f, mean over
time, classifier. Its state dict is the checkpoint. Knows nothing of data or of training.

Inside, activations are [batch, channels, frames]: linear layers are then convolutions of width 1,
which oneDNN runs several times faster than a matrix product without a tuned BLAS.
"""

import math
from dataclasses import asdict, dataclass
from typing import Dict

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from project import mamba_reference
from scan import selective_scan

D_CONV = 4
INITIAL_STEP = (1e-3, 1e-1)
"""Range of softplus(dt_proj.bias) at the start, log-uniform: as in mamba_ssm's `Mamba`."""


@dataclass(frozen=True)
class Sizes:
    """All sizes of a network; dt_rank is the width of dt before dt_proj."""

    inputs: int
    classes: int
    layers: int
    d_model: int
    d_inner: int
    d_state: int
    dt_rank: int
    d_conv: int = D_CONV


class Linear(nn.Linear):
    """y = W x + b at every frame: [batch, in, frames] -> [batch, out, frames]."""

    def forward(self, x: Tensor) -> Tensor:
        return F.conv1d(x, self.weight[:, :, None], self.bias)


class RmsNorm(nn.Module):
    """x / sqrt(mean over channels of x^2 + eps) * weight."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        mean_square = x.square().mean(dim=1, keepdim=True)
        return x * torch.rsqrt(mean_square + mamba_reference.NORM_EPS) * self.weight[:, None]


class Mixer(nn.Module):
    """One Mamba-1 block, [batch, d_model, frames] -> the same; initialised as in mamba_ssm."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        d_inner, d_state, dt_rank = sizes.d_inner, sizes.d_state, sizes.dt_rank
        self.split = [dt_rank, d_state, d_state]
        self.in_proj = Linear(sizes.d_model, 2 * d_inner, bias=False)
        self.conv1d = nn.Conv1d(
            d_inner, d_inner, sizes.d_conv, groups=d_inner, padding=sizes.d_conv - 1
        )
        self.x_proj = Linear(d_inner, sum(self.split), bias=False)
        self.dt_proj = Linear(dt_rank, d_inner)
        self.A_log = nn.Parameter(
            torch.arange(1, d_state + 1, dtype=torch.float32).log().repeat(d_inner, 1)
        )
        self.D = nn.Parameter(torch.ones(d_inner))
        self.out_proj = Linear(d_inner, sizes.d_model, bias=False)

        nn.init.uniform_(self.dt_proj.weight, -(dt_rank**-0.5), dt_rank**-0.5)
        low, high = map(math.log, INITIAL_STEP)
        step = torch.exp(low + (high - low) * torch.rand(d_inner))
        with torch.no_grad():
            self.dt_proj.bias.copy_(step + torch.log(-torch.expm1(-step)))
            self.out_proj.weight.div_(math.sqrt(sizes.layers))

    def forward(self, x: Tensor) -> Tensor:
        frames = x.shape[2]
        u, z = self.in_proj(x).chunk(2, dim=1)
        u = F.silu(self.conv1d(u)[:, :, :frames])
        dt, B, C = self.x_proj(u).split(self.split, dim=1)
        delta = F.softplus(self.dt_proj(dt))
        y = selective_scan(u, delta, -torch.exp(self.A_log), B, C, self.D)
        return self.out_proj(y * F.silu(z))


class Block(nn.Module):
    """x + mixer(norm(x)); in training the branch is dropped for some sequences."""

    def __init__(self, sizes: Sizes, drop_rate: float) -> None:
        super().__init__()
        self.drop_rate = drop_rate
        self.norm = RmsNorm(sizes.d_model)
        self.mixer = Mixer(sizes)

    def forward(self, x: Tensor) -> Tensor:
        y = self.mixer(self.norm(x))
        if self.training and self.drop_rate > 0:
            keep = torch.rand(x.shape[0], 1, 1) >= self.drop_rate
            y = y * keep / (1 - self.drop_rate)
        return x + y


class Network(nn.Module):
    """frames [batch, T, inputs] -> logits [batch, classes]."""

    def __init__(self, sizes: Sizes, dropout: float = 0.0, branch_drop_rate: float = 0.0) -> None:
        """`dropout` is of the pooled features, `branch_drop_rate` of whole mixers a sequence."""
        super().__init__()
        self.dropout = dropout
        self.linear_in = Linear(sizes.inputs, sizes.d_model)
        self.layers = nn.ModuleList(
            Block(sizes, branch_drop_rate) for _ in range(sizes.layers)
        )
        self.norm_f = RmsNorm(sizes.d_model)
        self.classifier = nn.Linear(sizes.d_model, sizes.classes)

    def forward(self, frames: Tensor) -> Tensor:
        x = self.linear_in(frames.transpose(1, 2))
        for layer in self.layers:
            x = layer(x)
        pooled = self.norm_f(x).mean(dim=2)
        return self.classifier(F.dropout(pooled, self.dropout, self.training))


def parameter_count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def check_network(sizes: Sizes, frames: int) -> None:
    """A random network against the sequential reference, float32; AssertionError beyond 1e-5."""
    torch.manual_seed(2)
    network = Network(sizes).eval()
    x = torch.randn(3, frames, sizes.inputs)
    with torch.no_grad():
        state: Dict[str, Tensor] = network.state_dict()
        expected = torch.stack([mamba_reference.stack_logits(state, row) for row in x])
        error = (network(x) - expected).abs().max() / expected.abs().max()
    assert error <= 1e-5, f"{asdict(sizes)}: differs from the reference by {error:.3g}"
