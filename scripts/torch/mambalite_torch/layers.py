"""Layers to train with, in plain torch: mamba_ssm's names, sizes and state dicts, without CUDA.

`forward` takes [batch, time, d_model]; `forward_channels` [batch, d_model, time], which is how they
work inside: linear layers are then convolutions of one tap, which oneDNN runs several times faster
than a matrix product without a tuned BLAS.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn

from .scan import selective_scan

NORM_EPS = 1e-5


def at_every_frame(layer, x):
    """A linear layer of [batch, channels, time]."""
    return F.conv1d(x, layer.weight[:, :, None], layer.bias)


class FromChannels(nn.Module):
    """forward by way of forward_channels."""

    def forward(self, x):
        return self.forward_channels(x.transpose(1, 2)).transpose(1, 2)

    def forward_channels(self, x):
        raise NotImplementedError


def initial_dt_bias(size, low, high, floor):
    """Biases that make a softplus of log-uniform steps."""
    step = torch.exp(math.log(low) + (math.log(high) - math.log(low)) * torch.rand(size))
    step = step.clamp(min=floor)
    return step + torch.log(-torch.expm1(-step))


class Mamba(FromChannels):
    """A Mamba-1 block, as mamba_ssm's `Mamba`: any sizes, small ones, too."""

    def __init__(
        self,
        d_model,
        d_state=16,
        d_conv=4,
        expand=2,
        dt_rank="auto",
        dt_min=1e-3,
        dt_max=0.1,
        dt_init_floor=1e-4,
        conv_bias=True,
        bias=False,
        d_inner=None,
    ):
        super().__init__()
        self.d_model, self.d_state, self.d_conv, self.expand = d_model, d_state, d_conv, expand
        self.d_inner = d_inner or int(expand * d_model)
        self.dt_rank = math.ceil(d_model / 16) if dt_rank == "auto" else dt_rank
        self.in_proj = nn.Linear(d_model, 2 * self.d_inner, bias=bias)
        for suffix in self.directions():
            for name, part in self.direction(conv_bias).items():
                setattr(self, part_name(name, suffix), part)
        self.out_proj = nn.Linear(self.d_inner, d_model, bias=bias)
        for suffix in self.directions():
            self.initialise(getattr(self, part_name("dt_proj", suffix)), dt_min, dt_max, dt_init_floor)

    def directions(self):
        """What the names of each direction's weights have at their end."""
        return ("",)

    def direction(self, conv_bias):
        """The parts of one direction, new, by their names."""
        inner, states = self.d_inner, self.d_state
        conv1d = nn.Conv1d(
            inner, inner, self.d_conv, groups=inner, padding=self.d_conv - 1, bias=conv_bias
        )
        x_proj = nn.Linear(inner, self.dt_rank + 2 * states, bias=False)
        dt_proj = nn.Linear(self.dt_rank, inner)
        A_log = nn.Parameter(torch.arange(1.0, states + 1).log().repeat(inner, 1))
        D = nn.Parameter(torch.ones(inner))
        A_log._no_weight_decay = D._no_weight_decay = True
        return {"conv1d": conv1d, "x_proj": x_proj, "dt_proj": dt_proj, "A_log": A_log, "D": D}

    def initialise(self, dt_proj, low, high, floor):
        nn.init.uniform_(dt_proj.weight, -(self.dt_rank**-0.5), self.dt_rank**-0.5)
        with torch.no_grad():
            dt_proj.bias.copy_(initial_dt_bias(self.d_inner, low, high, floor))
        dt_proj.bias._no_reinit = True

    def forward_channels(self, x):
        u, z = at_every_frame(self.in_proj, x).chunk(2, dim=1)
        return at_every_frame(self.out_proj, self.one_way(u, z))

    def one_way(self, u, z, suffix=""):
        """Convolution, scan and gate with the weights of one direction."""
        conv1d, x_proj, dt_proj, A_log, D = (
            getattr(self, part_name(name, suffix))
            for name in ("conv1d", "x_proj", "dt_proj", "A_log", "D")
        )
        u = F.silu(conv1d(u)[:, :, : u.shape[2]])
        sizes = [self.dt_rank, self.d_state, self.d_state]
        dt, B, C = at_every_frame(x_proj, u).split(sizes, dim=1)
        delta = F.softplus(at_every_frame(dt_proj, dt))
        return selective_scan(u, delta, -torch.exp(A_log), B, C, D) * F.silu(z)


