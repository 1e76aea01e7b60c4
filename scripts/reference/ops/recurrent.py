"""GRU and LSTM, one layer in one direction, step by step from the equations of PyTorch's documentation."""

from typing import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor


def _gates(op: Mapping, x: Tensor, h: Tensor) -> "tuple[Tensor, Tensor]":
    """What the input and what the hidden state adds to the gates of one row."""
    return (F.linear(x, op["weightIh"], op.get("biasIh")), F.linear(h, op["weightHh"], op.get("biasHh")))


def gru(op: Mapping, x: Tensor) -> Tensor:
    hidden = op["weightHh"].shape[1]
    h, rows = x.new_zeros(hidden), []
    for row in x:
        (r, z, n), (hr, hz, hn) = (gates.split(hidden) for gates in _gates(op, row, h))
        r, z = torch.sigmoid(r + hr), torch.sigmoid(z + hz)
        n = torch.tanh(n + r * hn)
        h = (1 - z) * n + z * h
        rows.append(h)
    return torch.stack(rows)


def lstm(op: Mapping, x: Tensor) -> Tensor:
    hidden = op["weightHh"].shape[1]
    h, c, rows = x.new_zeros(hidden), x.new_zeros(hidden), []
    for row in x:
        i, f, g, o = sum(_gates(op, row, h)).split(hidden)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        rows.append(h)
    return torch.stack(rows)


RECURRENT = {"gru": gru, "lstm": lstm}
