"""Functions as people write them, each exported; export itself compares with PyTorch in float64."""

import unittest

import support  # noqa: F401  the path of the package
import torch
import torch.nn.functional as F
from support import Mamba, written
from torch import nn


class Net(nn.Module):
    """A linear layer, what is given, and a pool unless it makes one itself."""

    def __init__(self, function, width=8, **parts):
        super().__init__()
        torch.manual_seed(3)
        self.inp = nn.Linear(5, width)
        for name, part in parts.items():
            setattr(self, name, part)
        self.function = function

    def forward(self, x):
        return self.function(self, self.inp(x))


X = torch.randn(1, 24, 5, generator=torch.Generator().manual_seed(4))

SEQUENCES = {
    "activations": lambda m, x: F.elu(F.gelu(F.silu(x))) + torch.tanh(x).sigmoid() + F.softplus(x),
    "more activations": lambda m, x: F.hardswish(x) + F.mish(x) + F.selu(x) + F.relu6(x) + F.hardtanh(x),
    "clamps and abs": lambda m, x: x.clamp(-0.5, 0.7) + x.abs() + x.clamp(min=0.1) + F.logsigmoid(x),
    "numbers": lambda m, x: 1 - x * 2 / 3 + (0.5 - x) + 1 / (2 + x.sigmoid()),
    "powers": lambda m, x: x**2 + x.pow(3) + torch.square(x),
    "in place": lambda m, x: x.mul(2).add_(1).relu_().sub_(0.5),
    "in place operators": lambda m, x: plus_equal(x),
    "chunks": lambda m, x: torch.cat(x.chunk(2, -1)[::-1], -1),
    "split and join": lambda m, x: torch.cat([a * i for i, a in enumerate(x.split([2, 3, 3], -1))], -1),
    "glu": lambda m, x: F.glu(x, -1),
    "heads": lambda m, x: x.view(x.shape[0], -1, 2, 4).softmax(-1).flatten(2),
    "heads apart": lambda m, x: x.unflatten(-1, (2, 4)).transpose(1, 2).mul(2).transpose(1, 2).flatten(2),
    "flip": lambda m, x: x + torch.flip(x, [1]) + x.flip(-1),
    "glance back": lambda m, x: x[:, 1:] - x[:, :-1],
    "every second": lambda m, x: x[:, ::2],
    "some channels": lambda m, x: x[..., 2:6] + x[:, :, [0, 1, 0, 3]],
    "channel weights": lambda m, x: x * m.scale + m.shift,
    "position": lambda m, x: x + m.pos[:, : x.shape[1]],
    "a row in front": lambda m, x: torch.cat([m.cls.expand(x.shape[0], -1, -1), x], 1),
    "a row behind": lambda m, x: torch.cat([x, m.cls], 1),
    "squeeze and excite": lambda m, x: x * torch.sigmoid(m.lin(x.mean(1))).unsqueeze(1),
    "score": lambda m, x: x * torch.sigmoid(x.mean(-1, keepdim=True)),
    "less its mean": lambda m, x: x - x.mean(1, keepdim=True),
    "instance by hand": lambda m, x: (x - x.mean(1, keepdim=True)) / (x.std(1, keepdim=True) + 1e-5),
    "variance by hand": lambda m, x: by_hand(x, 1),
    "layer norm by hand": lambda m, x: by_hand(x, -1),
    "rms by hand": lambda m, x: x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * m.scale,
    "rms by division": lambda m, x: x / torch.sqrt(torch.mean(x**2, dim=-1, keepdim=True) + 1e-6),
    "var and sqrt": lambda m, x: (x - x.mean(-1, True)) / (x.var(-1, unbiased=False, keepdim=True) + 1e-5).sqrt(),
    "group norm": lambda m, x: F.group_norm(x.transpose(1, 2), 2).transpose(1, 2),
    "instance norm": lambda m, x: F.instance_norm(x.transpose(1, 2)).transpose(1, 2),
    "causal by padding": lambda m, x: m.conv(F.pad(x.transpose(1, 2), (2, 0))).transpose(1, 2),
    "padded before turned": lambda m, x: m.conv(F.pad(x, (0, 0, 2, 0)).transpose(1, 2)).transpose(1, 2),
    "padded rows": lambda m, x: F.pad(x, (0, 0, 1, 2)) * 2 + 1,
    "padded channels": lambda m, x: F.pad(x, (1, 2)),
    "causal by cutting": lambda m, x: m.wide(x.transpose(1, 2))[..., :-2].transpose(1, 2),
    "even taps": lambda m, x: m.even(x.transpose(1, 2))[:, :, : x.shape[1]].transpose(1, 2),
    "strides": lambda m, x: m.strided(x.transpose(1, 2)).transpose(1, 2),
    "groups": lambda m, x: m.grouped(x.transpose(1, 2)).transpose(1, 2),
    "max pool": lambda m, x: F.max_pool1d(x.transpose(1, 2), 3, 2, 1).transpose(1, 2),
    "average pool": lambda m, x: F.avg_pool1d(x.transpose(1, 2), 2).transpose(1, 2),
    "upsample": lambda m, x: F.interpolate(x.transpose(1, 2), scale_factor=2).transpose(1, 2),
    "repeat": lambda m, x: x.repeat_interleave(2, dim=1),
    "product of matrices": lambda m, x: x @ m.square + torch.matmul(x, m.square.T),
    "f linear": lambda m, x: F.linear(x, m.square),
    "prelu": lambda m, x: m.prelu(x.transpose(1, 2)).transpose(1, 2),
    "patches": lambda m, x: x.unfold(1, 4, 4).flatten(2),
    "patches by reshape": lambda m, x: x.reshape(x.shape[0], -1, 32),
    "log softmax": lambda m, x: F.log_softmax(x, dim=-1),
    "max over channels": lambda m, x: x * x.amax(-1, keepdim=True).relu().mean(1, keepdim=True),
    "casts": lambda m, x: x.float().to(torch.float32).contiguous().clone().type_as(x) * 1,
    "stack": lambda m, x: torch.stack([x, x * 2, -x]).mean(0),
    "two modules": lambda m, x: m.mamba(x) + m.mamba(x.flip(1)).flip(1),
    "linear over time": lambda m, x: m.time(x.transpose(1, 2)).transpose(1, 2),
    "merged batch": lambda m, x: m.lin(x.reshape(-1, 8)).view(x.shape[0], x.shape[1], 8),
    "maximum": lambda m, x: torch.maximum(x, x.flip(-1)) + torch.minimum(x, torch.zeros(1)),
}


