"""Mamba blocks as people write them: each variant found and exported, what is none refused by its path."""

import unittest

import support  # noqa: F401  the path of the package
import torch
import torch.nn.functional as F
from support import message_of, written
from torch import nn

from mambalite_torch import BidirectionalMamba, Mamba, Mamba2

D, N, RANK = 6, 4, 2


def scan(u, dt, A, B, C, D):
    h, ys = u.new_zeros(u.shape[0], u.shape[2], A.shape[1]), []
    for i in range(u.shape[1]):
        h = torch.exp(dt[:, i, :, None] * A) * h + (dt[:, i] * u[:, i])[..., None] * B[:, i, None]
        ys.append((h * C[:, i, None]).sum(-1))
    return torch.stack(ys, 1) + D * u


class Block(nn.Module):
    """Every variant in one class: what a test changes is an argument."""

    def __init__(self, order="dtBC", gate=F.silu, padding=3, taps=4, z_first=False, plain_A=False,
                 norms=None, backward=False, squared=False, clipped=False, activation=F.silu):
        super().__init__()
        inner = 2 * D
        self.order, self.gate, self.z_first, self.plain_A = order, gate, z_first, plain_A
        self.backward_, self.squared, self.clipped = backward, squared, clipped
        self.norms, self.activation = norms, activation
        self.in_proj = nn.Linear(D, 2 * inner, bias=False)
        self.conv1d = nn.Conv1d(inner, inner, taps, groups=inner, padding=padding)
        self.x_proj = nn.Linear(inner, RANK + 2 * N, bias=False)
        self.dt_proj = nn.Linear(RANK, inner)
        A = torch.arange(1.0, N + 1).repeat(inner, 1)
        if plain_A:
            self.A = nn.Parameter(-A)
        else:
            self.A_log = nn.Parameter(torch.log(A))
        self.D = nn.Parameter(1 + 0.1 * torch.randn(inner))
        self.out_proj = nn.Linear(inner, D, bias=False)

    def forward(self, x):
        if self.backward_:
            x = x.flip(1)
        halves = self.in_proj(x).chunk(2, -1)
        u, z = halves[::-1] if self.z_first else halves
        u = self.activation(self.conv1d(u.transpose(1, 2))[..., : x.shape[1]].transpose(1, 2))
        names = [name for name in self.order.replace("dt", "d")]
        sizes = [RANK if name == "d" else N for name in names]
        parts = dict(zip(names, self.x_proj(u).split(sizes, -1)))
        if self.norms is not None:
            parts = {k: v * torch.rsqrt(v.pow(2).mean(-1, True) + self.norms) for k, v in parts.items()}
        B = parts["B"] ** 2 if self.squared else parts["B"]
        A = self.A if self.plain_A else -torch.exp(self.A_log.float())
        y = scan(u, F.softplus(self.dt_proj(parts["d"])), A, B, parts["C"], self.D)
        if self.clipped:
            y = y.clamp(-0.01, 0.01)
        y = self.out_proj(y * self.gate(z))
        return y.flip(1) if self.backward_ else y


class Network(nn.Module):
    def __init__(self, block):
        super().__init__()
        self.inp, self.blocks, self.head = nn.Linear(3, D), nn.ModuleList([block]), nn.Linear(D, 2)

    def forward(self, x):
        x = self.inp(x)
        for block in self.blocks:
            x = x + block(x)
        return self.head(x.mean(1))


def network(make):
    torch.manual_seed(5)
    return Network(make()).eval()


X = torch.randn(1, 20, 3, generator=torch.Generator().manual_seed(6))

VARIANTS = {
    "as published": ({}, {}),
    "rows B C dt": ({"order": "BCdt"}, {"xProjOrder": "BCdt"}),
    "rows dt C B": ({"order": "dtCB"}, {"xProjOrder": "dtCB"}),
    "sigmoid gate": ({"gate": torch.sigmoid}, {"gate": "sigmoid"}),
    "gelu gate": ({"gate": F.gelu}, {"gate": "gelu"}),
    "centred": ({"taps": 3, "padding": 1}, {"convolution": "centred"}),
    "centred, even": ({"taps": 4, "padding": 2}, {"convolution": "centred"}),
    "no activation": ({"activation": lambda x: x}, {"convActivation": "none"}),
    "z first": ({"z_first": True}, {}),
    "plain A": ({"plain_A": True}, {}),
    "normed": ({"norms": 1e-6}, {"scanNormEps": 1e-6}),
    "backward": ({"backward": True}, {}),
    "three at once": ({"order": "CBdt", "gate": torch.tanh, "z_first": True},
                      {"xProjOrder": "CBdt", "gate": "tanh"}),
}


class MambaBlock(nn.Module):
    """The class of one that runs with CUDA only."""

    def __init__(self):
        super().__init__()
        self.__dict__.update(Block().__dict__)

    def forward(self, x):
        raise RuntimeError("no kernel image is available for execution on the device")


class HuggingFaceStyle(Block):
    """Takes and gives more than one tensor."""

    def forward(self, hidden_states, cache_params=None, attention_mask=None):
        return super().forward(hidden_states)


class ChannelsFirst(Block):
    def forward(self, x):
        return super().forward(x.transpose(1, 2)).transpose(1, 2)


class WithNormAndResidual(Block):
    def __init__(self, make_norm, **arguments):
        super().__init__(**arguments)
        self.before = make_norm()

    def forward(self, x):
        return x + super().forward(self.before(x))


