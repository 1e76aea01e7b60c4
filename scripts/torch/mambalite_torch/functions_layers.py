"""Layers with weights, activations, norms and pools over windows."""

import torch

from .arrange import arrange, channel_numbers, with_new_rows
from .axes import Axis, Value, size_of
from .context import PENDING, Padded, Weighted, dim_index, handles, need_value, same_rank
from .errors import Unsupported
from .evaluate import paddings
from .functions_bands import banded, over_bands
from .functions_math import binary, times
from .functions_shape import taken

# ---- linear -----------------------------------------------------------------------------------------


@handles("linear")
def linear(ctx, input, weight, bias=None):
    if isinstance(input, torch.Tensor) or not isinstance(weight, torch.Tensor):
        raise Unsupported("a linear layer whose weight depends on the input")
    value = need_value(input)
    wanted = value.dims[-1]
    if value.chans != wanted and set(value.chans) == set(wanted):
        # Channels in another order are columns in another order.
        columns = torch.argsort(channel_numbers(value.chans, wanted))
        value, weight = value.like(dims=(*value.dims[:-1], value.chans)), weight[:, columns]
    value = arrange(ctx, value, value.dims[-1])
    if isinstance(bias, (Value, *PENDING)):
        raise Unsupported("a bias that depends on the input")
    ops = ctx.each(value, "linear", None, {"weight": weight, "bias": bias})
    out = (Axis(weight.shape[0]),) if weight.shape[0] > 1 else ()
    return value.like(ops, dims=(*value.dims[:-1], out), chans=out)


@handles("addmm")
def addmm(ctx, input, mat1, mat2, **_):
    return linear(ctx, mat1, mat2.t(), input)


@handles("embedding")
def embedding(ctx, input, weight, *_, **__):
    value = need_value(input)
    if not ctx.is_token(value):
        raise Unsupported("an embedding of something that the network computed")
    ops = ctx.each(value, "embedding", None, {"weight": weight})
    axis = (Axis(weight.shape[1]),) if weight.shape[1] > 1 else ()
    return value.like(ops, dims=(*value.dims, axis), chans=axis)


# ---- convolutions -------------------------------------------------------------------------------------


