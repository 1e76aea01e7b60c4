"""The check that the scan of mambalite_torch, which training uses, is the sequential one of the reference."""

import torch
import torch.nn.functional as F
from torch import Tensor

from project import mamba_reference, mambalite_torch


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
