"""Wrong uses, as a new user would make them: each is answered by one line that leads on."""

import unittest
import warnings

import support  # noqa: F401  the path of the package
import torch
import torch.nn.functional as F
from support import Mamba, message_of
from torch import nn

SEQUENCE = torch.randn(1, 16, 4, generator=torch.Generator().manual_seed(7))


class Net(nn.Module):
    """in -> Mamba -> what is given."""

    def __init__(self, tail=None, **parts):
        super().__init__()
        torch.manual_seed(8)
        self.inp, self.mamba, self.head = nn.Linear(4, 8), Mamba(8, d_state=4), nn.Linear(8, 3)
        for name, part in parts.items():
            setattr(self, name, part)
        self.tail = tail or (lambda m, x: m.head(x.mean(1)))

    def forward(self, x):
        return self.tail(self, self.mamba(self.inp(x)))


def attending(function):
    return Net(lambda m, x: m.head(function(m, x).mean(1)), a=nn.MultiheadAttention(8, 2, batch_first=True)).eval()


class TwoInputs(nn.Module):
    def forward(self, x, lengths):
        return x


def branching(m, x):
    if x.mean() > 0:
        return m.head(x.mean(1))
    return m.head(x.amax(1))


def looping(m, x):
    state = x[:, 0]
    for t in range(1, x.shape[1]):
        state = torch.tanh(state + x[:, t])
    return m.head(state)


def assigned(m, x):
    x[:, 0] = 0
    return m.head(x.mean(1))


def with_nan():
    net = Net()
    net.head.weight.data[1, 2] = float("nan")
    return net


def scripted():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.trace(nn.Linear(4, 2), torch.randn(1, 4))