@handles("pad")
def pad(ctx, input, pad, mode="constant", value=None):
    base = need_value(input)
    if mode != "constant" or value not in (None, 0):
        raise Unsupported(f"padding by {mode if mode != 'constant' else value}; zeros are supported")
    made = base
    for i in range(0, len(pad), 2):
        made = padded_dim(ctx, made, len(base.dims) - 1 - i // 2, pad[i], pad[i + 1])
    return made


def padded_dim(ctx, value, at, before, after):
    if before == after == 0:
        return value
    value = rows_padded(ctx, value) if isinstance(value, Padded) else value
    size = value.shape[at]
    if before < 0 or after < 0:
        value = taken(ctx, value, at, range(max(-before, 0), size + min(after, 0)))
        return padded_dim(ctx, value, at, max(before, 0), max(after, 0))
    if value.rows and value.dims[at] == value.rows:
        return Padded(value, before, after)
    if not value.dims[at] or value.dims[at] != value.chans:
        raise Unsupported("padding of something else than time or channels")
    weight = torch.zeros(before + size + after, size, dtype=torch.float64)
    weight[torch.arange(size) + before, torch.arange(size)] = 1
    axis = (Axis(before + size + after),)
    dims = (*value.dims[:at], axis, *value.dims[at + 1 :])
    return value.like(ctx.each(value, "linear", None, {"weight": weight}, "pad"), dims=dims, chans=axis)


def rows_padded(ctx, padded):
    """The rows of zeros as rows, by a convolution that copies: for all but convolutions."""
    value, lacking = padded.base, padded.before + padded.after
    ops = []
    for op in value.ops:
        weight = torch.zeros(op.width, 1, lacking + 1, dtype=torch.float64)
        weight[:, :, padded.after] = 1
        layer = (weight, None, 1, 1, op.width)
        ops.append(convolution(ctx, op, layer, lacking, lacking))
    return with_new_rows(ctx, value, ops, value.dims.index(value.rows))


def one(x):
    """Of a number, or a tuple of one."""
    return x[0] if isinstance(x, (tuple, list)) else x


@handles("conv1d", "conv_1d")
def conv1d(ctx, input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    extra_before = extra_after = 0
    if isinstance(input, Padded):
        extra_before, extra_after, input = input.before, input.after, input.base
        if input.dims[-1] != input.rows:
            raise Unsupported("a convolution over another dimension than the padded one")
    value = need_value(input)
    if len(value.dims) == 2:
        value = same_rank(value, 3)
    stride, padding, dilation = one(stride), one(padding), one(dilation)
    span = (weight.shape[2] - 1) * dilation + 1
    if padding == "same":
        before, after = (span - 1) // 2, span - 1 - (span - 1) // 2
    else:
        before = after = 0 if padding == "valid" else padding
    rows = value.dims[2]
    value = arrange(ctx, value, value.dims[1], rows)
    if not rows:
        raise Unsupported("a convolution over something else than time")
    out = (Axis(weight.shape[0]),) if weight.shape[0] > 1 else ()

    def made(before, after):
        layer = (weight, bias, stride, dilation, groups)
        ops = [convolution(ctx, op, layer, before, after) for op in value.ops]
        result = value.like(ops, dims=(value.dims[0], out, rows), chans=out)
        result = with_new_rows(ctx, result, ops, 2)
        if stride == 1 and result.rows:
            total = size_of(result.rows)
            # Rows cut off behind are rows that were not padded.
            result.note = ("conv", lambda cut: made(before, after - cut) if after >= cut else
                           taken(ctx, made(before, 0), 2, range(total - cut)))
        return result

    return made(before + extra_before, after + extra_after)


def convolution(ctx, op, layer, before, after):
    """With the padding that the graph has words for; taps of zeros where it has none."""
    weight, bias, stride, dilation, groups = layer
    span = (weight.shape[2] - 1) * dilation + 1
    padding = padding_word(before, after, span)
    if padding is None:
        weight, padding = with_zero_taps(weight, before, after, dilation)
    fields = {"stride": stride, "dilation": dilation, "padding": padding, "groups": groups}
    return ctx.add("conv1d", [op], fields, {"weight": weight, "bias": bias})


def padding_word(before, after, span):
    for word in ("causal", "same"):
        if paddings(word, span) == (before, after):
            return word if (before, after) != (0, 0) else 0
    return before if before == after and before < span else None


def with_zero_taps(weight, before, after, dilation):
    lacking = abs(before - after)
    if lacking % dilation != 0:
        raise Unsupported(f"padding of {before} before and {after} after with dilation {dilation}")
    zeros = weight.new_zeros(*weight.shape[:2], lacking // dilation)
    parts = [weight, zeros] if before > after else [zeros, weight]
    weight, both = torch.cat(parts, 2), max(before, after)
    if both >= (weight.shape[2] - 1) * dilation + 1:
        raise Unsupported(f"padding of {both}, more than the convolution's taps")
    return weight, both


# ---- windows --------------------------------------------------------------------------------------------


def window_pool(ctx, input, how, window, stride, padding, **fields):
    value = need_value(input)
    if len(value.dims) == 2:
        value = same_rank(value, 3)
    if value.dims[2] != value.rows:
        value = arrange(ctx, value, value.dims[1], value.dims[2])
    window, stride, padding = one(window), one(stride), one(padding)
    stride = window if stride is None or stride == () or stride == [] else stride
    fields = {"pool": how, "window": window, "stride": stride, "padding": padding, **fields}
    return with_new_rows(ctx, value, ctx.each(value, "window_pool", fields), 2)


@handles("avg_pool1d")
def avg_pool1d(ctx, input, kernel_size, stride=None, padding=0, ceil_mode=False,
               count_include_pad=True):
    if ceil_mode and (size_of(need_value(input).dims[-1]) - one(kernel_size)) % one(stride or kernel_size):
        raise Unsupported("ceil_mode=True where a window is not full")
    return window_pool(ctx, input, "average", kernel_size, stride, padding,
                       countIncludePad=count_include_pad)


@handles("max_pool1d", "_max_pool1d", "max_pool1d_with_indices")
def max_pool1d(ctx, input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False,
               return_indices=False):
    if one(dilation) != 1 or return_indices:
        raise Unsupported("a max pool with dilation or indices")
    if ceil_mode and (size_of(need_value(input).dims[-1]) - one(kernel_size)) % one(stride or kernel_size):
        raise Unsupported("ceil_mode=True where a window is not full")
    return window_pool(ctx, input, "max", kernel_size, stride, padding)


# ---- norms ------------------------------------------------------------------------------------------------


@handles("batch_norm")
def batch_norm(ctx, input, running_mean, running_var, weight=None, bias=None, training=False,
               momentum=0.1, eps=1e-5, *_):
    if training or running_mean is None:
        raise Unsupported("BatchNorm without running statistics, which depends on the batch")
    value = need_value(input)
    if len(value.dims) == 4 and value.rows in value.dims[2:]:
        value, _, _ = banded(ctx, value)
        vectors = (running_mean, running_var, weight, bias)
        running_mean, running_var, weight, bias = (over_bands(value, vector) for vector in vectors)
    else:
        value = arrange(ctx, value, value.dims[1])
    tensors = {"running_mean": running_mean, "running_var": running_var, "weight": weight, "bias": bias}
    return value.like(ctx.each(value, "batchnorm", {"eps": eps}, tensors))


@handles("layer_norm")
def layer_norm(ctx, input, normalized_shape, weight=None, bias=None, eps=1e-5, *_):
    return row_norm(ctx, input, len(tuple(normalized_shape)), "layer", eps, weight, bias)


@handles("rms_norm")
def rms_norm(ctx, input, normalized_shape, weight=None, eps=None):
    eps = torch.finfo(torch.float32).eps if eps is None else eps
    return row_norm(ctx, input, len(tuple(normalized_shape)), "rms", eps, weight, None)


def row_norm(ctx, input, count, which, eps, weight, bias):
    value = need_value(input)
    axes = tuple(axis for dim in value.dims[-count:] for axis in dim)
    if value.rows and set(value.rows) < set(axes):
        raise Unsupported("a norm over channels and time together")
    value = arrange(ctx, value, axes)
    tensors = {k: None if t is None else t.reshape(-1) for k, t in (("weight", weight), ("bias", bias))}
    return value.like(ctx.each(value, "norm", {"norm": which, "eps": eps}, tensors, suffix="norm"))


@handles("group_norm")
def group_norm(ctx, input, num_groups, weight=None, bias=None, eps=1e-5, *_):
    value = need_value(input)
    value = arrange(ctx, value, value.dims[1])
    if len(value.dims) > 2 and value.rows:
        fields = {"groups": num_groups, "eps": eps}
        return value.like(ctx.each(value, "sequence_norm", fields, {"weight": weight, "bias": bias}))
    if num_groups != 1:
        raise Unsupported("GroupNorm of one row in several groups")
    return row_norm(ctx, value, 1, "layer", eps, weight, bias)


@handles("instance_norm")
def instance_norm(ctx, input, running_mean=None, running_var=None, weight=None, bias=None,
                  use_input_stats=True, momentum=0.1, eps=1e-5, *_):
    if not use_input_stats:
        return batch_norm(ctx, input, running_mean, running_var, weight, bias, False, momentum, eps)
    groups = size_of(need_value(input).dims[1])
    return group_norm(ctx, input, groups, weight, bias, eps)


# ---- activations ---------------------------------------------------------------------------------------------


def activated(ctx, x, name, parameter=None):
    value = need_value(x)
    fields = {"activation": name, "parameter": parameter}
    return value.like(ctx.each(value, "activation", fields, suffix=name))


for _name in ("silu", "relu", "sigmoid", "tanh", "relu6"):
    handles(_name)(lambda ctx, input, inplace=False, _name=_name, **_: activated(ctx, input, _name))
handles("hardsigmoid")(lambda ctx, input, inplace=False: activated(ctx, input, "hard_sigmoid"))
handles("swish", "special_expit", "expit")(
    lambda ctx, input, **_: activated(ctx, input, "sigmoid" if ctx.function != "swish" else "silu")
)


@handles("gelu")
def gelu(ctx, input, approximate="none"):
    return activated(ctx, input, "gelu_tanh" if approximate == "tanh" else "gelu")


@handles("softplus")
def softplus(ctx, input, beta=1, threshold=20):
    if beta == 1:
        return activated(ctx, input, "softplus")
    return times(ctx, activated(ctx, times(ctx, input, float(beta)), "softplus"), 1.0 / beta)


@handles("leaky_relu")
def leaky_relu(ctx, input, negative_slope=0.01, inplace=False):
    return activated(ctx, input, "leaky_relu", float(negative_slope))


@handles("elu", "celu")
def elu(ctx, input, alpha=1.0, *_, **__):
    if ctx.function == "celu" and alpha != 1:
        raise Unsupported("celu with another alpha than 1")
    return activated(ctx, input, "elu", float(alpha))


@handles("selu")
def selu(ctx, input, inplace=False):
    alpha, scale = 1.6732632423543772, 1.0507009873554805
    return times(ctx, activated(ctx, input, "elu", alpha), scale)


@handles("hardswish")
def hardswish(ctx, input, inplace=False):
    return binary(ctx, "multiply", input, activated(ctx, input, "hard_sigmoid"))


@handles("mish")
def mish(ctx, input, inplace=False):
    return binary(ctx, "multiply", input, activated(ctx, activated(ctx, input, "softplus"), "tanh"))


@handles("logsigmoid", "log_sigmoid")
def logsigmoid(ctx, input):
    return times(ctx, activated(ctx, times(ctx, input, -1.0), "softplus"), -1.0)


@handles("abs", "absolute")
def absolute(ctx, input):
    return binary(ctx, "maximum", input, times(ctx, input, -1.0))


@handles("clamp", "clip", "hardtanh", "clamp_min", "clamp_max")
def clamp(ctx, input, min=None, max=None, min_val=-1.0, max_val=1.0, inplace=False):
    if ctx.function == "hardtanh":
        min, max = (min_val if min is None else min), (max_val if max is None else max)
    if ctx.function == "clamp_max":
        min, max = None, min if max is None else max
    value = need_value(input)
    if min is not None and float(min) == 0:
        value = activated(ctx, value, "relu")
    elif min is not None:
        value = binary(ctx, "maximum", value, min)
    return value if max is None else binary(ctx, "minimum", value, max)


@handles("prelu")
def prelu(ctx, input, weight):
    value = need_value(input)
    if weight.numel() == 1:
        return activated(ctx, value, "leaky_relu", float(weight))
    shape = [-1] + [1] * (len(value.dims) - 2)
    negative = times(ctx, activated(ctx, times(ctx, value, -1.0), "relu"), weight.reshape(shape))
    return binary(ctx, "subtract", activated(ctx, value, "relu"), negative)


@handles("glu")
def glu(ctx, input, dim=-1):
    at = dim_index(dim, len(need_value(input).dims))
    half = size_of(input.dims[at]) // 2
    a, b = (taken(ctx, input, at, range(i, i + half)) for i in (0, half))
    return binary(ctx, "multiply", a, activated(ctx, b, "sigmoid"))


@handles("softmax", "log_softmax", "softmin")
def softmax(ctx, input, dim=None, _stacklevel=3, dtype=None, **_):
    value = need_value(input)
    if dim is None or ctx.function == "softmin":
        raise Unsupported("a softmax without dim" if dim is None else "softmin")
    axes = value.dims[dim_index(dim, len(value.dims))]
    if axes and axes == value.rows:
        if ctx.function != "softmax":
            raise Unsupported("log_softmax over time")
        return Weighted(value)
    value = arrange(ctx, value, axes)
    return value.like(ctx.each(value, "softmax", {"softmax": ctx.function}))


@handles("normalize")
def normalize(ctx, input, *_, **__):
    raise Unsupported("F.normalize")

