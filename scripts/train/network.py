"""The classifier that is trained: the `stack` convention of ts/checkpoint/conventions.ts.

linear_in, residual blocks x + mixer(norm(x)) with RMSNorm and a Mamba-1 mixer, norm_f, mean over
time, classifier. Its state dict is the checkpoint. Knows nothing of data or of training.

Inside, activations are [batch, channels, frames]: linear layers are then convolutions of width 1,
which oneDNN runs several times faster than a matrix product without a tuned BLAS.
"""

import math
from dataclasses import asdict, dataclass
from typing import Dict, List, NamedTuple, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from project import mamba_reference, mambalite_torch
from mambalite_torch.layers import at_every_frame  # noqa: I001  on the path that project sets
from scan import carried_scan

D_CONV = 4


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


class Carried(NamedTuple):
    """What a mixer hands on to the next part of a stream: the last inputs of its convolution
    [batch, d_inner, d_conv - 1] and its state [batch, d_inner, d_state]."""

    inputs: Tensor
    state: Tensor


class Mixer(mambalite_torch.Mamba):
    """One Mamba-1 block, [batch, d_model, frames] -> the same; initialised as in mamba_ssm."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__(
            sizes.d_model,
            d_state=sizes.d_state,
            d_conv=sizes.d_conv,
            d_inner=sizes.d_inner,
            dt_rank=sizes.dt_rank,
        )
        with torch.no_grad():
            self.out_proj.weight.div_(math.sqrt(sizes.layers))

    def forward(self, x: Tensor) -> Tensor:
        return self.forward_channels(x)

    def nothing_carried(self, batch: int) -> Carried:
        sizes = (self.d_conv - 1, self.d_state)
        return Carried(*(torch.zeros(batch, self.d_inner, size) for size in sizes))

    def go_on(self, x: Tensor, carried: Carried) -> Tuple[Tensor, Carried]:
        """`forward` of the next part of a stream; gradients end where it begins."""
        u, z = at_every_frame(self.in_proj, x).chunk(2, dim=1)
        u = torch.cat([carried.inputs, u], dim=2)
        inputs = u[:, :, u.shape[2] - carried.inputs.shape[2] :].detach()
        u = F.silu(F.conv1d(u, self.conv1d.weight, self.conv1d.bias, groups=self.d_inner))
        sizes = [self.dt_rank, self.d_state, self.d_state]
        dt, B, C = at_every_frame(self.x_proj, u).split(sizes, dim=1)
        delta = F.softplus(at_every_frame(self.dt_proj, dt))
        A = -torch.exp(self.A_log)
        y, state = carried_scan(u, delta, A, B, C, self.D, carried.state)
        y = at_every_frame(self.out_proj, y * F.silu(z))
        return y, Carried(inputs, state)


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

    def go_on(self, x: Tensor, carried: Carried) -> Tuple[Tensor, Carried]:
        y, carried = self.mixer.go_on(self.norm(x), carried)
        return x + y, carried


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
        return self._classify(self._features(frames).mean(dim=2))

    def windows(self, frames: Tensor, length: int, hop: int) -> Tensor:
        """Logits of every window of `length` frames, `hop` apart, with the state never reset.

        frames [batch, T, inputs] -> [batch, answers, classes]
        """
        pooled = F.avg_pool1d(self._features(frames), length, hop)
        return self._classify(pooled.transpose(1, 2))

    def nothing_carried(self, batch: int) -> List[Carried]:
        return [layer.mixer.nothing_carried(batch) for layer in self.layers]

    def go_on(
        self, frames: Tensor, length: int, hop: int, carried: List[Carried]
    ) -> Tuple[Tensor, List[Carried]]:
        """`windows` of the next part of streams. -> logits, what their next part goes on from"""
        x, after = self.linear_in(frames.transpose(1, 2)), []
        for layer, own in zip(self.layers, carried):
            x, own = layer.go_on(x, own)
            after.append(own)
        pooled = F.avg_pool1d(self.norm_f(x), length, hop)
        return self._classify(pooled.transpose(1, 2)), after

    def _features(self, frames: Tensor) -> Tensor:
        x = self.linear_in(frames.transpose(1, 2))
        for layer in self.layers:
            x = layer(x)
        return self.norm_f(x)

    def _classify(self, pooled: Tensor) -> Tensor:
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
        at = frames // 3
        _, carried = network.go_on(x[:, :at], at, at, network.nothing_carried(len(x)))
        last, _ = network.go_on(x[:, at:], frames - at, frames - at, carried)
        whole = network.windows(x, frames - at, at)[:, 1:]
    assert error <= 1e-5, f"{asdict(sizes)}: differs from the reference by {error:.3g}"
    error = (last - whole).abs().max() / whole.abs().max()
    assert error <= 1e-5, f"{asdict(sizes)}: differs in two parts by {error:.3g}"
