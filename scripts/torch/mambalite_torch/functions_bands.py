"""Convolutions and pools over time and bands: one dimension is time, the other one is part of a row, in which the
channels of a band lie side by side."""

import torch

from .arrange import arrange, channel_numbers, with_new_rows
from .axes import Axis
from .context import HANDLERS, handles, need_value, same_rank
from .errors import Unsupported


def pair(x):
    """Of a number, or of a tuple of one or two."""
    x = tuple(x) if isinstance(x, (tuple, list)) else (x,)
    return x * 2 if len(x) == 1 else x


def banded(ctx, input):
    """The value as rows of bands and channels; which dimension is time, and how many bands there are."""
    value = need_value(input)
    value = same_rank(value, 4) if len(value.dims) == 3 else value
    if len(value.dims) != 4 or not value.rows or value.rows not in value.dims[2:]:
        raise Unsupported("two dimensions of which neither is time")
    time = value.dims.index(value.rows, 2)
    bands = value.dims[5 - time]
    value = arrange(ctx, value, bands + value.dims[1], value.rows)
    return value, time, value.shape[5 - time]


def by_time(numbers, time):
    """Of time, then of bands."""
    return numbers if time == 2 else numbers[::-1]


def with_windows(ctx, value, ops, time, out, bands):
    """After windows over both: new axes for time and bands, channels `out`."""
    band_axis = (Axis(bands),) if bands > 1 else ()
    dims = list(value.dims)
    dims[1], dims[5 - time] = out, band_axis
    return with_new_rows(ctx, value.like(ops, dims=dims, chans=band_axis + out), ops, time)


@handles("conv2d")
def conv2d(ctx, input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    value, time, bands = banded(ctx, input)
    if time == 3:
        weight = weight.transpose(2, 3)
    steps, dilations = by_time(pair(stride), time), by_time(pair(dilation), time)
    if padding == "same":
        spans = [(taps - 1) * d for taps, d in zip(weight.shape[2:], dilations)]
        if spans[1] % 2:
            raise Unsupported("padding 'same' of an even number of bands")
        paddings = ("same", spans[1] // 2)
    else:
        paddings = (0, 0) if padding == "valid" else by_time(pair(padding), time)
    fields = {
        "bands": bands, "stride": steps[0], "bandStride": steps[1], "dilation": dilations[0],
        "bandDilation": dilations[1], "padding": paddings[0], "bandPadding": paddings[1], "groups": groups,
    }
    ops = ctx.each(value, "conv2d", fields, {"weight": weight, "bias": bias})
    out = (Axis(weight.shape[0]),) if weight.shape[0] > 1 else ()
    return with_windows(ctx, value, ops, time, out, ops[0].width // weight.shape[0])


def pool2d(ctx, input, how, window, stride, padding, ceil_mode, **more):
    value, time, bands = banded(ctx, input)
    channels = value.dims[1]
    windows = by_time(pair(window), time)
    steps = windows if stride is None or stride == () or stride == [] else by_time(pair(stride), time)
    paddings = by_time(pair(padding), time)
    sizes = (value.ops[0].row_count, bands)
    if ceil_mode and any((n + 2 * p - w) % s for n, p, w, s in zip(sizes, paddings, windows, steps)):
        raise Unsupported("ceil_mode=True where a window is not full")
    fields = {
        "pool": how, "bands": bands, "window": windows[0], "bandWindow": windows[1], "stride": steps[0],
        "bandStride": steps[1], "padding": paddings[0], "bandPadding": paddings[1], **more,
    }
    ops = ctx.each(value, "pool2d", fields)
    width = channels[0].size if channels else 1
    return with_windows(ctx, value, ops, time, channels, ops[0].width // width)


@handles("avg_pool2d")
def avg_pool2d(ctx, input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True,
               divisor_override=None):
    if divisor_override is not None:
        raise Unsupported("an average pool with a divisor of its own")
    return pool2d(ctx, input, "average", kernel_size, stride, padding, ceil_mode,
                  countIncludePad=count_include_pad)


@handles("max_pool2d", "_max_pool2d", "max_pool2d_with_indices")
def max_pool2d(ctx, input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False,
               return_indices=False):
    if pair(dilation) != (1, 1) or return_indices:
        raise Unsupported("a max pool with dilation or indices")
    return pool2d(ctx, input, "max", kernel_size, stride, padding, ceil_mode)


def adaptive_2d(reduction, pool):
    def handler(ctx, input, output_size, return_indices=False):
        """Reduced where one element is left of a dimension, else windows of equal size."""
        value = need_value(input)
        first = len(value.dims) - 2
        for at, wanted in enumerate(pair(output_size)):
            size = value.shape[first + at]
            if wanted in (None, size):
                continue
            if wanted == 1:
                value = HANDLERS[reduction](ctx, value, first + at, True)
                continue
            if size % wanted:
                raise Unsupported(f"an adaptive pool from {size} to {wanted}, which are windows of unequal size")
            window = [1, 1]
            window[at] = size // wanted
            value = pool(ctx, value, tuple(window))
        return value

    return handler


handles("adaptive_avg_pool2d")(adaptive_2d("mean", avg_pool2d))
handles("adaptive_max_pool2d", "_adaptive_max_pool2d")(adaptive_2d("amax", max_pool2d))


def over_bands(value, tensor):
    """A vector of channels for each band of a row, as the rows of the value have them."""
    if tensor is None:
        return None
    return tensor[channel_numbers(value.dims[1], value.chans)]
