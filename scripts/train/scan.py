"""The scan of mambalite_torch that goes on from a state, and the check that both are the sequential
one of the reference. Knows nothing of layers."""

from typing import Tuple

import torch
import torch.nn.functional as F
from torch import Tensor

from project import mamba_reference, mambalite_torch


def carried_scan(
    u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, state: Tensor
) -> Tuple[Tensor, Tensor]:
    """The scan from `state` on, by linearity: what it would be from none, and what is left of it.

    u, delta [batch, d_inner, frames]; A, state [d_inner, N] and that a batch; B, C [batch, N, frames]
    -> y [batch, d_inner, frames]; the state behind the last frame, without gradients
    """
    y = mambalite_torch.selective_scan(u, delta, A, B, C, D)
    elapsed = delta.cumsum(dim=2)
    for n in range(A.shape[1]):
        left = torch.exp(A[:, n, None] * elapsed) * state[:, :, n, None]
        y = y + C[:, n, None] * left
    with torch.no_grad():
        to_come = elapsed[:, :, -1:] - elapsed
        after = [
            torch.exp(A[:, n] * elapsed[:, :, -1]) * state[:, :, n]
            + (torch.exp(A[:, n, None] * to_come) * delta * u * B[:, n, None]).sum(dim=2)
            for n in range(A.shape[1])
        ]
    return y, torch.stack(after, dim=2)


def check_scan(frames: int = 23, batch: int = 3, d_inner: int = 5, d_state: int = 4) -> None:
    """Values and gradients against the sequential reference, in float64.

    Raises AssertionError beyond 1e-12, relative to the largest value.
    """
    generator = torch.Generator().manual_seed(1)

    def random(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    parameters = [
        random(batch, d_inner, frames),
        random(batch, d_inner, frames).exp(),
        -random(d_inner, d_state).exp(),
        random(batch, d_state, frames),
        random(batch, d_state, frames),
        random(d_inner),
    ]
    for parameter in parameters:
        parameter.requires_grad_()
    u, delta, A, B, C, D = parameters
    z = random(batch, d_inner, frames)

    def sequential(b: int) -> Tensor:
        u_b, delta_b, B_b, C_b, z_b = (x[b].t() for x in (u, delta, B, C, z))
        return mamba_reference.selective_scan(u_b, delta_b, A, B_b, C_b, D, z_b).t()

    expected = torch.stack([sequential(b) for b in range(batch)])
    got = mambalite_torch.selective_scan(u, delta, A, B, C, D) * F.silu(z)
    weights = random(batch, d_inner, frames)
    expected_gradients = torch.autograd.grad((expected * weights).sum(), parameters)
    got_gradients = torch.autograd.grad((got * weights).sum(), parameters)
    for e, g in zip((expected, *expected_gradients), (got, *got_gradients)):
        error = (e - g).abs().max() / e.abs().max()
        assert error <= 1e-12, f"the fast scan differs from the sequential one by {error:.3g}"

    with torch.no_grad():
        at = frames // 3
        state = torch.zeros(batch, d_inner, d_state, dtype=torch.float64)
        parts = []
        for part in (slice(at), slice(at, None)):
            cut = [x[:, :, part] for x in (u, delta, B, C)]
            y, state = carried_scan(cut[0], cut[1], A, cut[2], cut[3], D, state)
            parts.append(y * F.silu(z[:, :, part]))
        error = (torch.cat(parts, dim=2) - expected).abs().max() / expected.abs().max()
    assert error <= 1e-12, f"the scan that goes on differs from the sequential one by {error:.3g}"
