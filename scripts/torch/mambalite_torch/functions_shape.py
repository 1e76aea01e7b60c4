"""Functions that change what the dimensions of a tensor are, or take some of its elements."""

import torch

from .arrange import arrange, as_tokens, select, with_new_rows
from .axes import Axis, Value, reshaped, size_of
from .context import PENDING, dim_index, handles, need_value, same_rank
from .errors import Unsupported

MOST_CUT_ROWS = 64
MOST_ROWS = 12
"""Single moments that are taken, beside the first and the last one."""


def of_shape(function):
    """A handler of a function that changes dims only: for what is half a pattern, too."""

    def handler(ctx, x, *args, **kwargs):
        if isinstance(x, PENDING):
            return x.with_base(function(ctx, x.base, *args, **kwargs))
        return as_tokens(ctx, function(ctx, need_value(x), *args, **kwargs))

    return handler


def with_dims(value, dims):
    return Value(dims, value.rows, value.chans, value.lanes, value.ops, value.note)


@handles("identity", "contiguous", "clone", "detach", "alias", "requires_grad", "data", "real",
         "positive", "retain_grad", "nan_to_num")
def identity(ctx, x, *_, **__):
    return x


@handles("dropout", "dropout1d", "dropout2d", "alpha_dropout", "feature_alpha_dropout",
         "feature_dropout")
def dropout(ctx, input, p=0.5, training=True, inplace=False, **kwargs):
    if training and p > 0:
        raise Unsupported("dropout that is active in evaluation mode; pass training=self.training")
    return input


@handles("transpose", "swapaxes", "swapdims")
@of_shape
def transpose(ctx, value, dim0=None, dim1=None, axis0=None, axis1=None):
    dim0, dim1 = dim0 if dim0 is not None else axis0, dim1 if dim1 is not None else axis1
    dims = list(value.dims)
    a, b = dim_index(dim0, len(dims)), dim_index(dim1, len(dims))
    dims[a], dims[b] = dims[b], dims[a]
    return with_dims(value, dims)


@handles("T", "mT", "t", "adjoint")
@of_shape
def turned(ctx, value):
    return with_dims(value, (*value.dims[:-2], *reversed(value.dims[-2:])))


@handles("permute")
@of_shape
def permute(ctx, value, *dims, **kwargs):
    dims = sizes(dims or (kwargs["dims"],))
    return with_dims(value, [value.dims[d] for d in dims])


@handles("movedim", "moveaxis")
@of_shape
def movedim(ctx, value, source, destination):
    dims = list(value.dims)
    dims.insert(dim_index(destination, len(dims)), dims.pop(dim_index(source, len(dims))))
    return with_dims(value, dims)


def sizes(args):
    """Of *size: numbers, or one tuple of them."""
    return tuple(args[0]) if len(args) == 1 and isinstance(args[0], (tuple, list)) else tuple(args)


@handles("reshape", "view", "_unsafe_view")
@of_shape
def reshape(ctx, value, *shape, **kwargs):
    shape = list(sizes(shape or (kwargs.get("shape") or kwargs.get("size"),)))
    if any(isinstance(size, torch.dtype) for size in shape):
        raise Unsupported("a view as another type")
    if -1 in shape:
        known = -torch.Size(shape).numel()
        shape[shape.index(-1)] = size_of(value.axes) // known if known else 0
    made = reshaped(value, shape)
    if made is None:
        raise Unsupported(f"{list(value.shape)} as {shape}, which mixes dimensions")
    return made


@handles("view_as", "reshape_as")
def reshape_as(ctx, x, other):
    return reshape(ctx, x, tuple(other.shape))


@handles("flatten")
@of_shape
def flatten(ctx, value, start_dim=0, end_dim=-1):
    rank = len(value.dims)
    first, last = dim_index(start_dim, rank), dim_index(end_dim, rank)
    middle = tuple(axis for dim in value.dims[first : last + 1] for axis in dim)
    return with_dims(value, (*value.dims[:first], middle, *value.dims[last + 1 :]))


