"""Brings values into the rows and channels that an operator wants, by operators of the graph.

A value whose time is wanted as channels is transposed, unfolded or flattened; channels that a layer does
not see become lanes, lanes that it sees are put side by side.
"""

from itertools import product

import torch

from .axes import Axis, size_of
from .errors import Unsupported


def arrange(ctx, value, chans, rows=None):
    """The value with exactly these channels, in this order, and these rows if they are given."""
    chans = tuple(chans)
    value = take_rows(ctx, value, chans)
    if rows is not None and value.rows != tuple(rows):
        raise Unsupported(ctx.says("time and channels are not where it wants them"))
    value = take_lanes(ctx, value, chans)
    value = leave_channels(ctx, value, chans)
    return spread(ctx, value, chans)


def take_rows(ctx, value, chans):
    """Rows that are wanted as channels become some."""
    wanted = [axis for axis in value.rows if axis in chans]
    if not wanted:
        return value
    stays = value.rows[: len(value.rows) - len(wanted)]
    if value.rows[len(stays) :] != tuple(wanted):
        raise Unsupported(ctx.says("a part of time that is not the innermost one becomes channels"))
    kept = [axis for axis in value.chans if axis in chans]
    rows = tuple(wanted)
    channels_first = bool(kept) and chans.index(kept[0]) < chans.index(wanted[0])
    joined = value.chans + rows if channels_first else rows + value.chans
    layout = "channel_time" if channels_first else "time_channel"
    count = size_of(rows)
    if stays:
        fields = {"window": count, "stride": count, "layout": layout}
        return value.like(ctx.each(value, "unfold", fields), rows=stays, chans=joined)
    if value.chans and not kept:
        ops = ctx.each(value, "transpose", {"rows": count})
        return value.like(ops, rows=value.chans, chans=rows)
    ops = ctx.each(value, "flatten", {"rows": count, "layout": layout})
    return value.like(ops, rows=(), chans=joined)


def take_lanes(ctx, value, chans):
    """Lanes that are wanted as channels are put side by side."""
    taken = tuple(axis for axis in value.lanes if axis in chans)
    if not taken:
        return value
    left = tuple(axis for axis in value.lanes if axis not in taken)
    by_index = lane_ops(value)
    ops = []
    for outer in indices(left):
        inputs = [
            by_index[tuple({**dict(zip(left, outer)), **dict(zip(taken, inner))}[a] for a in value.lanes)]
            for inner in indices(taken)
        ]
        ops.append(ctx.add("concat", inputs, suffix="concat"))
    return value.like(ops, lanes=left, chans=taken + value.chans)


def leave_channels(ctx, value, chans):
    """Channels that are not wanted become lanes."""
    leaving = tuple(axis for axis in value.chans if axis not in chans)
    if not leaving:
        return value
    left = tuple(axis for axis in value.chans if axis in chans)
    order = channel_numbers(value.chans, leaving + left).reshape(size_of(leaving), -1)
    ops = [select(ctx, op, numbers.tolist()) for op in value.ops for numbers in order]
    return value.like(ops, lanes=value.lanes + leaving, chans=left)


def spread(ctx, value, chans):
    """Channels in another order, and constant along those that the value does not have."""
    if value.chans == chans:
        return value
    source = None if len(value.ops) != 1 else value.ops[0]
    if source is not None and source.kind == "unfold" and set(chans) == set(value.chans):
        flipped = unfolded_otherwise(ctx, value, chans, source)
        if flipped is not None:
            return flipped
    numbers = channel_numbers(value.chans, chans).tolist()
    return value.like([select(ctx, op, numbers) for op in value.ops], chans=chans)


def unfolded_otherwise(ctx, value, chans, op):
    """A window of rows in the other layout, if that is the order that is wanted."""
    window = op.fields["window"]
    for cut in range(1, len(value.chans)):
        if value.chans[cut:] + value.chans[:cut] != chans or op.fields["layout"] != "time_channel":
            continue
        if size_of(value.chans[:cut]) == window:
            fields = {**op.fields, "layout": "channel_time"}
            return value.like([ctx.add("unfold", op.inputs, fields)], chans=chans)
    return None