class AroundChannelsFirst(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = ChannelsFirst()

    def forward(self, x):
        return self.block(x.transpose(1, 2)).transpose(1, 2)


class Broken(MambaBlock):
    """Has the name of a known class, and fails for a reason of its own."""

    def forward(self, x):
        raise ValueError("expected a mask")


Broken.__name__ = "MambaBlock"


class Inner(nn.Module):
    """A scan without the projections around it."""

    def __init__(self):
        super().__init__()
        self.x_proj, self.dt_proj = nn.Linear(D, RANK + 2 * N, bias=False), nn.Linear(RANK, D)
        self.A_log = nn.Parameter(torch.log(torch.arange(1.0, N + 1).repeat(D, 1)))
        self.D = nn.Parameter(torch.ones(D))

    def forward(self, u):
        dt, B, C = self.x_proj(u).split([RANK, N, N], -1)
        return scan(u, F.softplus(self.dt_proj(dt)), -torch.exp(self.A_log), B, C, self.D)


class Blocks(unittest.TestCase):
    def test_variants(self):
        for name, (arguments, fields) in VARIANTS.items():
            with self.subTest(name):
                (op,) = written(network(lambda: Block(**arguments)), X).of_kind("mamba")
                self.assertEqual(op["name"], "blocks.0")
                self.assertEqual({key: op[key] for key in fields}, fields)

    def test_b_squared_is_refused(self):
        message = message_of(network(lambda: Block(squared=True)), X)
        self.assertRegex(message, r"^blocks\.0 .*none|^blocks\.0 .*all variants known; the nearest .* differs by")

    def test_a_clipped_state_is_refused(self):
        message = message_of(network(lambda: Block(clipped=True)), X)
        self.assertRegex(message, r"^blocks\.0 .*all variants known; the nearest .* differs by")

    def test_cuda_only_is_assumed_and_said(self):
        made = written(network(MambaBlock), X)
        self.assertEqual(len(made.of_kind("mamba")), 1)
        self.assertRegex(made.module["assumptions"][0], r"^blocks\.0 is a MambaBlock as published")

    def test_what_fails_otherwise_is_not_assumed(self):
        message = message_of(network(Broken), X)
        self.assertRegex(message, r"^blocks\.0 .*forward failed on \[1, 9, 6\]: ValueError: expected a mask$")

    def test_a_norm_and_a_residual_within(self):
        for make in (lambda: nn.LayerNorm(D), OwnNorm):
            block = WithNormAndResidual(make, gate=torch.sigmoid)
            made = written(network(lambda block=block: block), X)
            self.assertEqual(made.kinds[1:4], ["norm", "mamba", "add"])
            self.assertEqual(made.of_kind("mamba")[0]["gate"], "sigmoid")

    def test_channels_first(self):
        (op,) = written(network(AroundChannelsFirst), X).of_kind("mamba")
        self.assertEqual(op["name"], "blocks.0.block")

    def test_hugging_face_style(self):
        self.assertEqual(len(written(network(HuggingFaceStyle), X).of_kind("mamba")), 1)

    def test_a_scan_alone(self):
        self.assertEqual(len(written(network(Inner), X).of_kind("selective_scan")), 1)

    def test_own_layers(self):
        self.assertIn("mamba", written(network(lambda: Mamba(D, d_state=N)), X).kinds)
        for divide in (False, True):
            both = written(network(lambda: BidirectionalMamba(D, d_state=N, divide=divide)), X)
            names = [op["name"] for op in both.of_kind("mamba")]
            self.assertEqual(names, ["blocks.0.forward", "blocks.0.backward"])
            self.assertEqual(len(both.of_kind("reverse")), 2)

    def test_mamba2_with_its_groups_and_norm(self):
        for groups in (1, 2):
            made = written(network(lambda: Mamba2(D, d_state=N, headdim=D // 2, ngroups=groups)), X)
            (block,) = made.of_kind("mamba2")
            self.assertEqual([block["groups"], block["normGroups"]], [groups, groups])
            self.assertEqual(block["normPlace"], "behind_gate")

    def test_mamba2_that_computes_something_else_is_refused(self):
        class Other(Mamba2):
            def forward(self, x):
                return super().forward(x).tanh()

        message = message_of(network(lambda: Other(D, d_state=N, headdim=D // 2)), X)
        self.assertRegex(message, r"^blocks\.0 .*: holds what a Mamba-2 block holds but computes something else")

    def test_shared_weights_are_stored_once(self):
        shared = network(Block)
        shared.blocks.append(shared.blocks[0])
        made = written(shared, X)
        self.assertEqual(len(made.of_kind("mamba")), 2)
        self.assertEqual(sum(name.endswith("A_log") for name in made.tensors), 1)


class OwnNorm(nn.Module):
    def __init__(self, offset=0.0, eps=1e-6):
        super().__init__()
        self.weight, self.offset, self.eps = nn.Parameter(torch.rand(D) + 0.5), offset, eps

    def forward(self, x):
        x = x.float()
        return x / (x.pow(2).mean(-1, keepdim=True) + self.eps).sqrt() * (self.offset + self.weight)


class Norms(unittest.TestCase):
    def test_own_norms_are_one_operator(self):
        for make in (OwnNorm, lambda: OwnNorm(offset=1.0, eps=1e-5)):
            (op,) = written(network(make), X).of_kind("norm")
            self.assertEqual(op["norm"], "rms")
        self.assertEqual(op["eps"], 1e-5)


if __name__ == "__main__":
    unittest.main()
