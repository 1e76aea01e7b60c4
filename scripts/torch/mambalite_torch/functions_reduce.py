"""Reductions over dimensions, and products of matrices."""

import torch

from .arrange import arrange, lane_ops, swapped, together
from .axes import Value, size_of
from .context import Weighted, dim_index, handles, need_value
from .errors import Unsupported
from .functions_layers import linear, one, window_pool
from .functions_math import binary
from .functions_patterns import aligned_pair, arithmetic, root, square
from .functions_shape import turned, with_dims


def reduced_dims(value, dim, keepdim):
    if dim is None:
        chosen = range(len(value.dims))
    else:
        chosen = {dim_index(d, len(value.dims)) for d in ((dim,) if isinstance(dim, int) else dim)}
    axes = tuple(axis for i in chosen for axis in value.dims[i])
    dims = [() if i in chosen else d for i, d in enumerate(value.dims) if keepdim or i not in chosen]
    return axes, dims


def reduce(ctx, x, how, dim, keepdim):
    """how: mean, sum, max, min."""
    if isinstance(x, Weighted):
        return summed(ctx, x, how, dim, keepdim)
    value = need_value(x)
    axes, dims = reduced_dims(value, dim, keepdim)
    if how == "sum" and any(axis in value.free for axis in axes):
        count = size_of([axis for axis in axes if axis in value.free])
        value = value.like([ctx.add("multiply", [op, float(count)]) for op in value.ops])
    by_chans = tuple(axis for axis in value.chans if axis in axes)
    if by_chans and how in ("max", "min") and value.rows and value.rows[0] not in axes:
        value = swapped(ctx, value)
        by_chans = tuple(axis for axis in value.chans if axis in axes)
    by_rows = tuple(axis for axis in value.rows if axis in axes)
    note = reduction_note(value, how, axes)
    if by_rows and by_rows != value.rows:
        value = arrange(ctx, value, by_rows + value.chans)
        by_chans, by_rows = by_rows + by_chans, ()
    if by_rows:
        value = value.like(ctx.pooled(value.ops, how), rows=())
    if by_chans:
        value = reduced_channels(ctx, value, how, by_chans)
    by_lanes = tuple(axis for axis in value.lanes if axis in axes)
    if by_lanes:
        value = reduced_lanes(ctx, value, how, by_lanes)
    return Value(dims, value.rows, value.chans, value.lanes, value.ops, note)


def reduction_note(value, how, axes):
    if how != "mean":
        return None
    over = "rows" if axes == value.rows else "chans" if set(axes) == set(value.chans) else None
    if over is None:
        return None
    if value.note is not None and value.note[0] == "square":
        return ("mean_square", value.note[1], over, False, 0.0)
    return ("mean", value, over)


def reduced_channels(ctx, value, how, axes):
    if how in ("max", "min"):
        return reduced_lanes(ctx, arrange(ctx, value, tuple(a for a in value.chans if a not in axes)), how, axes)
    left = tuple(axis for axis in value.chans if axis not in axes)
    value = arrange(ctx, value, left + axes)
    count, factor = size_of(axes), 1.0 if how == "sum" else 1.0 / size_of(axes)
    weight = torch.eye(size_of(left), dtype=torch.float64).repeat_interleave(count, 1) * factor
    return value.like(ctx.each(value, "linear", None, {"weight": weight}, how), chans=left)


def reduced_lanes(ctx, value, how, axes):
    kind = {"mean": "add", "sum": "add", "max": "maximum", "min": "minimum"}[how]
    left = tuple(axis for axis in value.lanes if axis not in axes)
    groups = {}
    for index, op in lane_ops(value).items():
        key = tuple(i for axis, i in zip(value.lanes, index) if axis in left)
        groups.setdefault(key, []).append(op)
    ops = []
    for group in groups.values():
        op = group[0]
        for other in group[1:]:
            op = ctx.add(kind, [op, other], suffix=how)
        ops.append(ctx.add("multiply", [op, 1.0 / len(group)], suffix=how) if how == "mean" else op)
    return value.like(ops, lanes=left)


def summed(ctx, weighted, how, dim, keepdim):
    """The sum over time of a softmax over time times something."""
    payload = need_value(weighted.base if weighted.payload is not None else None, "a softmax alone")
    axes, dims = reduced_dims(payload, dim, keepdim)
    if how != "sum" or axes != payload.rows:
        raise Unsupported("a softmax over time that is not summed over time")
    return attended(ctx, weighted.score, payload, dims)


def attended(ctx, score, payload, dims):
    if score.rows != payload.rows:
        raise Unsupported("a softmax over time of another time")
    if score.chans not in ((), payload.chans):
        (score, payload), *_ = together(ctx, [score, payload])
    by_score = lane_ops(score)
    ops = []
    for index, op in lane_ops(payload).items():
        key = tuple(index[payload.lanes.index(axis)] for axis in score.lanes)
        ops.append(ctx.add("attention_pool", [op, by_score[key]], suffix="attention"))
    return Value(dims, (), payload.chans, payload.lanes, ops)


