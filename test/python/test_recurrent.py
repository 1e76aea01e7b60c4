"""GRUs and LSTMs, each exported; export itself compares with PyTorch in float64."""

import unittest

import support  # noqa: F401  the path of the package
import torch
from support import written
from torch import nn

X = torch.randn(1, 24, 5, generator=torch.Generator().manual_seed(4))


class Net(nn.Module):
    """A linear layer, then what is given."""

    def __init__(self, function, rnn):
        super().__init__()
        self.inp, self.rnn, self.function = nn.Linear(5, 8), rnn, function

    def forward(self, x):
        return self.function(self.rnn, self.inp(x))


def exported(function, make):
    torch.manual_seed(5)
    return written(Net(function, make()).eval(), X)


class Recurrent(unittest.TestCase):
    def test_rows_and_last_states(self):
        for make in (lambda: nn.GRU(8, 6, batch_first=True), lambda: nn.LSTM(8, 6, batch_first=True, bias=False)):
            self.assertEqual(exported(lambda rnn, x: rnn(x)[0], make).kinds[1:], [make()._get_name().lower()])
            self.assertEqual(exported(lambda rnn, x: state(rnn, x)[-1], make).kinds[2:], ["pool"])

    def test_time_first(self):
        made = exported(lambda rnn, x: rnn(x.transpose(0, 1))[0].transpose(0, 1), lambda: nn.GRU(8, 6))
        self.assertEqual(made.kinds, ["linear", "gru"])

    def test_layers_and_directions(self):
        def both():
            return nn.LSTM(8, 6, 2, batch_first=True, bidirectional=True, dropout=0.3)

        made = exported(lambda rnn, x: rnn(x)[0].mean(1), both)
        self.assertEqual(len(made.of_kind("lstm")), 4)
        self.assertEqual(made.of_kind("lstm")[0]["weights"], "rnn")
        self.assertEqual(made.of_kind("lstm")[3]["tensors"]["weight_hh_l0"], "rnn.weight_hh_l1_reverse")
        last = exported(lambda rnn, x: torch.cat([*state(rnn, x)[-2:]], -1), both)
        self.assertEqual(len(last.of_kind("reverse")), 3, "the way back ends where it began")

    def test_states_of_all_layers(self):
        made = exported(lambda rnn, x: rnn(x)[1].transpose(0, 1).flatten(1), lambda: nn.GRU(8, 6, 3, batch_first=True))
        self.assertEqual(len(made.of_kind("pool")), 3)


def state(rnn, x):
    hidden = rnn(x)[1]
    return hidden[0] if isinstance(hidden, tuple) else hidden


if __name__ == "__main__":
    unittest.main()
