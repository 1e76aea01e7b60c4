"""Networks as people write them in PyTorch, for graph_cases.py: one module a kind of architecture.

Plain torch, batches of one sequence [1, T, C]. The names of their tensors are what the arch files of test/cases/graph
are about. Knows nothing of what the project makes of them.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def backward(module, x: Tensor) -> Tensor:
    """The module over the reversed sequence, its output put in order again."""
    return module(x.flip(1)).flip(1)


def selective_scan(u, dt, a_log, b, c, d) -> Tensor:
    """u, dt [1, T, E]; a_log [E, N]; b, c [1, T, N]; d [E]."""
    a, state, rows = -torch.exp(a_log), u.new_zeros(a_log.shape), []
    for t in range(u.shape[1]):
        step = dt[0, t, :, None]
        state = torch.exp(step * a) * state + step * u[0, t, :, None] * b[0, t]
        rows.append(state @ c[0, t] + d * u[0, t])
    return torch.stack(rows)[None]


def rms(x: Tensor, eps: float) -> Tensor:
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps)


class RMSNorm(nn.Module):
    def __init__(self, width, eps=1e-5):
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(width)), eps

    def forward(self, x):
        return self.weight * rms(x, self.eps)


class Mamba(nn.Module):
    """mamba_ssm's names and equations, and the variants that keep them."""

    def __init__(self, width, states=4, taps=4, expand=2, order="dtBC", gate=F.silu, centred=False,
                 scan_eps=None, norms=False):
        super().__init__()
        inner, rank = expand * width, max(2, width // 8)
        self.sizes, self.order, self.gate, self.centred = (rank, states), order, gate, centred
        self.scan_eps = scan_eps
        self.in_proj = nn.Linear(width, 2 * inner, bias=False)
        padding = (taps - 1) // 2 if centred else taps - 1
        self.conv1d = nn.Conv1d(inner, inner, taps, groups=inner, padding=padding)
        self.x_proj = nn.Linear(inner, rank + 2 * states, bias=False)
        self.dt_proj = nn.Linear(rank, inner)
        self.A_log, self.D = nn.Parameter(torch.empty(inner, states)), nn.Parameter(torch.empty(inner))
        self.out_proj = nn.Linear(inner, width, bias=False)
        if norms:
            self.dt_layernorm, self.b_layernorm = RMSNorm(rank, scan_eps), RMSNorm(states, scan_eps)
            self.c_layernorm = RMSNorm(states, scan_eps)

    def normed(self, name, x):
        if self.scan_eps is None:
            return x
        return getattr(self, name)(x) if hasattr(self, name) else rms(x, self.scan_eps)

    def projections(self, u):
        rank, states = self.sizes
        rows = self.x_proj(u)
        if self.order == "dtBC":
            dt, b, c = rows.split([rank, states, states], -1)
        else:
            b, c, dt = rows.split([states, states, rank], -1)
        parts = [("dt_layernorm", dt), ("b_layernorm", b), ("c_layernorm", c)]
        dt, b, c = [self.normed(name, part) for name, part in parts]
        return F.softplus(self.dt_proj(dt)), b, c

    def convolved(self, x, conv):
        return F.silu(conv(x.transpose(1, 2))[..., : x.shape[1]]).transpose(1, 2)

    def forward(self, x):
        u, z = self.in_proj(x).chunk(2, -1)
        u = self.convolved(u, self.conv1d)
        dt, b, c = self.projections(u)
        return self.out_proj(selective_scan(u, dt, self.A_log, b, c, self.D) * self.gate(z))


class BimambaV1(Mamba):
    """Vim's first block of two directions: everything is shared but A."""

    def __init__(self, width, **rest):
        super().__init__(width, **rest)
        self.A_b_log = nn.Parameter(torch.empty_like(self.A_log))

    def forward(self, x):
        u, z = self.in_proj(x).chunk(2, -1)
        u = self.convolved(u, self.conv1d)
        dt, b, c = self.projections(u)
        one = selective_scan(u, dt, self.A_log, b, c, self.D) * F.silu(z)
        u, dt, b, c, z = (part.flip(1) for part in (u, dt, b, c, z))
        other = selective_scan(u, dt, self.A_b_log, b, c, self.D) * F.silu(z)
        return self.out_proj(one + other.flip(1))


class BimambaV2(Mamba):
    """Vim's second block of two directions: only the projections in and out are shared."""

    def __init__(self, width, taps=4, divide=False, **rest):
        super().__init__(width, taps=taps, **rest)
        (rank, states), inner = self.sizes, self.D.shape[0]
        self.divide = divide
        self.conv1d_b = nn.Conv1d(inner, inner, taps, groups=inner, padding=taps - 1)
        self.x_proj_b = nn.Linear(inner, rank + 2 * states, bias=False)
        self.dt_proj_b = nn.Linear(rank, inner)
        self.A_b_log, self.D_b = nn.Parameter(torch.empty_like(self.A_log)), nn.Parameter(torch.empty(inner))
        self.gamma = nn.Parameter(torch.empty(width))

    def forward(self, x):
        u, z = self.in_proj(x).chunk(2, -1)
        one = self.direction(u, z, self.conv1d, self.x_proj, self.dt_proj, self.A_log, self.D)
        other = self.direction(u.flip(1), z.flip(1), self.conv1d_b, self.x_proj_b, self.dt_proj_b,
                               self.A_b_log, self.D_b).flip(1)
        both = (one + other) / 2 if self.divide else one + other
        return self.gamma * self.out_proj(both)

    def direction(self, u, z, conv, x_proj, dt_proj, a_log, d):
        rank, states = self.sizes
        u = self.convolved(u, conv)
        dt, b, c = x_proj(u).split([rank, states, states], -1)
        return selective_scan(u, F.softplus(dt_proj(dt)), a_log, b, c, d) * F.silu(z)


# ---- networks --------------------------------------------------------------------------------------------


class BidirectionalTied(nn.Module):
    """One Mamba for both directions of a layer, learned positions."""

    def __init__(self, channels=5, width=8, length=40, classes=4):
        super().__init__()
        self.embed, self.pos = nn.Linear(channels, width), nn.Parameter(torch.empty(1, length, width))
        self.norms = nn.ModuleList([nn.LayerNorm(width) for _ in range(2)])
        self.blocks = nn.ModuleList([Mamba(width) for _ in range(2)])
        self.head = nn.Linear(width, classes)

    def forward(self, x):
        x = self.embed(x) + self.pos[:, : x.shape[1]]
        for norm, block in zip(self.norms, self.blocks):
            y = norm(x)
            x = x + block(y) + backward(block, y)
        return self.head(x.mean(1))


class StemAndAttention(nn.Module):
    """Strided and dilated convolutions with BatchNorm, Mamba, gated attention pool."""

    def __init__(self, channels=6, width=8, classes=5):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv1d(channels, width, 5, stride=2, padding=2), nn.BatchNorm1d(width), nn.SiLU(),
            nn.Conv1d(width, width, 3, padding=2, dilation=2, groups=4, bias=False), nn.BatchNorm1d(width), nn.ReLU(),
        )
        self.norm, self.mamba = nn.LayerNorm(width, eps=1e-6), Mamba(width)
        self.v, self.u, self.w = nn.Linear(width, 6), nn.Linear(width, 6), nn.Linear(6, 1)
        self.head = nn.Linear(width, classes)

    def forward(self, x):
        x = self.stem(x.transpose(1, 2)).transpose(1, 2)
        x = x + self.mamba(self.norm(x))
        score = self.w(torch.tanh(self.v(x)) * torch.sigmoid(self.u(x)))
        return self.head((torch.softmax(score, 1) * x).sum(1))