def part_name(name, suffix):
    """conv1d_b, A_b_log"""
    return f"A{suffix}_log" if name == "A_log" else name + suffix


class BidirectionalMamba(Mamba):
    """Both directions between one in_proj and one out_proj, with weights of their own (Vim's names:
    A_b_log, conv1d_b, x_proj_b, dt_proj_b, D_b); `divide`: their mean, not their sum."""

    def __init__(self, d_model, *args, divide=False, **kwargs):
        super().__init__(d_model, *args, **kwargs)
        self.if_divide_out = divide

    def directions(self):
        return ("", "_b")

    def forward_channels(self, x):
        u, z = at_every_frame(self.in_proj, x).chunk(2, dim=1)
        y = self.one_way(u, z) + self.one_way(u.flip(2), z.flip(2), "_b").flip(2)
        return at_every_frame(self.out_proj, y / 2 if self.if_divide_out else y)


class GatedRMSNorm(nn.Module):
    """RMSNorm of y silu(z) over groups of channels, [batch, channels, time]."""

    def __init__(self, channels, groups, eps=NORM_EPS):
        super().__init__()
        self.groups, self.eps = groups, eps
        self.weight = nn.Parameter(torch.ones(channels))

    def forward(self, y, z):
        y = (y * F.silu(z)).unflatten(1, (self.groups, -1))
        y = y * torch.rsqrt(y.square().mean(dim=2, keepdim=True) + self.eps)
        return y.flatten(1, 2) * self.weight[:, None]


class Mamba2(FromChannels):
    """A Mamba-2 block, as mamba_ssm's `Mamba2`: any sizes, also d_model 16 to 64."""

    def __init__(
        self,
        d_model,
        d_state=128,
        d_conv=4,
        expand=2,
        headdim=64,
        ngroups=1,
        A_init_range=(1, 16),
        dt_min=1e-3,
        dt_max=0.1,
        dt_init_floor=1e-4,
        conv_bias=True,
        bias=False,
    ):
        super().__init__()
        self.d_inner, self.d_state, self.ngroups = int(expand * d_model), d_state, ngroups
        self.headdim = headdim
        if self.d_inner % headdim != 0:
            raise ValueError(f"headdim {headdim} does not divide expand * d_model, {self.d_inner}")
        self.nheads = self.d_inner // headdim
        if self.nheads % ngroups != 0:
            raise ValueError(f"ngroups {ngroups} does not divide the {self.nheads} heads")
        filtered = self.d_inner + 2 * ngroups * d_state
        self.in_proj = nn.Linear(d_model, self.d_inner + filtered + self.nheads, bias=bias)
        self.conv1d = nn.Conv1d(
            filtered, filtered, d_conv, groups=filtered, padding=d_conv - 1, bias=conv_bias
        )
        self.dt_bias = nn.Parameter(initial_dt_bias(self.nheads, dt_min, dt_max, dt_init_floor))
        self.A_log = nn.Parameter(torch.empty(self.nheads).uniform_(*A_init_range).log())
        self.D = nn.Parameter(torch.ones(self.nheads))
        for parameter in (self.dt_bias, self.A_log, self.D):
            parameter._no_weight_decay = True
        self.norm = GatedRMSNorm(self.d_inner, ngroups)
        self.out_proj = nn.Linear(self.d_inner, d_model, bias=bias)

    def forward_channels(self, x):
        states = self.ngroups * self.d_state
        sizes = [self.d_inner, self.d_inner + 2 * states, self.nheads]
        z, filtered, dt = at_every_frame(self.in_proj, x).split(sizes, dim=1)
        filtered = F.silu(self.conv1d(filtered)[:, :, : x.shape[2]])
        u, B, C = filtered.split([self.d_inner, states, states], dim=1)
        delta = F.softplus(dt + self.dt_bias[:, None]).repeat_interleave(self.headdim, 1)
        A = -torch.exp(self.A_log).repeat_interleave(self.headdim)[:, None]
        A, D = A.expand(-1, self.d_state), self.D.repeat_interleave(self.headdim)
        groups = [part.chunk(self.ngroups, dim=at) for part, at in
                  ((u, 1), (delta, 1), (A, 0), (B, 1), (C, 1), (D, 0))]
        y = torch.cat([selective_scan(*group) for group in zip(*groups)], dim=1)
        return at_every_frame(self.out_proj, self.norm(y, z))
