"""Arithmetic of two values, or of one and a constant, without regard to patterns."""

import torch

from .arrange import arrange, swapped, together
from .axes import Value, aligned, size_of
from .context import need_value, of_constant, same_rank
from .errors import Unsupported


def on_one_grid(ctx, values):
    """Values of broadcastable dims with equal ranks, axes, rows, channels and lanes; and their dims."""
    rank = max(len(value.dims) for value in values)
    values = [same_rank(value, rank) for value in values]
    for i in range(1, len(values)):
        for j in range(i):
            pair = aligned(values[j], values[i])
            if pair is None:
                raise Unsupported(f"shapes {list(values[j].shape)} and {list(values[i].shape)}")
            values[j], values[i] = pair
    made, rows, chans, lanes = together(ctx, values)
    dims = [max((v.dims[i] for v in made), key=len) for i in range(rank)]
    return made, rows, chans, lanes, dims


def binary(ctx, kind, a, b):
    """a and b: values, constant tensors or numbers."""
    a, b = [float(x) if isinstance(x, (bool, int)) else x for x in (a, b)]
    if isinstance(b, (float, torch.Tensor)):
        return with_constant(ctx, kind, need_value(a), b, is_left=False)
    if isinstance(a, (float, torch.Tensor)):
        return with_constant(ctx, kind, need_value(b), a, is_left=True)
    (a, b), rows, chans, lanes, dims = on_one_grid(ctx, [need_value(a), need_value(b)])
    ops = [ctx.add(kind, [x, y], suffix=kind) for x, y in zip(a.ops, b.ops)]
    return Value(dims, rows, chans, lanes, ops)


def with_constant(ctx, kind, value, constant, is_left):
    if isinstance(constant, torch.Tensor) and constant.dtype == torch.bool:
        raise Unsupported("arithmetic with a mask")
    if isinstance(constant, float) or constant.numel() == 1:
        ops = [constant_op(ctx, kind, op, float(constant), is_left) for op in value.ops]
        rank = 0 if isinstance(constant, float) else constant.dim()
        return same_rank(value.like(ops), max(rank, len(value.dims)))
    rank = max(constant.dim(), len(value.dims))
    value = same_rank(value, rank)
    pair = aligned(value, same_rank(of_constant(constant), rank))
    if pair is None:
        raise Unsupported(f"shapes {list(value.shape)} and {list(constant.shape)}")
    value, shape = pair
    flat = constant.double().reshape([axis.size for axis in shape.axes])
    axes = shape.axes
    new = tuple(axis for axis in axes if axis not in value.axes)
    free = tuple(axis for axis in axes if axis in value.free)
    if new or free:
        value = arrange(ctx, value, value.chans + free + new)
        dims = [max(d, s, key=len) for d, s in zip(value.dims, shape.dims)]
        value = value.like(dims=dims)
    in_time = any(axis in value.rows for axis in axes)
    plain = in_time and kind in ("add", "subtract") and any(a in value.chans for a in axes)
    if in_time and not plain:
        if not value.chans:
            raise Unsupported(f"to {kind} something else at each moment, which is a constant")
        value = swapped(ctx, value)
        in_time = any(axis in value.rows for axis in axes)
        if in_time and kind not in ("add", "subtract"):
            raise Unsupported(f"to {kind} something else at each moment, which is a constant")
    order = value.lanes + value.rows + value.chans
    there = [axis for axis in order if axis in axes]
    table = flat.permute([axes.index(axis) for axis in there])
    table = table.reshape([axis.size if axis in axes else 1 for axis in order])
    groups = (value.lanes, value.rows if in_time else (), value.chans)
    table = table.expand([a.size if a in sum(groups, ()) else 1 for a in order])
    table = table.reshape([size_of(group) for group in groups])
    if in_time:
        return added_table(ctx, kind, value, table, constant, is_left)
    ops = [
        constant_op(ctx, kind, op, lane.reshape(-1), is_left) for op, lane in zip(value.ops, table)
    ]
    return value.like(ops)


def constant_op(ctx, kind, op, constant, is_left):
    """An operator with a number or a vector; the core has only scales and shifts."""
    is_scale = kind in ("add", "subtract", "multiply") or (kind == "divide" and not is_left)
    if not is_scale:
        zero = ctx.add("multiply", [op, 0.0], suffix="zero")
        other = ctx.add("add", [zero, constant], suffix="constant")
        return ctx.add(kind, [other, op] if is_left else [op, other], suffix=kind)
    return ctx.add(kind, [constant, op] if is_left else [op, constant], suffix=kind)


def added_table(ctx, kind, value, table, constant, is_left):
    if kind == "subtract" and is_left:
        value = value.like([ctx.add("multiply", [op, -1.0], suffix="minus") for op in value.ops])
    elif kind == "subtract":
        table = -table
    ops = []
    for op, lane in zip(value.ops, table):
        lane = longer_table(ctx, lane, constant, op.width)
        ops.append(ctx.add("positions", [op], tensors={"table": lane}, suffix="positions"))
    return value.like(ops)


def longer_table(ctx, table, constant, width):
    """The parameter whose first rows the table is, so that longer inputs find their rows, too."""
    for named in ctx.graph.named.values():
        if named.numel() <= table.numel() or named.numel() % width != 0:
            continue
        if named.shape[-1] == width and torch.equal(named.reshape(-1)[: table.numel()], table.reshape(-1)):
            return named.reshape(-1, width)
    return table


def times(ctx, x, factor):
    return x * factor if isinstance(x, (int, float, torch.Tensor)) else binary(ctx, "multiply", x, factor)
