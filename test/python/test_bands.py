"""Convolutions and pools over time and bands, each exported; export itself compares with PyTorch in float64."""

import unittest

import support  # noqa: F401  the path of the package
import torch
import torch.nn.functional as F
from support import Mamba, export, message_of, written  # noqa: F401  export: test/cases/patches.test.ts
from torch import nn

ROWS, BANDS = 24, 12
X = torch.randn(1, ROWS, BANDS, generator=torch.Generator().manual_seed(6))


def rows(y):
    """A row for each moment: [b, channels, time, bands] -> [b, time, channels bands]"""
    return y.permute(0, 2, 1, 3).flatten(2)


def flat(y):
    return y.flatten(1)


class Stem(nn.Module):
    """Layers over [b, 1, time, bands], then what is given."""

    def __init__(self, *layers, after=rows):
        super().__init__()
        torch.manual_seed(5)
        self.layers, self.after = nn.Sequential(*(layer() for layer in layers)), after

    def forward(self, x):
        return self.after(self.layers(x.unsqueeze(1)))


def conv(*sizes, **more):
    return lambda: nn.Conv2d(*sizes, **more)


def behind(layer, after=rows):
    """A convolution, and a layer behind it."""
    return Stem(conv(1, 4, 3, padding=1), layer, after=after)