def channel_numbers(chans, order):
    """Which channel each of the new ones is, where `order` may have axes that chans has not."""
    numbers = torch.arange(size_of(chans)).reshape([a.size for a in chans] + [1] * len(order))
    missing = [axis for axis in order if axis not in chans]
    everything = list(chans) + missing
    numbers = numbers.reshape([a.size for a in chans] + [1] * len(missing))
    numbers = numbers.expand([axis.size for axis in everything])
    return numbers.permute([everything.index(axis) for axis in order]).reshape(-1)


def select(ctx, op, numbers):
    """An operator's channels of these numbers."""
    first, count = numbers[0], len(numbers)
    if numbers == list(range(first, first + count)):
        if count == op.width:
            return op
        return ctx.add("slice", [op], {"first": first, "width": count}, suffix="slice")
    weight = torch.zeros(count, op.width, dtype=torch.float64)
    weight[torch.arange(count), torch.tensor(numbers)] = 1
    return ctx.add("linear", [op], tensors={"weight": weight}, suffix="select")


def indices(axes):
    return product(*(range(axis.size) for axis in axes))


def lane_ops(value):
    """The operators by their index into the lanes."""
    return dict(zip(indices(value.lanes), value.ops))


def swapped(ctx, value):
    """Rows become channels and channels rows."""
    if not value.rows or not value.chans:
        raise Unsupported(ctx.says("a value for each moment where there is one row, or one channel"))
    return arrange(ctx, value, value.rows)


def as_tokens(ctx, value):
    """[batch, tokens, channels] where some channels are merged with time, as of the patches of a Conv2d in row order
    (Vim) or by columns (AuM): every token a row. Anything else as it is."""
    if len(value.dims) != 3 or not value.rows or not value.dims[2]:
        return value
    tokens, chans = value.dims[1:]
    merged = tuple(axis for axis in tokens if axis not in value.rows)
    if not merged or any(axis not in value.chans + value.lanes for axis in merged + chans):
        return value
    if tokens == value.rows + merged:
        value, count = arrange(ctx, value, merged + chans), size_of(merged)
    elif tokens == merged + value.rows:
        inner = value.rows
        value = swapped(ctx, arrange(ctx, value, merged + chans))
        value, count = arrange(ctx, value, inner + chans), size_of(inner)
    else:
        return value
    return value.like(ctx.each(value, "split_rows", {"count": count}), rows=tokens, chans=chans)


def together(ctx, values):
    """Values of equal dims with equal rows, channels and lanes; vectors may stay beside sequences."""
    rows = next((value.rows for value in values if value.rows), ())
    for turn in range(2):
        for i, value in enumerate(values):
            if value.rows and value.rows != rows:
                values[i] = swapped(ctx, value)
        clash = any(axis in value.chans + value.lanes for value in values for axis in rows)
        if not clash:
            break
        if turn == 1:
            raise Unsupported(ctx.says("what is one row would have to become many"))
        values = [swapped(ctx, value) if value.rows else value for value in values]
        rows = next((value.rows for value in values if value.rows), ())
    if any(value.rows not in ((), rows) for value in values):
        raise Unsupported(ctx.says("two different times meet"))
    chans = ordered(axis for value in values for axis in value.chans)
    lanes = ordered(a for value in values for a in value.lanes if a not in chans)
    result = []
    for value in values:
        own = tuple(axis for axis in chans if axis in value.chans + value.lanes)
        value = spread(ctx, arrange(ctx, value, own), chans)
        by_index = lane_ops(value)
        where = [lanes.index(axis) for axis in value.lanes]
        ops = [by_index[tuple(index[i] for i in where)] for index in indices(lanes)]
        result.append(value.like(ops, lanes=lanes))
    return result, rows, chans, lanes


def ordered(axes):
    return tuple(dict.fromkeys(axes))


def with_new_rows(ctx, value, ops, dim, dims=None):
    """After an operator that changes the number of rows: a new axis for them in dimension `dim`."""
    count = ops[0].row_count
    dims = list(value.dims if dims is None else dims)
    if count == 1:
        dims[dim] = ()
        return value.like(ctx.pooled(ops, "last"), dims=dims, rows=())
    axis = Axis(count)
    dims[dim] = (axis,)
    return value.like(ops, dims=dims, rows=(axis,))

