"""What export writes, and that it leaves the model as it was."""

import collections
import os
import resource
import tempfile
import time
import unittest

import support  # noqa: F401  the path of the package
import torch
import torch.nn.functional as F
from support import Mamba, message_of, written
from torch import nn

X = torch.randn(1, 20, 4, generator=torch.Generator().manual_seed(9))
LAYERS, LARGE_SECONDS, LARGE_BYTES = 12, 30, 2 << 30


class Net(nn.Module):
    def __init__(self, channels_first=False):
        super().__init__()
        torch.manual_seed(10)
        self.channels_first = channels_first
        self.conv, self.bn = nn.Conv1d(4, 8, 3, padding=1), nn.BatchNorm1d(8)
        self.mamba, self.head, self.drop = Mamba(8, d_state=4), nn.Linear(8, 3), nn.Dropout(0.5)

    def forward(self, x):
        x = x if self.channels_first else x.transpose(1, 2)
        x = F.silu(self.bn(self.conv(x))).transpose(1, 2)
        return self.head(self.drop(self.mamba(x).mean(1)))


class Wrapped(Net):
    """What makes another output of the logits."""

    def __init__(self, outputs):
        super().__init__()
        self.outputs = outputs

    def forward(self, x):
        return self.outputs(super().forward(x))


Pair = collections.namedtuple("Pair", ["logits", "double"])


