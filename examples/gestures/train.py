"""Trains a small Mamba network on gestures of a synthetic accelerometer, and exports it: docs/getting-started.md.

Needs torch, numpy and mambalite_torch.py (`npx mambalite torch`). Takes about half a minute on one core.
Writes model.safetensors, train_x.npy for calibration, test_x.npy and test_y.npy.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from mambalite_torch import export

LABELS = ["rest", "shake", "circle", "tap"]
FRAMES, RATE_HZ = 64, 50
STEPS, BATCH = 200, 32


def gestures(count, random):
    """Accelerations in g: [count, FRAMES, 3] and their classes."""
    seconds = np.arange(FRAMES) / RATE_HZ
    x = random.normal(0, 0.15, [count, FRAMES, 3])
    y = random.integers(0, len(LABELS), count)
    for one, label in zip(x, y):
        one += random.normal(0, 1, 3) * 0.5  # how the board is held
        phase, hertz = random.uniform(0, 2 * np.pi), random.uniform(1.5, 4)
        swing = random.uniform(0.4, 1.2) * np.sin(2 * np.pi * hertz * seconds + phase)
        if LABELS[label] == "shake":
            one[:, random.integers(3)] += swing
        if LABELS[label] == "circle":
            one[:, 0] += swing
            one[:, 1] += random.uniform(0.4, 1.2) * np.cos(2 * np.pi * hertz * seconds + phase)
        if LABELS[label] == "tap":
            start = random.integers(5, FRAMES - 10)
            one[start : start + 4, 2] += random.uniform(1, 2)
    return torch.tensor(x, dtype=torch.float32), torch.tensor(y)


class Mamba(nn.Module):
    """The block of arXiv 2312.00752, algorithm 2, in plain PyTorch; parameters named as in mamba_ssm."""

    def __init__(self, d_model, d_state=8, d_conv=4, expand=2):
        super().__init__()
        self.d_inner, self.d_state, self.dt_rank = expand * d_model, d_state, -(-d_model // 16)
        self.in_proj = nn.Linear(d_model, 2 * self.d_inner, bias=False)
        self.conv1d = nn.Conv1d(self.d_inner, self.d_inner, d_conv, groups=self.d_inner, padding=d_conv - 1)
        self.x_proj = nn.Linear(self.d_inner, self.dt_rank + 2 * d_state, bias=False)
        self.dt_proj = nn.Linear(self.dt_rank, self.d_inner)
        states = torch.arange(1, d_state + 1, dtype=torch.float32)
        self.A_log = nn.Parameter(states.log().repeat(self.d_inner, 1))
        self.D = nn.Parameter(torch.ones(self.d_inner))
        self.out_proj = nn.Linear(self.d_inner, d_model, bias=False)

    def forward(self, u):
        frames = u.shape[1]
        x, z = self.in_proj(u).chunk(2, dim=-1)
        x = F.silu(self.conv1d(x.transpose(1, 2))[..., :frames].transpose(1, 2))
        dt, b, c = self.x_proj(x).split([self.dt_rank, self.d_state, self.d_state], dim=-1)
        dt = F.softplus(self.dt_proj(dt))
        decay = torch.exp(dt[..., None] * -self.A_log.exp())
        drive = (dt * x)[..., None] * b[:, :, None, :]
        state, rows = torch.zeros_like(drive[:, 0]), []
        for decay_t, drive_t, c_t in zip(decay.unbind(1), drive.unbind(1), c.unbind(1)):
            state = decay_t * state + drive_t
            rows.append((state * c_t[:, None, :]).sum(-1))
        y = torch.stack(rows, dim=1) + self.D * x
        return self.out_proj(y * F.silu(z))


class Gestures(nn.Module):
    def __init__(self, d_model=24, layers=2):
        super().__init__()
        self.stem = nn.Linear(3, d_model)
        self.norms = nn.ModuleList(nn.LayerNorm(d_model) for _ in range(layers))
        self.mixers = nn.ModuleList(Mamba(d_model) for _ in range(layers))
        self.head = nn.Linear(d_model, len(LABELS))

    def forward(self, x):  # [batch, time, 3]
        x = self.stem(x)
        for norm, mixer in zip(self.norms, self.mixers):
            x = x + mixer(norm(x))
        return self.head(x.mean(1))


def main():
    torch.manual_seed(0)
    torch.set_num_threads(1)  # tensors this small gain nothing by more
    random = np.random.default_rng(0)
    train_x, train_y = gestures(2000, random)
    test_x, test_y = gestures(500, random)
    network = Gestures()
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3)
    for step in range(STEPS):
        batch = torch.randint(len(train_x), [BATCH])
        loss = F.cross_entropy(network(train_x[batch]), train_y[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 25 == 0:
            print(f"step {step} of {STEPS}: loss {loss.item():.3f}", flush=True)
    network.eval()
    with torch.no_grad():
        right = (network(test_x).argmax(1) == test_y).float().mean().item()
    print(f"{100 * right:.1f} % of {len(test_x)} test gestures are right")
    export(network, test_x[:1], "model.safetensors", labels=LABELS)
    np.save("train_x.npy", train_x[:256].numpy())
    np.save("test_x.npy", test_x.numpy())
    np.save("test_y.npy", test_y.numpy())


main()
