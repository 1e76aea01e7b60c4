"""Families of networks, as docs/supported-networks.md has them: one small network of each that is taken, one of each
that is not, with what it is told. Export itself compares with PyTorch in float64."""

import os
import re
import unittest
import warnings

import support  # noqa: F401  the path of the package
import torch
import torch.nn.functional as F
from support import Mamba, message_of, written
from torch import nn

from mambalite_torch import BidirectionalMamba, Mamba2

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
D, ROWS = 8, 16
X = torch.randn(1, ROWS, D, generator=torch.Generator().manual_seed(11))
NODES = 4


class Net(nn.Module):
    """What is given, with a linear layer at hand."""

    def __init__(self, function, *parts):
        super().__init__()
        self.parts, self.head, self.function = nn.ModuleList(parts), nn.Linear(D, 3), function
        self.positions = nn.Parameter(torch.randn(1, ROWS + 1, D))
        self.token = nn.Parameter(torch.randn(1, 1, D))
        self.register_buffer("edges", torch.rand(NODES, NODES))

    def forward(self, x):
        return self.function(self, x)


def net(function, *makers):
    torch.manual_seed(12)
    return Net(function, *(make() for make in makers)).eval()


def block():
    return Mamba(D, d_state=4)


def layer(width=D, out=D):
    return lambda: nn.Linear(width, out)


def pooled(function):
    """A row of it for each moment, their mean, a linear layer."""
    return lambda m, x: m.head(function(m, x).mean(1))


def both_ways(m, x):
    return m.parts[0](x) + m.parts[1](x.flip(1)).flip(1)


def with_token(m, x):
    rows = torch.cat([m.token.expand(x.shape[0], -1, -1), x], 1) + m.positions
    return m.head(m.parts[0](rows)[:, 0])


def skipping(m, x):
    x = x.transpose(1, 2)
    return (F.interpolate(m.parts[0](x), scale_factor=2) + x).transpose(1, 2)