def plus_equal(x):
    y = x * 1
    y += x
    y *= 0.5
    return y


def by_hand(x, dim):
    centred = x - x.mean(dim, keepdim=True)
    return centred / torch.sqrt(centred.pow(2).mean(dim, keepdim=True) + 1e-5)


VECTORS = {
    "last": lambda m, x: x[:, -1],
    "first": lambda m, x: x[:, 0, :],
    "some row": lambda m, x: x[:, 3],
    "select": lambda m, x: x.select(1, -1),
    "mean and max": lambda m, x: torch.cat([x.mean(1), x.amax(dim=1)], -1),
    "max with indices": lambda m, x: x.max(dim=1).values + x.max(1)[0],
    "sum and std": lambda m, x: x.sum(1) + x.std(1),
    "adaptive": lambda m, x: F.adaptive_avg_pool1d(x.transpose(1, 2), 1).squeeze(-1),
    "adaptive module": lambda m, x: nn.AdaptiveMaxPool1d(1)(x.transpose(1, 2)).flatten(1),
    "attention": lambda m, x: (torch.softmax(m.one(x), 1) * x).sum(1),
    "attention by product": lambda m, x: torch.bmm(torch.softmax(m.one(x), 1).transpose(1, 2), x).squeeze(1),
    "attention of each channel": lambda m, x: (torch.softmax(m.lin(x), dim=1) * x).sum(dim=1),
    "flatten": lambda m, x: m.flat(x.flatten(1)),
    "flatten channels first": lambda m, x: m.flat(x.transpose(1, 2).reshape(x.shape[0], -1)),
    "mean over all": lambda m, x: x.mean(dim=(1, 2)),
    "statistics": lambda m, x: torch.cat([x.mean(1), x.var(1, unbiased=False)], 1),
    "batch norm behind": lambda m, x: m.bn(x.mean(1)),
    "one logit": lambda m, x: m.one(x.mean(1)).squeeze(-1),
    "global max": lambda m, x: x.transpose(1, 2).amax(-1),
    "chain": lambda m, x: m.lin(F.dropout(x.mean(1), 0.5, m.training)).softmax(-1),
}


def module(function):
    return Net(
        function, mamba=Mamba(8, d_state=4), lin=nn.Linear(8, 8), one=nn.Linear(8, 1),
        scale=nn.Parameter(torch.rand(8) + 0.5), shift=nn.Parameter(torch.randn(8)),
        pos=nn.Parameter(torch.randn(1, 40, 8)), cls=nn.Parameter(torch.randn(1, 1, 8)),
        square=nn.Parameter(torch.randn(8, 8)), conv=nn.Conv1d(8, 8, 3), wide=nn.Conv1d(8, 8, 3, padding=2),
        even=nn.Conv1d(8, 6, 4, padding=2), strided=nn.Conv1d(8, 8, 5, stride=2, padding=2, dilation=1),
        grouped=nn.Conv1d(8, 16, 3, padding="same", groups=4), prelu=nn.PReLU(8),
        flat=nn.Linear(24 * 8, 5), bn=nn.BatchNorm1d(8), time=nn.Linear(24, 24),
    ).eval()


class Functions(unittest.TestCase):
    def test_sequences(self):
        for name, function in SEQUENCES.items():
            with self.subTest(name):
                made = written(module(function), X)
                self.assertEqual(len(made.arch["outputs"]), 1)

    def test_vectors(self):
        for name, function in VECTORS.items():
            with self.subTest(name):
                written(module(function), X)

    def test_fixed_length_is_said(self):
        self.assertEqual(written(module(VECTORS["flatten"]), X).arch["maxFrames"], 24)
        free = written(module(VECTORS["last"]), X).arch
        self.assertNotIn("minFrames", free)
        self.assertNotIn("maxFrames", free)

    def test_patterns_are_one_operator(self):
        self.assertIn("attention_pool", written(module(VECTORS["attention"]), X).kinds)
        for name, which in (("rms by hand", "rms"), ("layer norm by hand", "layer"), ("var and sqrt", "layer")):
            made = written(module(SEQUENCES[name]), X)
            self.assertEqual([op["norm"] for op in made.of_kind("norm")], [which], name)
        causal = written(module(SEQUENCES["causal by padding"]), X).of_kind("conv1d")
        self.assertEqual([op["padding"] for op in causal], ["causal"])


if __name__ == "__main__":
    unittest.main()