class InvertedForecast(nn.Module):
    """Variates as tokens: RevIN, a linear over time, both directions, an FFN of 1x1 convolutions, back."""

    def __init__(self, length=24, horizon=6, width=8, variates=5):
        super().__init__()
        self.affine_weight, self.affine_bias = nn.Parameter(torch.empty(variates)), nn.Parameter(torch.empty(variates))
        self.embed = nn.Linear(length, width)
        self.fwd, self.bwd = Mamba(width, taps=2, expand=1), Mamba(width, taps=2, expand=1)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.ffn = nn.Sequential(nn.Conv1d(width, 16, 1), nn.ReLU(), nn.Conv1d(16, width, 1))
        self.project = nn.Linear(width, horizon)

    def forward(self, x):
        mean = x.mean(1, keepdim=True)
        deviation = torch.sqrt(x.var(1, keepdim=True, unbiased=False) + 1e-5)
        z = (x - mean) / deviation * self.affine_weight + self.affine_bias
        z = self.embed(z.transpose(1, 2))
        z = self.norm1(z + self.fwd(z) + backward(self.bwd, z))
        z = self.norm2(z + self.ffn(z.transpose(1, 2)).transpose(1, 2))
        y = self.project(z).transpose(1, 2)
        return (y - self.affine_bias) / self.affine_weight * deviation + mean