@handles("unflatten")
def unflatten(ctx, x, dim, sizes):
    base = x.base if isinstance(x, PENDING) else need_value(x)
    at = dim_index(dim, len(base.dims))
    parts = list(sizes)
    if -1 in parts:
        parts[parts.index(-1)] = size_of(base.dims[at]) // -torch.Size(parts).numel()
    return reshape(ctx, x, (*base.shape[:at], *parts, *base.shape[at + 1 :]))


@handles("unsqueeze")
@of_shape
def unsqueeze(ctx, value, dim):
    at = dim_index(dim, len(value.dims) + 1)
    return with_dims(value, (*value.dims[:at], (), *value.dims[at:]))


@handles("squeeze")
@of_shape
def squeeze(ctx, value, dim=None):
    if dim is None:
        return with_dims(value, [dim for dim in value.dims if dim])
    which = {dim_index(d, len(value.dims)) for d in ((dim,) if isinstance(dim, int) else dim)}
    return with_dims(value, [d for i, d in enumerate(value.dims) if d or i not in which])


@handles("expand", "broadcast_to")
@of_shape
def expand(ctx, value, *shape, **kwargs):
    shape = sizes(shape or (kwargs["size"],))
    value = same_rank(value, len(shape))
    dims = [
        (Axis(size),) if not dim and size > 1 else dim for dim, size in zip(value.dims, shape)
    ]
    return with_dims(value, dims)


@handles("expand_as")
def expand_as(ctx, x, other):
    shape = other.base.shape if isinstance(other, PENDING) else other.shape
    return expand(ctx, x, tuple(shape))


@handles("repeat", "tile")
def repeat(ctx, x, *counts, **kwargs):
    value = need_value(x)
    counts = sizes(counts or (kwargs.get("repeats") or kwargs.get("dims"),))
    value = same_rank(value, max(len(counts), len(value.dims)))
    counts = (1,) * (len(value.dims) - len(counts)) + counts
    dims = [((Axis(n),) if n > 1 else ()) + dim for dim, n in zip(value.dims, counts)]
    return with_dims(value, dims)


@handles("repeat_interleave")
def repeat_interleave(ctx, x, repeats, dim=None, output_size=None):
    value = need_value(x)
    if not isinstance(repeats, int) or dim is None:
        raise Unsupported("repeats that are no number, or no dim")
    at = dim_index(dim, len(value.dims))
    if value.dims[at] != value.rows or not value.rows:
        more = (Axis(repeats),) if repeats > 1 else ()
        return with_dims(value, (*value.dims[:at], value.dims[at] + more, *value.dims[at + 1 :]))
    return with_new_rows(ctx, value, ctx.each(value, "upsample", {"repeat": repeats}), at)


@handles("interpolate", "upsample")
def interpolate(ctx, input, size=None, scale_factor=None, mode="nearest", *_, **__):
    value = need_value(input)
    if mode not in ("nearest", "nearest-exact") or len(value.dims) != 3:
        raise Unsupported(f"interpolation by {mode}; nearest, in one dimension, is supported")
    rows = size_of(value.dims[2])
    if size is not None:
        size = size[0] if isinstance(size, (tuple, list)) else size
        scale_factor = size / rows
    scale_factor = scale_factor[0] if isinstance(scale_factor, (tuple, list)) else scale_factor
    if scale_factor != int(scale_factor):
        raise Unsupported(f"interpolation by {scale_factor}; whole factors are supported")
    return repeat_interleave(ctx, value, int(scale_factor), 2)


