"""A fast selective scan for training: all sequences of a batch at once, with its own gradient.

The recurrence of Mamba-1 (Gu & Dao, arXiv 2312.00752, algorithm 2), as in `selective_scan` of
scripts/reference/mamba_reference.py but without the gate:

    h[t] = exp(delta[t] A) h[t-1] + delta[t] B[t] u[t]        y[t] = C[t] . h[t] + D u[t]

Left to autograd, a loop over time records some ten small operators a frame and dominates training.
Here everything but the recurrence is done for all frames at once, and the recurrence itself is one
multiply-add a frame, forward in time for h and backward in time for its gradient g:

    g[t] = dy[t] C[t] + exp(delta[t+1] A) g[t+1]

The order of the sums over time is that of the sequential scan. Knows nothing of layers.

Shapes: batch, frames, d_inner, N = d_state. The work buffers are [frames, N, batch, d_inner].
"""

from typing import Tuple

import torch
import torch.nn.functional as F
from torch import Tensor

from project import mamba_reference


def selective_scan(
    u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor
) -> Tensor:
    """u, delta [batch, d_inner, frames]; A [d_inner, N]; B, C [batch, N, frames]; D [d_inner].

    -> y [batch, d_inner, frames]
    """
    return _Scan.apply(u, delta, A, B, C) + D[:, None] * u


class _Scan(torch.autograd.Function):
    """The scan without its D skip; one state channel n at a time where that keeps to the cache."""

    @staticmethod
    def forward(ctx, u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor) -> Tensor:
        u, delta, B, C = map(_frames_first, (u, delta, B, C))
        A = A.t().contiguous()
        frames, batch, d_inner = u.shape
        d_state = A.shape[0]
        decay = u.new_empty(frames, d_state, batch, d_inner)
        h = torch.empty_like(decay)
        torch.mul(delta[:, None], A[:, None], out=decay).exp_()
        torch.mul((delta * u)[:, None], _states_second(B), out=h)
        for t in range(1, frames):
            h[t].addcmul_(decay[t], h[t - 1])
        y = torch.zeros_like(u)
        for n in range(d_state):
            y.addcmul_(h[:, n], C[:, :, n, None])
        ctx.save_for_backward(u, delta, A, B, C, decay, h)
        return _frames_last(y)

    @staticmethod
    def backward(ctx, dy: Tensor) -> Tuple[Tensor, ...]:
        u, delta, A, B, C, decay, h = ctx.saved_tensors
        dy = _frames_first(dy)
        frames, d_state = u.shape[0], A.shape[0]
        dA, dB, dC = torch.empty_like(A), torch.empty_like(B), torch.empty_like(C)
        g = dy[:, None] * _states_second(C)
        for t in range(frames - 2, -1, -1):
            g[t].addcmul_(decay[t + 1], g[t + 1])
        delta_u = delta * u
        d_delta_u = torch.zeros_like(u)
        d_delta = torch.zeros_like(u)
        for n in range(d_state):
            dC[:, :, n] = (dy * h[:, n]).sum(dim=-1)
            dB[:, :, n] = (g[:, n] * delta_u).sum(dim=-1)
            d_delta_u.addcmul_(g[:, n], B[:, :, n, None])
            # The gradient of delta A in the state's decay; the first frame decays nothing.
            d_exponent = torch.mul(g[1:, n], decay[1:, n]).mul_(h[:-1, n])
            d_delta[1:].addcmul_(d_exponent, A[n])
            dA[n] = d_exponent.mul_(delta[1:]).sum(dim=(0, 1))
        d_delta.addcmul_(d_delta_u, u)
        du = d_delta_u.mul_(delta)
        return _frames_last(du), _frames_last(d_delta), dA.t(), _frames_last(dB), _frames_last(dC)


def _frames_first(x: Tensor) -> Tensor:
    """[batch, channels, frames] -> [frames, batch, channels], by a 2-D transposition: fast."""
    batch, channels, frames = x.shape
    return x.reshape(batch * channels, frames).t().contiguous().view(frames, batch, channels)


def _frames_last(x: Tensor) -> Tensor:
    """[frames, batch, channels] -> [batch, channels, frames]"""
    frames, batch, channels = x.shape
    return x.reshape(frames, batch * channels).t().contiguous().view(batch, channels, frames)


def _states_second(x: Tensor) -> Tensor:
    """[frames, batch, N] -> [frames, N, batch, 1]"""
    return x.transpose(1, 2).contiguous()[..., None]


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
    got = selective_scan(u, delta, A, B, C, D) * F.silu(z)
    weights = random(batch, d_inner, frames)
    expected_gradients = torch.autograd.grad((expected * weights).sum(), parameters)
    got_gradients = torch.autograd.grad((got * weights).sum(), parameters)
    for e, g in zip((expected, *expected_gradients), (got, *got_gradients)):
        error = (e - g).abs().max() / e.abs().max()
        assert error <= 1e-12, f"the fast scan differs from the sequential one by {error:.3g}"