class PatchesTwoHeads(nn.Module):
    """Overlapping patches, a class token in front, a table of positions, an MLP, two heads."""

    def __init__(self, channels=2, width=8, patch=8, stride=4, length=48):
        super().__init__()
        self.patch, self.stride, self.proj = patch, stride, nn.Linear(patch * channels, width)
        self.cls_token = nn.Parameter(torch.empty(1, 1, width))
        rows = (length - patch) // stride + 2
        angle = torch.arange(rows)[:, None] / 10000 ** (2 * (torch.arange(width)[None] // 2) / width)
        even = torch.arange(width) % 2 == 0
        self.register_buffer("pos", torch.where(even, torch.sin(angle), torch.cos(angle))[None])
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.forth, self.back = Mamba(width), Mamba(width)
        self.mlp = nn.Sequential(nn.Linear(width, 16), nn.GELU(), nn.Linear(16, width))
        self.cls, self.reg = nn.Linear(width, 3), nn.Sequential(nn.Linear(width, 4), nn.ELU(), nn.Linear(4, 2))

    def forward(self, x):
        patches = x.unfold(1, self.patch, self.stride).flatten(2)  # [1, N, channels * patch]
        x = torch.cat([self.cls_token, self.proj(patches)], 1) + self.pos
        y = self.norm1(x)
        x = x + (self.forth(y) + backward(self.back, y)) / 2
        x = x + self.mlp(self.norm2(x))
        return {"class": self.cls(x[:, 0]), "position": self.reg(x[:, 0])}


class ChannelIndependent(nn.Module):
    """Every channel alone through one shared Mamba; their features side by side."""

    def __init__(self, channels=4, width=6, classes=3):
        super().__init__()
        self.lift, self.pool = nn.Conv1d(1, width, 3, padding=1), nn.AvgPool1d(2)
        self.norm, self.mamba = nn.LayerNorm(width), Mamba(width)
        self.head = nn.Sequential(nn.Linear(channels * width, 8), nn.LeakyReLU(0.1), nn.Linear(8, classes))

    def forward(self, x):
        features = []
        for channel in range(x.shape[2]):
            y = self.pool(self.lift(x[:, None, :, channel])).transpose(1, 2)
            features.append((y + self.mamba(self.norm(y))).mean(1))
        return torch.softmax(self.head(torch.cat(features, -1)), -1)


class EncoderDecoder(nn.Module):
    """Half the rate inside, back by nearest upsampling, a skip; every frame has an output."""

    def __init__(self, channels=3, width=6, outputs=2):
        super().__init__()
        self.stem = nn.Linear(channels, width)
        self.down = nn.Conv1d(width, 12, 3, stride=2, padding=1)
        self.norm, self.mamba = RMSNorm(12), Mamba(12)
        self.up = nn.Conv1d(12, width, 3, padding="same")
        self.merge, self.head = nn.Linear(2 * width, width), nn.Linear(width, outputs)

    def forward(self, x):
        skip = self.stem(x)
        y = F.gelu(self.down(skip.transpose(1, 2)).transpose(1, 2), approximate="tanh")
        y = y + self.mamba(self.norm(y))
        y = F.interpolate(y.transpose(1, 2), scale_factor=2, mode="nearest")
        y = self.up(y).transpose(1, 2)
        return torch.tanh(self.head(F.relu(self.merge(torch.cat([skip, y], -1)))))


class FlattenHead(nn.Module):
    """An embedding by a convolution of one tap, post-norm layers, all rows flattened into one layer."""

    def __init__(self, channels=4, width=6, length=20, classes=3):
        super().__init__()
        self.embed = nn.Conv1d(channels, width, 1)
        self.layers = nn.ModuleList([nn.ModuleDict({"norm": nn.LayerNorm(width), "mixer": Mamba(width)}) for _ in range(2)])
        self.head = nn.Linear(length * width, classes)

    def forward(self, x):
        x = self.embed(x.transpose(1, 2)).transpose(1, 2)
        for layer in self.layers:
            x = layer["norm"](x + layer["mixer"](x))
        return F.log_softmax(self.head(x.flatten(1)), -1)


class Variants(nn.Module):
    """Blocks that keep mamba_ssm's names and compute something else, with a scale a channel, and half of it."""

    def __init__(self, channels=4, width=8):
        super().__init__()
        self.embed, self.norms = nn.Linear(channels, width), nn.ModuleList([nn.LayerNorm(width) for _ in range(4)])
        self.order, self.gated = Mamba(width, order="BCdt"), Mamba(width, gate=torch.sigmoid)
        self.centred = Mamba(width, taps=3, centred=True)
        self.normed = Mamba(width, scan_eps=1e-6, norms=True)
        self.gamma, self.head = nn.Parameter(torch.empty(width)), nn.Linear(width, 3)

    def forward(self, x):
        x = self.embed(x)
        x = x + self.gamma * self.order(self.norms[0](x))
        x = x + 0.5 * self.gated(self.norms[1](x))
        x = x + self.centred(self.norms[2](x))
        return self.head((x + self.normed(self.norms[3](x))).amax(1))


class VimV1(nn.Module):
    """Vim's first block under the names of the stack convention."""

    def __init__(self, channels=4, width=8):
        super().__init__()
        self.linear_in = nn.Linear(channels, width)
        self.layers = nn.ModuleList(
            [nn.ModuleDict({"norm": RMSNorm(width), "mixer": BimambaV1(width)}) for _ in range(2)]
        )
        self.norm_f, self.classifier = RMSNorm(width), nn.Linear(width, 3)

    def forward(self, x):
        x = self.linear_in(x)
        for layer in self.layers:
            x = x + layer["mixer"](layer["norm"](x))
        return self.classifier(self.norm_f(x).mean(1))


class VimV2(nn.Module):
    """Vim's second block, averaged, with layer scale; the class token is in the middle of 20 rows."""

    def __init__(self, channels=4, width=7):
        super().__init__()
        self.patch_embed, self.cls_token = nn.Linear(channels, width), nn.Parameter(torch.empty(1, 1, width))
        self.pos_embed = nn.Parameter(torch.empty(1, 21, width))
        self.layers = nn.ModuleList(
            [nn.ModuleDict({"norm": RMSNorm(width), "mixer": BimambaV2(width, divide=True)}) for _ in range(2)]
        )
        self.norm_f, self.head = RMSNorm(width), nn.Linear(width, 3)

    def forward(self, x):
        x, middle = self.patch_embed(x), x.shape[1] // 2
        x = torch.cat([x[:, :middle], self.cls_token, x[:, middle:]], 1) + self.pos_embed
        for layer in self.layers:
            x = x + layer["mixer"](layer["norm"](x))
        return self.head(self.norm_f(x)[:, middle])


class FalconMamba(nn.Module):
    """Hugging Face's names; dt, B and C are normed without weights. The last token's logits."""

    def __init__(self, vocabulary=11, width=8):
        super().__init__()
        self.backbone = nn.Module()
        self.backbone.embeddings = nn.Embedding(vocabulary, width)
        self.backbone.layers = nn.ModuleList(
            [nn.ModuleDict({"norm": RMSNorm(width, 1e-4), "mixer": Mamba(width, scan_eps=1e-3)}) for _ in range(2)]
        )
        self.backbone.norm_f = RMSNorm(width, 1e-4)
        self.lm_head = nn.Linear(width, vocabulary, bias=False)

    def forward(self, tokens):
        x = self.backbone.embeddings(tokens)
        for layer in self.backbone.layers:
            x = x + layer["mixer"](layer["norm"](x))
        return self.lm_head(self.backbone.norm_f(x)[:, -1])


class GruAndEncoder(nn.Module):
    """A GRU of two layers and both directions, PyTorch's encoder layer, and an LSTM's last hidden state."""

    def __init__(self):
        super().__init__()
        self.inp = nn.Linear(4, 12)
        self.gru = nn.GRU(12, 8, num_layers=2, bidirectional=True, batch_first=True)
        self.encoder = nn.TransformerEncoderLayer(16, 4, 24, batch_first=True, norm_first=True, activation="gelu")
        self.lstm, self.head = nn.LSTM(16, 6, batch_first=True), nn.Linear(6, 3)

    def forward(self, x):
        x, _ = self.gru(self.inp(x))
        _, (hidden, _) = self.lstm(self.encoder(x))
        return self.head(hidden[-1])