class Patches(nn.Module):
    """A small Vim over [b, time, bands]: patches, a class token, positions, a block, a head."""

    def __init__(self, before=None, size=(4, 3)):
        super().__init__()
        torch.manual_seed(7)
        self.before, self.patch = before, nn.Conv2d(1, 8, size, stride=size)
        count = (ROWS // 4) * (BANDS // 3)
        self.token = nn.Parameter(torch.randn(1, 1, 8))
        self.positions = nn.Parameter(torch.randn(1, count + 1, 8))
        self.norm, self.mixer, self.norm_f = nn.LayerNorm(8), Mamba(8, d_state=4), nn.LayerNorm(8)
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        return self.tokens(self.patch(x.unsqueeze(1)).flatten(2).transpose(1, 2))

    def tokens(self, x):
        token = self.token.expand(x.shape[0], -1, -1)
        x = torch.cat([token, x], 1) + self.positions
        x = x + self.mixer(self.norm(x))
        return self.head(self.norm_f(x)[:, 0])


def by_rows():
    return Patches().eval()


def by_columns():
    """All patches of the lowest bands first; a norm of every frame says which dimension is time."""
    class ByColumns(Patches):
        def forward(self, x):
            x = self.patch(self.before(x).transpose(1, 2).unsqueeze(1)).flatten(2).transpose(1, 2)
            return self.tokens(x)

    return ByColumns(nn.LayerNorm(BANDS), (3, 4)).eval()


class Bands(unittest.TestCase):
    def kinds(self, net):
        return written(net.eval(), X).kinds

    def test_convolutions(self):
        for net in (
            Stem(conv(1, 4, 3, padding=1)),
            Stem(conv(1, 4, (3, 5), stride=(2, 3), padding=(1, 2), bias=False)),
            Stem(conv(1, 4, 3, padding="same", dilation=(1, 2))),
            Stem(conv(1, 8, (4, 3), stride=(4, 3))),
        ):
            self.assertEqual(self.kinds(net)[0], "conv2d")
        deep = Stem(conv(1, 4, 3), nn.ReLU, conv(4, 6, 3, groups=2), conv(6, 6, 3, groups=6, padding=1))
        self.assertEqual([kind for kind in self.kinds(deep) if kind == "conv2d"], 3 * ["conv2d"])

    def test_norms_are_those_of_channels(self):
        self.assertEqual(self.kinds(behind(lambda: nn.BatchNorm2d(4)))[:2], ["conv2d", "batchnorm"])

    def test_bands_before_time(self):
        class BandsFirst(Stem):
            def forward(self, x):
                return self.layers(x.transpose(1, 2).unsqueeze(1)).permute(0, 3, 1, 2).flatten(2)

        made = written(BandsFirst(conv(1, 4, (3, 5), stride=(2, 1), padding=(1, 2))).eval(), X)
        (op,) = made.of_kind("conv2d")
        self.assertEqual((op["bands"], op.get("stride", 1), op["bandStride"]), (BANDS, 1, 2))

    def test_patches_by_rows_and_by_columns(self):
        for order in ((0, 2, 3, 1), (0, 3, 2, 1)):
            net = Stem(conv(1, 8, (4, 3), stride=(4, 3)), after=lambda y, order=order: y.permute(order).flatten(1, 2))
            self.assertEqual(self.kinds(net), ["conv2d", "split_rows"])

    def test_patches_by_columns_of_what_is_rows_already(self):
        made = written(by_columns(), X).kinds
        self.assertEqual(made[:5], ["norm", "conv2d", "transpose", "unfold", "split_rows"])

    def test_rows_of_channels_that_are_no_tokens_stay(self):
        net = Stem(conv(1, 8, (4, 3), stride=(4, 3)), after=lambda y: y.flatten(2).mean(2))
        self.assertNotIn("split_rows", self.kinds(net))

    def test_a_patch_net_as_vim_has_it(self):
        made = written(by_rows(), X)
        self.assertEqual(made.kinds[:2], ["conv2d", "split_rows"])
        self.assertEqual([op["count"] for op in made.of_kind("split_rows")], [BANDS // 3])
        for kind, times in (("positions", 1), ("insert_row", 1), ("norm", 2), ("mamba", 1), ("linear", 1)):
            self.assertEqual(made.kinds.count(kind), times, kind)

    def test_pools(self):
        for layer in (
            lambda: nn.MaxPool2d(2),
            lambda: nn.MaxPool2d(3, 2, 1),
            lambda: nn.AvgPool2d((2, 3), ceil_mode=True),
            lambda: nn.AvgPool2d(3, 2, 1, count_include_pad=False),
        ):
            self.assertEqual(self.kinds(behind(layer))[1], "pool2d")

    def test_adaptive_pools(self):
        for make in (nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d):
            self.assertEqual(self.kinds(behind(lambda: make(1), flat))[:2], ["conv2d", "pool"])
            self.assertEqual(self.kinds(behind(lambda: make((1, None)), flat))[:2], ["conv2d", "pool"])
            for size in ((None, 4), (ROWS, BANDS)):
                self.assertNotIn("pool", self.kinds(behind(lambda: make(size))))
            windows = self.kinds(behind(lambda: make((6, 4)), flat))
            self.assertEqual(windows[:4], ["conv2d", "pool2d", "pool2d", "flatten"])

    def test_what_is_refused_by_name(self):
        def pooled(y):
            return rows(F.max_pool2d(y, 2, return_indices=True)[0])

        for net, expected in (
            (Stem(conv(1, 4, 3, padding=1, padding_mode="reflect")), r"padding by reflect; zeros are supported$"),
            (Stem(lambda: nn.ConvTranspose2d(1, 4, 3)), r"ConvTranspose2d: transposed convolutions are not supported$"),
            (behind(lambda: nn.MaxPool2d((5, 2), ceil_mode=True)), r"ceil_mode=True where a window is not full is not"),
            (behind(lambda: nn.AvgPool2d(2, divisor_override=3)), r"an average pool with a divisor of its own is not"),
            (behind(lambda: nn.MaxPool2d(2, dilation=2)), r"a max pool with dilation or indices is not supported$"),
            (Stem(conv(1, 4, 3), after=pooled), r"a max pool with dilation or indices is not supported$"),
            (behind(lambda: nn.AdaptiveAvgPool2d((None, 5))),
             r"an adaptive pool from 12 to 5, which are windows of unequal size is not supported$"),
            (behind(lambda: nn.LPPool2d(2, 2)), r"lp_pool2d is not supported; linear and convolution layers, "),
            (behind(lambda: nn.Upsample(scale_factor=2)), r"nearest, in one dimension, is supported$"),
        ):
            self.assertRegex(message_of(net.eval(), X), expected)

    def test_neither_dimension_is_time(self):
        class Channels(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(ROWS, 4, 3, padding=1)

            def forward(self, x):
                return self.conv(x.reshape(-1, ROWS, 3, 4)).mean((1, 2, 3))

        self.assertRegex(message_of(Channels(), X), r"conv2d: two dimensions of which neither is time is not supported$")


if __name__ == "__main__":
    unittest.main()