@handles("mean", "nanmean")
def mean(ctx, input, dim=None, keepdim=False, axis=None, **_):
    return reduce(ctx, input, "mean", dim if dim is not None else axis, keepdim)


@handles("sum", "nansum")
def sum_(ctx, input, dim=None, keepdim=False, axis=None, **_):
    return reduce(ctx, input, "sum", dim if dim is not None else axis, keepdim)


@handles("amax")
def amax(ctx, input, dim=None, keepdim=False):
    return reduce(ctx, input, "max", dim, keepdim)


@handles("amin")
def amin(ctx, input, dim=None, keepdim=False):
    return reduce(ctx, input, "min", dim, keepdim)


def extreme(how, kind):
    def handler(ctx, input, dim=None, keepdim=False, other=None, axis=None):
        dim = dim if dim is not None else axis
        other = dim if other is None and not isinstance(dim, (int, type(None))) else other
        if other is not None:
            return binary(ctx, kind, input, other)
        made = reduce(ctx, input, how, dim, keepdim)
        return made if dim is None else [made, None]

    return handler


handles("max")(extreme("max", "maximum"))
handles("min")(extreme("min", "minimum"))


def deviation_arguments(dim, unbiased, correction):
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if correction is not None:
        if correction not in (0, 1):
            raise Unsupported(f"a variance with correction {correction}; 0 and 1 are supported")
        unbiased = correction == 1
    return dim, True if unbiased is None else bool(unbiased)


@handles("var")
def var(ctx, input, dim=None, unbiased=None, keepdim=False, correction=None, axis=None):
    dim, unbiased = deviation_arguments(dim if dim is not None else axis, unbiased, correction)
    value = need_value(input)
    axes, dims = reduced_dims(value, dim, keepdim)
    if axes and axes == value.rows:
        std_ops = ctx.each(value, "pool", {"pool": "std", "unbiased": unbiased, "eps": 0}, suffix="std")
        ops = [ctx.add("multiply", [op, op], suffix="variance") for op in std_ops]
        return Value(dims, (), value.chans, value.lanes, ops, ("variance", value, "rows", unbiased, 0.0))
    if axes and set(axes) == set(value.chans) and not unbiased:
        centred = arithmetic("subtract")(ctx, value, reduce(ctx, value, "mean", dim, True))
        made = reduce(ctx, square(ctx, centred), "mean", dim, keepdim)
        made.note = ("variance", value, "chans", False, 0.0)
        return made
    raise Unsupported("a variance over something else than all of time, or all channels (unbiased=False)")


@handles("std")
def std(ctx, input, dim=None, unbiased=None, keepdim=False, correction=None, axis=None):
    made = var(ctx, input, dim, unbiased, keepdim, correction, axis)
    return root(ctx, made, False)


def adaptive(how):
    def handler(ctx, input, output_size, return_indices=False):
        count = one(output_size)
        rows = size_of(need_value(input).dims[-1])
        if count == 1:
            return reduce(ctx, input, how, -1, True)
        if count and rows % count == 0:
            word = "average" if how == "mean" else "max"
            return window_pool(ctx, input, word, rows // count, None, 0)
        raise Unsupported(f"an adaptive pool of {rows} moments to {count}, which does not divide them")

    return handler


handles("adaptive_avg_pool1d")(adaptive("mean"))
handles("adaptive_max_pool1d", "_adaptive_max_pool1d")(adaptive("max"))


# ---- products of matrices -----------------------------------------------------------------------------


@handles("matmul", "rmatmul", "bmm", "mm", "imatmul")
def matmul(ctx, input, other=None, mat2=None, **_):
    other = other if other is not None else mat2
    if isinstance(other, torch.Tensor):
        other = without_batch(other)
        if other.dim() == 2:
            return linear(ctx, input, other.t())
        if other.dim() == 1:
            made = linear(ctx, input, other.reshape(1, -1))
            return with_dims(made, made.dims[:-1])
    if isinstance(input, torch.Tensor) and isinstance(other, Value) and without_batch(input).dim() == 2:
        return turned(ctx, linear(ctx, turned(ctx, other), without_batch(input)))
    for weights, x, at in ((input, other, -1), (other, input, -2)):
        if isinstance(weights, Weighted) and weights.payload is None and isinstance(x, Value):
            return attention_product(ctx, weights.score, x, at)
    raise Unsupported("a product of two matrices that both depend on the input: attention")


def without_batch(matrix):
    one_of_many = matrix.dim() > 2 and matrix.shape[:-2].numel() == 1
    return matrix.reshape(matrix.shape[-2:]) if one_of_many else matrix


def attention_product(ctx, score, x, at):
    """softmax_t(score) [.., 1, t] @ x [.., t, c] or x [.., c, t] @ softmax [.., t, 1]."""
    other = -2 if at == -1 else -1
    if score.dims[other] or score.dims[at] != score.rows:
        raise Unsupported("attention of each moment to each other")
    score, x = aligned_pair(turned(ctx, score), x)
    if x.dims[other] != x.rows:
        raise Unsupported("attention over something else than time")
    dims = list(x.dims)
    dims[other] = ()
    return attended(ctx, score, x, dims)
