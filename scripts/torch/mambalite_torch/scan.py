"""A selective scan for training: all sequences of a batch at once, with its own gradient.

The recurrence of Mamba-1 (Gu & Dao, arXiv 2312.00752, algorithm 2):

    h[t] = exp(delta[t] A) h[t-1] + delta[t] B[t] u[t]        y[t] = C[t] . h[t] + D u[t]

Left to autograd, a loop over time records some ten small operators a frame and dominates training.
Here everything but the recurrence is done for all frames at once, and the recurrence itself is one
multiply-add a frame, forward in time for h and backward in time for its gradient g:

    g[t] = dy[t] C[t] + exp(delta[t+1] A) g[t+1]

Where a frame of all sequences is small, time is cut into chunks that go in parallel; what one hands
to the next is added behind them. Knows nothing of layers.

Shapes: batch, frames, d_inner, N = d_state. The work buffers are [frames, N, batch, d_inner].
"""

import torch

WORTH_A_STEP = 8192
"""Elements of all states, of which one step takes longer than starting it does."""
LEAST_CHUNK = 8


def selective_scan(u, delta, A, B, C, D=None):
    """u, delta [batch, d_inner, frames]; A [d_inner, N]; B, C [batch, N, frames]; D [d_inner].

    -> y [batch, d_inner, frames]
    """
    y = SelectiveScan.apply(u, delta, A, B, C)
    return y if D is None else y + D[:, None] * u


class SelectiveScan(torch.autograd.Function):
    """The scan without its D skip; one state channel n at a time where that keeps to the cache."""

    @staticmethod
    def forward(ctx, u, delta, A, B, C):
        u, delta, B, C = map(frames_first, (u, delta, B, C))
        A = A.t().contiguous()
        frames, batch, d_inner = u.shape
        d_state = A.shape[0]
        decay = u.new_empty(frames, d_state, batch, d_inner)
        h = torch.empty_like(decay)
        torch.mul(delta[:, None], A[:, None], out=decay).exp_()
        torch.mul((delta * u)[:, None], states_second(B), out=h)
        accumulate(decay, h)
        y = torch.zeros_like(u)
        for n in range(d_state):
            y.addcmul_(h[:, n], C[:, :, n, None])
        ctx.save_for_backward(u, delta, A, B, C, decay, h)
        return frames_last(y)

    @staticmethod
    def backward(ctx, dy):
        u, delta, A, B, C, decay, h = ctx.saved_tensors
        dy = frames_first(dy)
        d_state = A.shape[0]
        dA, dB, dC = torch.empty_like(A), torch.empty_like(B), torch.empty_like(C)
        g = dy[:, None] * states_second(C)
        accumulate_back(decay, g)
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
        return frames_last(du), frames_last(d_delta), dA.t(), frames_last(dB), frames_last(dC)


def accumulate(decay, x):
    """x[t] += decay[t] x[t-1] for t = 1 ..., in place."""
    frames = x.shape[0]
    length = chunk_length(frames, x[0].numel()) if frames else 0
    whole = 0
    if 1 < length < frames:
        whole = frames // length * length
        chunks = x[:whole].view(-1, length, *x.shape[1:])
        decays = decay[:whole].view(chunks.shape)
        through = decays.clone()
        for t in range(1, length):
            chunks[:, t].addcmul_(decays[:, t], chunks[:, t - 1])
            through[:, t].mul_(through[:, t - 1])
        for k in range(1, chunks.shape[0]):
            chunks[k].addcmul_(through[k], chunks[k - 1, -1])
    for t in range(max(whole, 1), frames):
        x[t].addcmul_(decay[t], x[t - 1])


def accumulate_back(decay, x):
    """x[t] += decay[t+1] x[t+1], from the end on, in place."""
    frames = x.shape[0]
    if not 1 < chunk_length(frames, x[0].numel()) < frames:
        for t in range(frames - 2, -1, -1):
            x[t].addcmul_(decay[t + 1], x[t + 1])
        return
    turned = x.flip(0)
    behind = torch.cat([decay[:1], decay.flip(0)[:-1]])  # the first one decays nothing
    accumulate(behind, turned)
    x.copy_(turned.flip(0))


def chunk_length(frames, size):
    """As many frames as keep a step of all chunks worth starting; all of them: no chunks."""
    chunks = WORTH_A_STEP // max(size, 1)
    return frames if chunks < 2 else max(LEAST_CHUNK, -(-frames // chunks), int(frames**0.5))


def frames_first(x):
    """[batch, channels, frames] -> [frames, batch, channels], by a 2-D transposition: fast."""
    batch, channels, frames = x.shape
    return x.reshape(batch * channels, frames).t().contiguous().view(frames, batch, channels)


def frames_last(x):
    """[frames, batch, channels] -> [batch, channels, frames]"""
    frames, batch, channels = x.shape
    return x.reshape(frames, batch * channels).t().contiguous().view(batch, channels, frames)


def states_second(x):
    """[frames, batch, N] -> [frames, N, batch, 1]"""
    return x.transpose(1, 2).contiguous()[..., None]
