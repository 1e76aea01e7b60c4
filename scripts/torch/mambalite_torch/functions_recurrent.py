"""GRU and LSTM: an operator for each layer and direction, from states of zeros."""

import torch

from .arrange import arrange
from .axes import Axis
from .context import handles, need_value, same_rank
from .errors import Unsupported

@handles("gru", "lstm")
def recurrent(ctx, input, hx, weights, bias, num_layers, dropout, train, bidirectional, batch_first):
    kind, states = ctx.function, hx if isinstance(hx, (tuple, list)) else [hx]
    if not all(isinstance(h, torch.Tensor) for h in states):
        raise Unsupported("an initial state that depends on the input")
    if any(h.count_nonzero() for h in states):
        raise Unsupported("an initial state other than zeros")
    if states[0].shape != states[-1].shape:
        raise Unsupported("proj_size, a smaller hidden state than the cell state")
    value = need_value(input)
    value = same_rank(value, 3)
    time, batch = (1, 0) if batch_first else (0, 1)
    if not value.dims[time]:
        raise Unsupported(f"{kind.upper()} of one row; a sequence of two or more is needed")
    value = arrange(ctx, value, value.dims[2], value.dims[time])
    each = 4 if bias else 2
    layers = [weights[i : i + each] for i in range(0, len(weights), each)]
    made = [layered(ctx, kind, op, layers, bidirectional) for op in value.ops]
    rows = rows_of(value, [ops for ops, _ in made])
    last = last_of(ctx, value, [ends for _, ends in made], batch)
    return [rows, last, Unsupported("the cell state of an LSTM")]


def layered(ctx, kind, op, layers, bidirectional):
    """The rows of the last layer, and of all layers and directions the operators whose last rows are the states."""
    ends = []
    ways = 2 if bidirectional else 1
    for layer in range(len(layers) // ways):
        own = f".l{layer}" if len(layers) > ways else ""
        forward = one_way(ctx, kind, op, layers[layer * ways], own + (".forward" if bidirectional else ""))
        ends.append(forward)
        if not bidirectional:
            op = forward
            continue
        turned = named(ctx, "reverse", [op], f"{own}.reverse")
        backward = one_way(ctx, kind, turned, layers[layer * ways + 1], f"{own}.backward")
        ends.append(backward)
        back = named(ctx, "reverse", [backward], f"{own}.back")
        op = named(ctx, "concat", [forward, back], f"{own}.both")
    return op, ends


def one_way(ctx, kind, op, weights, ending):
    keys = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    return named(ctx, kind, [op], ending, dict(zip(keys, weights)))


def named(ctx, kind, inputs, ending, tensors=None):
    return ctx.add(kind, inputs, tensors=tensors, name=f"{ctx.place.path or kind}{ending}")


def rows_of(value, ops):
    out = axes_of(ops[0].width)
    return value.like(ops, dims=(*value.dims[:2], out), chans=out)


def last_of(ctx, value, ends, batch):
    """[layers and directions, batch, hidden]"""
    count = len(ends[0])
    by_layer = axes_of(count)
    out = axes_of(ends[0][0].width)
    ops = [op for i in range(count) for op in ctx.pooled([lane[i] for lane in ends], "last")]
    dims = (by_layer, value.dims[batch], out)
    return value.like(ops, dims=dims, rows=(), lanes=by_layer + value.lanes, chans=out)


def axes_of(size):
    return (Axis(size),) if size > 1 else ()