@handles("flip", "fliplr", "flipud")
def flip(ctx, x, *dims, **kwargs):
    value = need_value(x)
    for dim in sizes(dims or (kwargs.get("dims"),)):
        axes = value.dims[dim_index(dim, len(value.dims))]
        if axes and axes == value.rows:
            value = value.like(ctx.each(value, "reverse"))
        elif axes:
            value = taken(ctx, value, dim_index(dim, len(value.dims)), range(size_of(axes))[::-1])
    return value


def taken(ctx, value, at, numbers):
    """The value with these of the indices of dimension `at`; a sequence keeps its rows."""
    axes, numbers = value.dims[at], list(numbers)
    if numbers == list(range(size_of(axes))):
        return value
    if not numbers:
        raise Unsupported("an empty part of a tensor")
    if axes == value.rows:
        return cut_rows(ctx, value, at, numbers)
    if any(axis in value.rows for axis in axes):
        value = arrange(ctx, value, axes + tuple(a for a in value.chans if a not in axes))
    kept = (Axis(len(numbers)),) if len(numbers) > 1 else ()
    dims = (*value.dims[:at], kept, *value.dims[at + 1 :])
    if all(axis in value.free for axis in axes):
        return with_dims(value, dims)
    others = tuple(axis for axis in value.chans if axis not in axes)
    if any(axis in value.chans for axis in axes):
        value = arrange(ctx, value, axes + others)
        inner = size_of(others)
        ops = [select(ctx, op, [n * inner + i for n in numbers for i in range(inner)]) for op in value.ops]
        return value.like(ops, dims=dims, chans=kept + others)
    rest = tuple(axis for axis in value.lanes if axis not in axes)
    if value.lanes != axes + rest:
        raise Unsupported("a part of several dimensions at once")
    each = size_of(rest)
    ops = [op for n in numbers for op in value.ops[n * each : (n + 1) * each]]
    return value.like(ops, dims=dims, lanes=kept + rest)


