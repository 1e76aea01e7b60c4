"""Functions that put tensors side by side, or one behind the other."""

import torch

from .arrange import arrange, with_new_rows
from .axes import Axis, Value
from .context import dim_index, handles, need_value
from .errors import Unsupported
from .functions_math import on_one_grid
from .functions_shape import with_dims


@handles("stack")
def stack(ctx, tensors, dim=0):
    values = [need_value(x) for x in tensors]
    at = dim_index(dim, len(values[0].dims) + 1)
    return joined(ctx, values, at, is_new=True)


@handles("cat", "concat", "concatenate")
def cat(ctx, tensors, dim=0, axis=None):
    dim = dim if axis is None else axis
    first = next(x for x in tensors if not isinstance(x, torch.Tensor))
    rank = len(need_value(first).dims)
    at = dim_index(dim, rank)
    if any(isinstance(x, torch.Tensor) for x in tensors):
        return with_constant_row(ctx, list(tensors), at)
    return joined(ctx, [need_value(x) for x in tensors], at, is_new=False)


def joined(ctx, values, at, is_new):
    """Values side by side in dimension `at`: channels, or lanes where it is no channel of theirs."""
    axes = [() if is_new else value.dims[at] for value in values]
    if any(axis in value.rows for value, dim in zip(values, axes) for axis in dim):
        raise Unsupported("sequences one behind the other")
    if is_new:
        outer = [with_dims(v, (*v.dims[:at], (), *v.dims[at:])) for v in values]
    else:
        outer = values
    inner = []
    for value, dim in zip(outer, axes):
        others = tuple(axis for axis in value.chans if axis not in dim)
        inner.append(arrange(ctx, value, dim + others))
    bare = [without(value, at, dim) for value, dim in zip(inner, axes)]
    if any(dim for dim in axes):
        others = [tuple(a for a in v.chans if a not in dim) for v, dim in zip(inner, axes)]
        if any(others) or any(v.lanes for v in inner):
            raise Unsupported("side by side in one of several dimensions of channels")
        ops = ctx.add("concat", [v.ops[0] for v in inner], suffix="concat")
        axis = Axis(ops.width)
        like = next((v for v in inner if v.rows), inner[0])
        dims = (*like.dims[:at], (axis,), *like.dims[at + 1 :])
        return Value(dims, like.rows, (axis,), (), [ops])
    grid, rows, chans, lanes, dims = on_one_grid(ctx, bare)
    axis = Axis(len(values))
    dims = (*dims[:at], (axis,), *dims[at + 1 :])
    return Value(dims, rows, chans, (axis,) + lanes, [op for v in grid for op in v.ops])


def without(value, at, dim):
    return with_dims(value, (*value.dims[:at], (), *value.dims[at + 1 :])) if dim else value


def with_constant_row(ctx, tensors, at):
    """A class token: constant rows before or behind a sequence."""
    places = [i for i, x in enumerate(tensors) if not isinstance(x, torch.Tensor)]
    if len(places) != 1:
        raise Unsupported("constants between two parts of the network side by side")
    value = need_value(tensors[places[0]])
    if not value.rows or value.dims[at] != value.rows:
        raise Unsupported("a constant beside channels; rows in front of or behind time are supported")
    chans = tuple(a for i, dim in enumerate(value.dims) if i != at for a in dim if a not in value.lanes)
    value = arrange(ctx, value, chans)
    for i in (*range(places[0])[::-1], *range(places[0] + 1, len(tensors))):
        rows = tensors[i].movedim(at, 0)
        for row in rows.flip(0) if i < places[0] else rows:
            width = value.ops[0].width
            if row.numel() != width or value.lanes:
                raise Unsupported(f"a row of {row.numel()} beside rows of {width}")
            fields = {"position": 0 if i < places[0] else "end"}
            ops = ctx.each(value, "insert_row", fields, {"row": row.reshape(-1)})
            value = with_new_rows(ctx, value, ops, at)
    return value