class Tokens(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(11)
        self.embedding, self.mamba = nn.Embedding(11, 6), Mamba(6, d_state=4)

    def forward(self, tokens):
        return F.linear(self.mamba(self.embedding(tokens)), self.embedding.weight)


class Unbatched(nn.Module):
    def __init__(self):
        super().__init__()
        self.inp, self.head = nn.Linear(4, 8), nn.Linear(8, 2)

    def forward(self, x):
        return self.head(self.inp(x).relu().mean(0))


class Deep(nn.Module):
    """Twelve layers, a million parameters."""

    def __init__(self, d=112):
        super().__init__()
        torch.manual_seed(12)
        self.inp, self.head = nn.Linear(4, d), nn.Linear(d, 6)
        self.norms = nn.ModuleList([nn.LayerNorm(d) for _ in range(LAYERS)])
        self.blocks = nn.ModuleList([Mamba(d, d_state=16) for _ in range(LAYERS)])

    def forward(self, x):
        x = self.inp(x)
        for norm, block in zip(self.norms, self.blocks):
            x = x + block(norm(x))
        return self.head(x.mean(1))


def state_of(model):
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


class Files(unittest.TestCase):
    def test_the_same_twice(self):
        with tempfile.TemporaryDirectory() as folder:
            paths = [os.path.join(folder, f"{i}.safetensors") for i in range(2)]
            for path in paths:
                support.export(Net(), X, path, ["a", "b", "c"])
            contents = []
            for path in paths:
                with open(path, "rb") as file:
                    contents.append(file.read())
        self.assertEqual(*contents)

    def test_metadata_and_references(self):
        made = written(Net(channels_first=True), X.transpose(1, 2), ["a", "b", "c"])
        self.assertEqual(made.arch["labels"], ["a", "b", "c"])
        self.assertEqual(made.arch["inputWidth"], 4)
        self.assertEqual(made.module["input"], {"axes": ["batch", "channels", "time"], "shape": [1, 4, 20]})
        self.assertEqual(made.module["outputs"],
                         [{"name": "output", "shape": [1, 3], "axes": ["batch", "channels"]}])
        self.assertEqual(made.tensors["mambalite.reference.input"]["shape"], [8, 4, 20])
        self.assertEqual(made.tensors["mambalite.reference.output.output"]["dtype"], "F64")
        for op in made.ops:
            self.assertIn(f"mambalite.reference.trace.{op['name']}", made.tensors)
        self.assertLess(made.module["float32Error"], 1e-5)

    def test_outputs_keep_their_names_and_shapes(self):
        shapes = {
            "dict": lambda y: {"class": y, "more": [y * 2, {"deep": y[:, :1]}]},
            "tuple": lambda y: (y, None, y + 1),
            "named": lambda y: Pair(y, y * 2),
            "one more": lambda y: y.unsqueeze(-1),
            "no batch": lambda y: y.squeeze(0),
        }
        names = {
            "dict": ["class", "more.output_0", "more.output_1.deep"], "tuple": ["output_0", "output_2"],
            "named": ["logits", "double"], "one more": ["output"], "no batch": ["output"],
        }
        for name, outputs in shapes.items():
            with self.subTest(name):
                made = written(Wrapped(outputs), X)
                self.assertEqual(list(made.arch["outputs"]), names[name])
        made = written(Wrapped(shapes["one more"]), X)
        self.assertEqual(made.module["outputs"][0]["axes"], ["batch", "channels", "one"])

    def test_tokens_and_tied_weights(self):
        made = written(Tokens().eval(), torch.arange(9)[None])
        self.assertEqual(made.kinds[0], "embedding")
        self.assertEqual(sum("embedding" in name for name in made.tensors
                             if not name.startswith("mambalite")), 1)
        self.assertEqual(made.tensors["mambalite.reference.input"]["dtype"], "I32")

    def test_without_a_batch(self):
        made = written(Unbatched(), X[0])
        self.assertEqual(made.module["input"], {"axes": ["batch", "time", "channels"], "shape": [1, 20, 4]})
        self.assertEqual(made.module["outputs"][0]["shape"], [1, 2])

    def test_names_that_are_not_usual(self):
        parts = collections.OrderedDict(
            [("first layer", nn.Linear(4, 8)), ("a/b", nn.ReLU()), ("x" * 300, nn.Linear(8, 8)),
             ("{i}", nn.Tanh())])
        made = written(nn.Sequential(parts), X)
        self.assertEqual([op["name"] for op in made.ops], ["first layer", "a/b", "x" * 300, "(i)"])


class Models(unittest.TestCase):
    def test_nothing_changes(self):
        model = Net().train()
        model.head.weight.grad = torch.ones_like(model.head.weight)
        model.head.bias.requires_grad_(False)
        calls = []
        model.conv.register_forward_hook(lambda *_: calls.append(1))
        before, hooks = state_of(model), len(model.conv._forward_hooks)
        written(model, X)
        self.assertTrue(model.training and model.drop.training)
        self.assertEqual(len(model.conv._forward_hooks), hooks)
        self.assertFalse(model.head.bias.requires_grad)
        self.assertTrue(torch.equal(model.head.weight.grad, torch.ones_like(model.head.weight)))
        for name, tensor in model.state_dict().items():
            self.assertTrue(torch.equal(tensor, before[name]), name)
            self.assertEqual(tensor.dtype, before[name].dtype)
        self.assertEqual(torch.get_default_dtype(), torch.float32)
        self.assertNotIn("float", vars(torch.Tensor))

    def test_nothing_changes_when_refused(self):
        model = Net()
        model.head = nn.RNN(8, 3)
        message_of(model, X)
        self.assertEqual(torch.get_default_dtype(), torch.float32)
        self.assertEqual(model.conv.weight.dtype, torch.float32)

    def test_other_precisions(self):
        kinds = written(Net(), X).kinds
        for model in (Net().double(), Net().half(), Net().bfloat16()):
            self.assertEqual(written(model, X.to(model.head.weight.dtype)).kinds, kinds)
        self.assertEqual(written(Net(), X.double().requires_grad_()).kinds, kinds)

    def test_wrappers(self):
        kinds = written(Net(), X).kinds
        self.assertEqual(written(nn.DataParallel(Net()), X).kinds, kinds)
        compiled = nn.Module()
        compiled._orig_mod = Net()
        self.assertEqual(written(compiled, X).kinds, kinds)

    def test_weight_norm_and_a_cached_activation(self):
        model = Net()
        model.conv = nn.utils.weight_norm(model.conv)
        model.cached = model(X)
        self.assertIn("conv1d", written(model, X).kinds)

    def test_several_examples_at_once(self):
        self.assertEqual(written(Net(), X.repeat(4, 1, 1)).module["input"]["shape"], [1, 20, 4])

    def test_a_large_one(self):
        model = Deep()
        self.assertGreater(sum(p.numel() for p in model.parameters()), 1_000_000)
        begin = time.process_time()
        made = written(model, torch.randn(1, 128, 4))
        self.assertLess(time.process_time() - begin, LARGE_SECONDS)
        self.assertEqual(len(made.of_kind("mamba")), LAYERS)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        self.assertLess(peak, LARGE_BYTES)


if __name__ == "__main__":
    unittest.main()
