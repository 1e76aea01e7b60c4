"""Self-attention and PyTorch's encoder layers, each exported; export itself compares with PyTorch in float64."""

import unittest

import support  # noqa: F401  the path of the package
import torch
from support import written
from torch import nn

ROWS = 24
X = torch.randn(1, ROWS, 8, generator=torch.Generator().manual_seed(4))
LATER = torch.ones(ROWS, ROWS).triu(1).bool()


class Net(nn.Module):
    def __init__(self, function, part):
        super().__init__()
        self.inp, self.part, self.function = nn.Linear(8, 8), part, function

    def forward(self, x):
        return self.function(self.part, self.inp(x))


def exported(function, part):
    torch.manual_seed(5)
    return written(Net(function, part).eval(), X)


class Attention(unittest.TestCase):
    def test_of_all_rows(self):
        for heads, has_bias in ((2, True), (1, False)):
            made = exported(
                lambda a, x: a(x, x, x)[0], nn.MultiheadAttention(8, heads, bias=has_bias, batch_first=True)
            )
            wanted = {"kind": "attention", "name": "part", "input": "inp", "heads": heads}
            self.assertEqual(made.ops[1:], [wanted])

    def test_time_first(self):
        def turned(a, x):
            x = x.transpose(0, 1)
            return a(x, x, x, need_weights=False)[0].transpose(0, 1)

        self.assertEqual(exported(turned, nn.MultiheadAttention(8, 4)).kinds, ["linear", "attention"])

    def test_causal(self):
        masks = (LATER, torch.zeros(ROWS, ROWS).masked_fill(LATER, float("-inf")))
        for mask in masks:
            made = exported(lambda a, x: a(x, x, x, attn_mask=mask)[0], nn.MultiheadAttention(8, 1, batch_first=True))
            self.assertEqual([op["causal"] for op in made.of_kind("attention")], [True])

    def test_encoder_layers(self):
        kinds = {True: ["norm", "attention", "add", "norm", "linear"], False: ["attention", "add", "norm", "linear"]}
        for norm_first, first in kinds.items():
            layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, norm_first=norm_first, activation="gelu")
            made = exported(lambda layer, x: layer(x), layer)
            self.assertEqual(made.kinds[1 : 1 + len(first)], first)
            masked = exported(lambda layer, x: layer(x, src_mask=LATER), layer)
            self.assertEqual([op["causal"] for op in masked.of_kind("attention")], [True])

    def test_encoder(self):
        layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        encoder = nn.TransformerEncoder(layer, 2, nn.LayerNorm(8), enable_nested_tensor=False)
        made = exported(lambda encoder, x: encoder(x).mean(1), encoder)
        self.assertEqual(len(made.of_kind("attention")), 2)


if __name__ == "__main__":
    unittest.main()
