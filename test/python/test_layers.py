"""The layers to train with: as the equations say, step by step, in values and gradients."""

import unittest

import support  # noqa: F401  the path of the package
import torch
import torch.nn.functional as F

from mambalite_torch import BidirectionalMamba, Mamba, Mamba2, selective_scan

TOLERANCES = {torch.float64: 1e-12, torch.float32: 1e-5}
SHAPES = [(1, 1, 3, 2), (2, 23, 5, 4), (1, 500, 3, 4), (3, 65, 4, 1), (40, 17, 16, 16)]
"""batch, frames, d_inner, d_state: with chunks, with a rest behind them, and without."""


def sequential(u, delta, A, B, C, D):
    """u, delta [batch, e, T]; one step after the other."""
    h, ys = u.new_zeros(u.shape[0], u.shape[1], A.shape[1]), []
    for t in range(u.shape[2]):
        step = delta[:, :, t, None]
        h = torch.exp(step * A) * h + step * u[:, :, t, None] * B[:, None, :, t]
        ys.append((h * C[:, None, :, t]).sum(-1) + D * u[:, :, t])
    return torch.stack(ys, 2)


def mamba2(layer, x):
    """The recurrence of Mamba-2, head by head."""
    e, n, g, h, p = layer.d_inner, layer.d_state, layer.ngroups, layer.nheads, layer.headdim
    z, xbc, dt = layer.in_proj(x).split([e, e + 2 * g * n, h], -1)
    xbc = F.silu(layer.conv1d(xbc.transpose(1, 2))[..., : x.shape[1]].transpose(1, 2))
    u, B, C = xbc.split([e, g * n, g * n], -1)
    dt, A = F.softplus(dt + layer.dt_bias), -torch.exp(layer.A_log)
    u = u.unflatten(-1, (h, p))
    B, C = (v.unflatten(-1, (g, n)).repeat_interleave(h // g, 2) for v in (B, C))
    state, ys = x.new_zeros(x.shape[0], h, p, n), []
    for t in range(x.shape[1]):
        drive = (dt[:, t, :, None] * u[:, t])[..., None] * B[:, t, :, None]
        state = torch.exp(dt[:, t] * A)[..., None, None] * state + drive
        ys.append((state * C[:, t, :, None]).sum(-1) + layer.D[:, None] * u[:, t])
    y = torch.stack(ys, 1).flatten(2) * F.silu(z)
    groups = y.unflatten(-1, (g, -1))
    y = (groups * torch.rsqrt(groups.square().mean(-1, True) + layer.norm.eps)).flatten(2)
    return layer.out_proj(y * layer.norm.weight)


def random_arguments(batch, frames, inner, states, dtype):
    g = torch.Generator().manual_seed(13)

    def made(*shape):
        return torch.randn(*shape, generator=g, dtype=torch.float64).to(dtype)

    arguments = [made(batch, inner, frames), F.softplus(made(batch, inner, frames)), -made(inner, states).exp(),
                 made(batch, states, frames), made(batch, states, frames), made(inner)]
    return [x.requires_grad_() for x in arguments]


class Layers(unittest.TestCase):
    def close(self, got, expected, dtype):
        error = (got - expected).abs().max() / expected.abs().max().clamp_min(1e-30)
        self.assertLessEqual(float(error), TOLERANCES[dtype])

    def test_the_scan_and_its_gradients(self):
        for dtype in TOLERANCES:
            for shape in SHAPES:
                with self.subTest(f"{dtype} {shape}"):
                    arguments = random_arguments(*shape, dtype)
                    got, expected = selective_scan(*arguments), sequential(*arguments)
                    self.close(got, expected, dtype)
                    weights = torch.randn_like(expected)
                    for a, b in zip(torch.autograd.grad((got * weights).sum(), arguments),
                                    torch.autograd.grad((expected * weights).sum(), arguments)):
                        self.close(a, b, dtype)

    def test_gradients_are_those_of_finite_differences(self):
        arguments = random_arguments(2, 9, 2, 2, torch.float64)
        self.assertTrue(torch.autograd.gradcheck(selective_scan, arguments))

    def test_mamba2(self):
        for dtype in TOLERANCES:
            for d_model, headdim, ngroups in ((16, 8, 1), (16, 8, 2), (64, 16, 4)):
                torch.manual_seed(14)
                layer = Mamba2(d_model, d_state=8, headdim=headdim, ngroups=ngroups).to(dtype)
                x = torch.randn(2, 19, d_model, dtype=dtype, requires_grad=True)
                got, expected = layer(x), mamba2(layer, x)
                self.close(got, expected, dtype)
                parameters = [x, *layer.parameters()]
                for a, b in zip(torch.autograd.grad(got.square().sum(), parameters),
                                torch.autograd.grad(expected.square().sum(), parameters)):
                    self.close(a, b, dtype)

    def test_names_and_shapes_are_those_of_mamba_ssm(self):
        shapes = {name: tuple(t.shape) for name, t in Mamba(32).state_dict().items()}
        self.assertEqual(shapes, {
            "A_log": (64, 16), "D": (64,), "in_proj.weight": (128, 32), "conv1d.weight": (64, 1, 4),
            "conv1d.bias": (64,), "x_proj.weight": (34, 64), "dt_proj.weight": (64, 2), "dt_proj.bias": (64,),
            "out_proj.weight": (32, 64),
        })
        names = set(Mamba2(32, headdim=16).state_dict())
        self.assertEqual(names, {"dt_bias", "A_log", "D", "in_proj.weight", "conv1d.weight", "conv1d.bias",
                                 "norm.weight", "out_proj.weight"})
        names = set(BidirectionalMamba(8).state_dict()) - set(Mamba(8).state_dict())
        self.assertEqual(names, {"A_b_log", "D_b", "conv1d_b.weight", "conv1d_b.bias", "x_proj_b.weight",
                                 "dt_proj_b.weight", "dt_proj_b.bias"})

    def test_both_directions(self):
        torch.manual_seed(15)
        both = BidirectionalMamba(6, d_state=4).double()
        forward, backward = Mamba(6, d_state=4).double(), Mamba(6, d_state=4).double()
        state = both.state_dict()
        forward.load_state_dict({name: state[name] for name in forward.state_dict()})
        backward.load_state_dict({
            name: state.get(name.replace("A_log", "A_b_log").replace("conv1d.", "conv1d_b.")
                            .replace("x_proj.", "x_proj_b.").replace("dt_proj.", "dt_proj_b.")
                            if name != "D" else "D_b", state[name])
            for name in backward.state_dict()})
        x = torch.randn(2, 11, 6, dtype=torch.float64)
        self.close(both(x), forward(x) + backward(x.flip(1)).flip(1), torch.float64)

    def test_sizes_that_do_not_go(self):
        with self.assertRaisesRegex(ValueError, "headdim 64 does not divide expand"):
            Mamba2(16)


if __name__ == "__main__":
    unittest.main()