def cut_rows(ctx, value, at, numbers):
    """Some rows: one of them, every n-th, or all but a few at the ends."""
    rows, first, last = size_of(value.rows), numbers[0], numbers[-1]
    if len(numbers) == 1:
        how = {0: "first", rows - 1: "last"}.get(first)
        if sum(op.kind == "pool" and op.fields["pool"] == "row" for op in ctx.graph.ops) > MOST_ROWS:
            raise Unsupported("a loop over time; a Mamba block is recognised by A_log, x_proj and dt_proj")
        ops = ctx.pooled(value.ops, how) if how else ctx.pooled(value.ops, "row", index=first)
        dims = (*value.dims[:at], (), *value.dims[at + 1 :])
        return value.like(ops, dims=dims, rows=())
    steps = {b - a for a, b in zip(numbers, numbers[1:])}
    if steps != {1}:
        step = steps.pop()
        if steps or first != 0 or step < 1 or len(numbers) != -(-rows // step):
            raise Unsupported("a choice of moments other than every n-th from the first one")
        fields = {"pool": "max", "window": 1, "stride": step}
        return with_new_rows(ctx, value, ctx.each(value, "window_pool", fields), at)
    source = value.note
    if source is not None and source[0] == "conv" and first == 0:
        return source[1](rows - 1 - last)
    before, after = first, rows - 1 - last
    if before + after > MOST_CUT_ROWS:
        raise Unsupported(f"all but {before + after} moments; up to {MOST_CUT_ROWS} are cut off")
    ops = []
    for op in value.ops:
        weight = torch.zeros(op.width, 1, before + after + 1, dtype=torch.float64)
        weight[:, :, before] = 1
        ops.append(ctx.add("conv1d", [op], {"groups": op.width}, {"weight": weight}, "cut"))
    return with_new_rows(ctx, value, ops, at)


@handles("__getitem__", "getitem")
def getitem(ctx, x, index):
    if isinstance(x, (tuple, list)):
        return x[index]
    index = index if isinstance(index, tuple) else (index,)
    rank = len((x.base if isinstance(x, PENDING) else x).dims)
    used = sum(1 for i in index if i is not None and i is not Ellipsis)
    if Ellipsis in [i for i in index if i is Ellipsis]:
        at = next(k for k, i in enumerate(index) if i is Ellipsis)
        index = (*index[:at], *(slice(None),) * (rank - used), *index[at + 1 :])
    at = 0
    for item in index:
        if item is None:
            x = unsqueeze(ctx, x, at)
            at += 1
            continue
        if isinstance(item, torch.Tensor) and item.dim() == 1 and item.dtype == torch.int64:
            item = item.tolist()
        if item == slice(None):
            at += 1
            continue
        value = need_value(x)
        size = size_of(value.dims[at])
        if isinstance(item, int):
            x = taken(ctx, value, at, [item % size])
            x = with_dims(x, (*x.dims[:at], *x.dims[at + 1 :]))
        elif isinstance(item, (slice, list)):
            numbers = range(size)[item] if isinstance(item, slice) else [i % size for i in item]
            x = taken(ctx, value, at, numbers)
            at += 1
        else:
            raise Unsupported(f"an index of type {type(item).__name__}")
    return x


@handles("select")
def select_one(ctx, x, dim, index):
    at = dim_index(dim, len(need_value(x).dims))
    return getitem(ctx, x, (*(slice(None),) * at, index))


@handles("narrow")
def narrow(ctx, x, dim, start, length):
    return taken(ctx, need_value(x), dim_index(dim, len(x.dims)), range(start, start + length))


@handles("index_select")
def index_select(ctx, x, dim, index):
    return taken(ctx, need_value(x), dim_index(dim, len(x.dims)), index.tolist())


@handles("split", "split_with_sizes")
def split(ctx, tensor, split_size_or_sections=None, dim=0, split_size=None, split_sizes=None):
    value = need_value(tensor)
    given = next(x for x in (split_size_or_sections, split_size, split_sizes) if x is not None)
    at = dim_index(dim, len(value.dims))
    total = size_of(value.dims[at])
    if isinstance(given, int):
        given = [min(given, total - i) for i in range(0, total, given)]
    starts = [sum(given[:i]) for i in range(len(given))]
    return [taken(ctx, value, at, range(s, s + n)) for s, n in zip(starts, given)]


@handles("chunk")
def chunk(ctx, input, chunks, dim=0):
    total = size_of(need_value(input).dims[dim_index(dim, len(input.dims))])
    return split(ctx, input, -(-total // chunks), dim)


@handles("tensor_split")
def tensor_split(ctx, input, indices_or_sections, dim=0):
    value = need_value(input)
    at = dim_index(dim, len(value.dims))
    parts = torch.arange(size_of(value.dims[at])).tensor_split(indices_or_sections)
    return [taken(ctx, value, at, part.tolist()) for part in parts]


@handles("unbind", "__iter__")
def unbind(ctx, input, dim=0):
    value = need_value(input)
    at = dim_index(dim, len(value.dims))
    if value.dims[at] and value.dims[at] == value.rows:
        raise Unsupported("a loop over time; a Mamba block is recognised by A_log, x_proj and dt_proj")
    index = (slice(None),) * at
    return [getitem(ctx, value, (*index, i)) for i in range(size_of(value.dims[at]))]


@handles("unfold")
def unfold(ctx, x, dimension=None, size=None, step=None, **kwargs):
    if size is None:
        raise Unsupported("nn.Unfold; Tensor.unfold of time is supported")
    value = need_value(x)
    at = dim_index(dimension, len(value.dims))
    if value.dims[at] != value.rows or not value.rows:
        raise Unsupported("windows of something other than time")
    ops = ctx.each(value, "unfold", {"window": size, "stride": step, "layout": "time_channel"})
    patch = (Axis(size),) if size > 1 else ()
    made = with_new_rows(ctx, value, ops, at, (*value.dims, patch))
    return made.like(chans=patch + made.chans)