def nodes_of(x):
    return x.reshape(-1, ROWS, NODES, D // NODES)


def graph_layer(m, x):
    return torch.relu(m.parts[0](m.edges @ nodes_of(x))).flatten(2)


def experts(m, x):
    share = torch.softmax(m.parts[0](x), -1)
    return share[..., :1] * m.parts[1](x) + share[..., 1:] * m.parts[2](x)


def chebyshev(m, x):
    x = torch.tanh(x)
    return m.parts[0](torch.cat([x, 2 * x * x - 1, 4 * x * x * x - 3 * x], -1))


class LinearRecurrence(nn.Module):
    """A real diagonal state-space layer whose steps do not depend on the input, as the convolution that it is."""

    def __init__(self):
        super().__init__()
        self.log_a, self.c, self.d = (nn.Parameter(torch.randn(D, size)) for size in (4, 4, 1))

    def forward(self, x):
        ages = torch.arange(ROWS, dtype=x.dtype)
        kernel = (self.c[..., None] * torch.exp(-torch.exp(self.log_a)[..., None] * 0.1 * ages)).sum(1)
        padded = F.pad(x.transpose(1, 2), (ROWS - 1, 0))
        return F.conv1d(padded, kernel.flip(-1)[:, None], groups=D).transpose(1, 2) + x * self.d[:, 0]


def by_fft(m, x):
    return torch.fft.irfft(torch.fft.rfft(x, n=2 * ROWS, dim=1) * 0.5, n=2 * ROWS, dim=1)[:, :ROWS]


def stepping(m, x):
    state = torch.zeros(1, D)
    for t in range(ROWS):
        state = m.parts[0](x[:, t], state)
    return m.head(state)


def best_expert(m, x):
    share, index = torch.softmax(m.parts[0](x), -1).topk(1, -1)
    return share * m.parts[1](x)


def crossed(m, x):
    """Patches of 4 by 4, row by row, as Vim has them: both dimensions of what the convolution gives become time."""
    return m.parts[1](m.parts[0](x.unsqueeze(1)).flatten(2).transpose(1, 2))


def crossed_by_bands(m, x):
    """The same of [bands, time], as AuM has a spectrogram: all patches of the lowest bands first."""
    return m.parts[1](m.parts[0](x.transpose(1, 2).unsqueeze(1)).flatten(2).transpose(1, 2))


def scaled(q, k, v):
    return torch.softmax(q @ k.transpose(1, 2), -1) @ v


TAKEN = {
    "Mamba": (net(pooled(lambda m, x: m.parts[0](x)), block), "mamba"),
    "Mamba-2": (net(pooled(lambda m, x: m.parts[0](x)), lambda: Mamba2(D, d_state=4, headdim=4)), "mamba2"),
    "both directions": (net(pooled(both_ways), block, block), "reverse"),
    "one block for both directions": (net(pooled(lambda m, x: m.parts[0](x)), lambda: BidirectionalMamba(D, d_state=4)), "reverse"),
    "S4D": (net(pooled(lambda m, x: m.parts[0](x)), LinearRecurrence), "conv1d"),
    "GRU": (net(pooled(lambda m, x: m.parts[0](x)[0]), lambda: nn.GRU(D, D, batch_first=True)), "gru"),
    "LSTM": (net(lambda m, x: m.head(m.parts[0](x)[1][0][-1]), lambda: nn.LSTM(D, D, batch_first=True)), "lstm"),
    "self-attention": (net(pooled(lambda m, x: m.parts[0](x, x, x)[0]),
                           lambda: nn.MultiheadAttention(D, 2, batch_first=True)), "attention"),
    "encoder layer": (net(pooled(lambda m, x: m.parts[0](x)),
                          lambda: nn.TransformerEncoderLayer(D, 2, 16, batch_first=True)), "attention"),
    "temporal convolutions": (net(pooled(lambda m, x: m.parts[0](F.pad(x.transpose(1, 2), (4, 0))).transpose(1, 2)),
                                  lambda: nn.Conv1d(D, D, 3, dilation=2)), "conv1d"),
    "U-Net": (net(pooled(skipping), lambda: nn.Conv1d(D, D, 4, 2, 1)), "upsample"),
    "squeeze and excitation": (net(pooled(lambda m, x: x * torch.sigmoid(m.parts[0](x.mean(1))).unsqueeze(1)), layer()),
                               "multiply"),
    "patches with a class token": (net(with_token, block), "insert_row"),
    "patches row by row": (net(pooled(crossed), lambda: nn.Conv2d(1, D, 4, 4), block), "split_rows"),
    "patches by bands": (net(pooled(crossed_by_bands), lambda: nn.Conv2d(1, D, 4, 4), block), "split_rows"),
    "graph of constant edges": (net(pooled(graph_layer), layer(2, 2)), "linear"),
    "KAN of polynomials": (net(pooled(chebyshev), layer(3 * D)), "multiply"),
    "mixture of all experts": (net(pooled(experts), layer(D, 2), layer(), layer()), "softmax"),
}
"""Name to a network, and a kind of op that it has become."""

REFUSED = {
    "S4, by its Fourier transform": (net(pooled(by_fft)), "fft_rfft is not supported"),
    "RNN": (net(pooled(lambda m, x: m.parts[0](x)[0]), lambda: nn.RNN(D, D, batch_first=True)),
            "recurrent layers other than nn.GRU and nn.LSTM are not supported"),
    "a cell in a loop": (net(stepping, lambda: nn.GRUCell(D, D)),
                         "recurrent layers other than nn.GRU and nn.LSTM are not supported"),
    "cross-attention": (net(pooled(lambda m, x: m.parts[0](x, 2 * x, x)[0]),
                            lambda: nn.MultiheadAttention(D, 2, batch_first=True)),
                        "attention of one sequence to another; self-attention alone is not supported"),
    "attention by hand": (net(pooled(lambda m, x: scaled(x, x, x))),
                          "a product of two matrices that both depend on the input: attention is not supported"),
    "transposed convolutions": (net(pooled(lambda m, x: m.parts[0](x.transpose(1, 2)).transpose(1, 2)),
                                    lambda: nn.ConvTranspose1d(D, D, 2, 2)),
                                "transposed convolutions are not supported"),
    "linear interpolation": (net(pooled(lambda m, x: F.interpolate(x.transpose(1, 2), scale_factor=2, mode="linear")
                                        .transpose(1, 2))),
                             "interpolation by linear; nearest, in one dimension, is supported"),
    "graph of edges from the input": (net(pooled(lambda m, x: scaled(x, x, x))),
                                      "a product of two matrices that both depend on the input"),
    "graph by scatter": (net(pooled(lambda m, x: torch.zeros(x.shape[0], ROWS, D, dtype=x.dtype)
                                    .index_add(2, torch.arange(D) // 2, x))), "index_add is not supported"),
    "KAN of radial functions": (net(pooled(lambda m, x: torch.exp(-x * x))), "exp is not supported"),
    "mixture of the best experts": (net(pooled(best_expert), layer(D, 2), layer()), "topk is not supported"),
    "running maxima and sums": (net(pooled(lambda m, x: torch.cumsum(x, 1))), "a cumulative sum is not supported"),
    "spectra in the network": (net(pooled(lambda m, x: torch.fft.rfft(x, dim=1).abs())), "fft_rfft is not supported"),
}
"""Name to a network, and what it is told."""


def flat(text):
    return re.sub(r"\s+", " ", text)


class Families(unittest.TestCase):
    def test_what_is_taken(self):
        for name, (module, kind) in TAKEN.items():
            with self.subTest(name):
                self.assertIn(kind, written(module, images(name)).kinds)

    def test_what_is_not_is_told_so(self):
        for name, (module, message) in REFUSED.items():
            with self.subTest(name):
                self.assertIn(message, message_of(module, images(name)))

    def test_the_page_has_every_message_and_names_tests_that_are_there(self):
        with open(os.path.join(ROOT, "docs", "supported-networks.md"), encoding="utf-8") as file:
            page = flat(file.read())
        for name, (_, message) in REFUSED.items():
            self.assertIn(f"`{message}`", page, name)
        paths = re.findall(r"\((?:\.\./)?((?:test|docs|scripts)/[\w./-]+)\)", page)
        self.assertGreater(len(paths), 10)
        for path in paths:
            self.assertTrue(os.path.exists(os.path.join(ROOT, path)), path)


def images(name):
    return torch.randn(1, ROWS, ROWS) if name in ("patches row by row", "patches by bands") else X


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    unittest.main()