WRONG = [
    # what is given
    (lambda: (Net().state_dict(), SEQUENCE),
     r"^a state dict: make the module, model\.load_state_dict\(\.\.\.\), and export that$"),
    (lambda: ("model.pth", SEQUENCE), r"^a path: load the module first; export takes the nn\.Module itself$"),
    (lambda: (Net, SEQUENCE), r"^the class Net: export an instance of it, with its weights loaded$"),
    (lambda: (scripted(), SEQUENCE), r"^a TorchScript module: export the nn\.Module that it was made of$"),
    (lambda: (lambda x: x, SEQUENCE), r"^an nn\.Module was expected, not a function$"),
    (lambda: (Net(), SEQUENCE.numpy()), r"^a numpy array as the example input: pass torch\.from_numpy\(\.\.\.\)$"),
    (lambda: (Net(), [1, 16, 4]), r"^one tensor was expected as the example input, not a list$"),
    (lambda: (Net(), None), r"^one tensor was expected as the example input, not a NoneType$"),
    (lambda: (TwoInputs(), (SEQUENCE, torch.tensor([16.0]))), r"^2 inputs: networks of one input are supported$"),
    (lambda: (Net(), SEQUENCE[0, 0]), r"^an example input of shape \[4\]; \[1, time, channels\] or"),
    (lambda: (Net(), SEQUENCE[:, :0]), r"^an example input of shape \[1, 0, 4\] has no elements$"),
    (lambda: (Net(), torch.full((1, 16, 4), float("nan"))), r"^the example input holds NaN or infinite values$"),
    (lambda: (Net(), torch.randn(1, 16, 5)),
     r"^the model fails on the example input of shape \[1, 16, 5\]: RuntimeError: "),
    (lambda: (Net(), SEQUENCE, None, 7), r"^the path of the file to write was expected, not an int$"),
    (lambda: (Net(), SEQUENCE, None, "model.pth"), r"model\.pth: a name that ends in \.safetensors was expected$"),
    (lambda: (Net(), SEQUENCE, None, "nowhere/model.safetensors"), r"nowhere: there is no such folder$"),
    (lambda: (Net(), SEQUENCE, ["a", "b"]), r"^labels: 3 names, one an element of 'output', were expected, not 2$"),
    (lambda: (Net(), SEQUENCE, "abc"), r"^labels: a list of names was expected$"),
    (lambda: (Net(lambda m, x: m.head(x)), SEQUENCE, ["a", "b", "c"]),
     r"^labels: none for the output 'output', which has a row for each moment$"),
    # the module
    (lambda: (with_nan(), SEQUENCE), r"^head\.weight holds NaN or infinite values$"),
    (lambda: (Net(rnn=nn.RNN(8, 8)), SEQUENCE), r"^rnn: RNN: recurrent layers other than nn\.GRU and nn\.LSTM are not"),
    (lambda: (Net(lambda m, x: m.head(m.lstm(x)[0][:, -1]), lstm=nn.LSTM(8, 8, batch_first=True, proj_size=4),
                  head=nn.Linear(4, 3)), SEQUENCE), r"^lstm .*: lstm: proj_size, .* is not supported$"),
    (lambda: (Net(lambda m, x: m.head(m.lstm(x)[1][1][-1]), lstm=nn.LSTM(8, 8, batch_first=True)), SEQUENCE),
     r"the cell state of an LSTM is not supported$"),
    (lambda: (Net(lambda m, x: m.head(m.gru(x, torch.ones(1, 1, 8))[0][:, -1]), gru=nn.GRU(8, 8, batch_first=True)),
              SEQUENCE), r"^gru .*: gru: an initial state other than zeros is not supported$"),
    (lambda: (Net(lambda m, x: m.head(m.gru(x, x[:, :1])[1][-1]), gru=nn.GRU(8, 8, batch_first=True)), SEQUENCE),
     r"^gru .*: gru: an initial state that depends on the input is not supported$"),
    (lambda: (Net(conv=nn.Conv3d(1, 2, 3)), SEQUENCE), r"^conv: Conv3d: three-dimensional convolutions are not"),
    (lambda: (Net(decoder=nn.TransformerDecoderLayer(8, 2)), SEQUENCE),
     r"^decoder: TransformerDecoderLayer: attention of one sequence to another is not"),
    (lambda: (attending(lambda m, x: m.a(x, 2 * x, x)[0]), SEQUENCE), r"^a .*: attention of one sequence to another; "),
    (lambda: (attending(lambda m, x: m.a(x, x, x)[1][..., :8]), SEQUENCE), r"what attention returns as its weights is not"),
    (lambda: (attending(lambda m, x: m.a(x, x, x, key_padding_mask=torch.zeros(1, 16).bool())[0]), SEQUENCE),
     r"a key_padding_mask: give sequences without padding"),
    (lambda: (attending(lambda m, x: m.a(x, x, x, attn_mask=torch.eye(16).bool())[0]), SEQUENCE),
     r"a mask other than the causal one"),
    (lambda: (attending(lambda m, x: m.a(x, x, x, attn_mask=torch.eye(16))[0]), SEQUENCE),
     r"a mask of numbers that are added to scores"),
    (lambda: (Net(branching), SEQUENCE),
     r"^the network \(test_messages\.py:\d+, if x\.mean\(\) > 0:\): an `if` or `while` on values of the network"),
    (lambda: (Net(lambda m, x: m.head(x.mean(1)) * float(x.sum())), SEQUENCE), r"values taken out of the network"),
    (lambda: (Net(lambda m, x: m.head(F.dropout(x.mean(1)))), SEQUENCE),
     r"dropout that is active in evaluation mode; pass training=self\.training"),
    (lambda: (Net(lambda m, x: m.head(x.mean(1) + torch.rand_like(x[:, 0]))), SEQUENCE),
     r"rand_like: random numbers in evaluation mode$"),
    (lambda: (Net(lambda m, x: m.head(x.mean(1) + torch.rand(8))), SEQUENCE),
     r"the model chooses by values, or is random$"),
    (lambda: (Net(lambda m, x: m.head(torch.cumsum(x, 1)[:, -1])), SEQUENCE),
     r"^the network \(test_messages\.py:\d+, .*\): a cumulative sum is not supported; linear and conv"),
    (lambda: (Net(lambda m, x: m.head((x @ x.transpose(1, 2) @ x).mean(1))), SEQUENCE), r"attention is not supported$"),
    (lambda: (Net(looping), SEQUENCE), r"a loop over time; a Mamba block is recognised by A_log"),
    (lambda: (Net(assigned), SEQUENCE), r"an assignment to a part of a tensor"),
    (lambda: (Net(lambda m, x: m.bn(m.head(x.mean(1))), bn=nn.BatchNorm1d(3, track_running_stats=False)), SEQUENCE),
     r"BatchNorm without running statistics, which depends on the batch|Expected more than 1 value per channel"),
    (lambda: (Net(lambda m, x: m.head((x - x.mean(0, keepdim=True) * 0.5).mean(1))), SEQUENCE),
     r"^the output 'output' of an input depends on the others in its batch"),
    (lambda: (Net(lambda m, x: torch.zeros(1, 3)), SEQUENCE),
     r"^the output of the model does not depend on the input$"),
    (lambda: (Net(lambda m, x: "done"), SEQUENCE), r"^the model returns a str; tensors, and tuples and dicts of them"),
    (lambda: (nn.Linear(1, 2), torch.randn(1, 1, 1)),
     r"^an example input of one element: give one of the usual length"),
]


class Messages(unittest.TestCase):
    def test_every_wrong_use(self):
        for make, expected in WRONG:
            with self.subTest(expected):
                message = message_of(*make())
                self.assertRegex(message, expected)
                self.assertNotIn("\n", message)


if __name__ == "__main__":
    unittest.main()
