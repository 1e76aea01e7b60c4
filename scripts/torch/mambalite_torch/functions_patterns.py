"""Arithmetic as people write it, with the patterns in it that are one operator: norms, deviations, and
weighted sums over time."""

import torch

from .axes import Value, aligned
from .context import Root, Weighted, handles, need_value, same_rank
from .errors import Unsupported
from .functions_math import binary, times

ARITHMETIC = {
    "add": ("add", "radd", "iadd"),
    "subtract": ("sub", "subtract", "isub"),
    "multiply": ("mul", "multiply", "rmul", "imul"),
    "divide": ("div", "divide", "true_divide", "truediv", "itruediv", "idiv", "div"),
    "maximum": ("maximum", "fmax"),
    "minimum": ("minimum", "fmin"),
}


def arithmetic(kind):
    def handler(ctx, input, other, alpha=1, rounding_mode=None, **_):
        if rounding_mode is not None:
            raise Unsupported("a division that rounds")
        if alpha != 1:
            other = handler(ctx, other, alpha) if kind == "multiply" else times(ctx, other, alpha)
        pattern = of_pattern(ctx, kind, input, other)
        return pattern if pattern is not None else binary(ctx, kind, input, other)

    return handler


for _kind, _names in ARITHMETIC.items():
    handles(*_names)(arithmetic(_kind))


@handles("rsub", "__rsub__")
def rsub(ctx, input, other, alpha=1):
    return binary(ctx, "subtract", other, times(ctx, input, alpha) if alpha != 1 else input)


@handles("rtruediv", "rdiv", "__rdiv__", "__rtruediv__")
def rdiv(ctx, input, other):
    pattern = of_pattern(ctx, "divide", other, input)
    return pattern if pattern is not None else binary(ctx, "divide", other, input)


@handles("reciprocal")
def reciprocal(ctx, input):
    return rdiv(ctx, input, 1.0)


@handles("neg", "negative")
def neg(ctx, input):
    return times(ctx, need_value(input), -1.0)


@handles("square")
def square(ctx, input):
    value = need_value(input)
    made = binary(ctx, "multiply", value, value)
    made.note = ("square", value)
    return made


@handles("pow", "__pow__", "ipow")
def power(ctx, input, exponent, **_):
    if isinstance(input, Value) and isinstance(exponent, (int, float)):
        if exponent == 2:
            return square(ctx, input)
        if exponent in (0.5, -0.5):
            return root(ctx, input, exponent < 0)
        if exponent == -1:
            return rdiv(ctx, input, 1.0)
        if exponent == 3:
            return binary(ctx, "multiply", binary(ctx, "multiply", input, input), input)
    raise Unsupported("a power other than -1, -0.5, 0.5, 2 and 3")


# ---- patterns of several functions ----------------------------------------------------------------


def same(a, b):
    return isinstance(a, Value) and isinstance(b, Value) and a.ops == b.ops


def of_pattern(ctx, kind, a, b):
    """What the two make together, if one is half of a pattern."""
    for x, y in ((a, b), (b, a)):
        if isinstance(x, Weighted) and kind == "multiply":
            if isinstance(y, Weighted):
                raise Unsupported("a product of two softmaxes over time")
            if x.payload is None:
                if isinstance(y, (int, float)):
                    raise Unsupported("a softmax over time times a number")
                if isinstance(y, torch.Tensor):
                    raise Unsupported("a softmax over time times a constant")
                score, payload = aligned_pair(x.score, need_value(y))
                return Weighted(score, payload)
            return Weighted(x.score, binary(ctx, "multiply", x.payload, y))
        if isinstance(x, Root):
            divides = kind == "divide" and x is b
            if isinstance(y, Value) and ((kind == "multiply" and x.is_inverse) or (divides and not x.is_inverse)):
                return normed(ctx, x, y)
            if divides and not x.is_inverse and isinstance(y, (int, float)) and y == 1:
                return Root(x.base, x.of, x.eps, True, x.norm)
        if isinstance(x, Value) and x.note and kind == "add" and isinstance(y, (int, float)):
            name, *rest = x.note
            if name in ("variance", "mean_square"):
                made = binary(ctx, kind, x, y)
                made.note = (name, *rest[:-1], rest[-1] + float(y))
                return made
        if isinstance(x, Value) and kind == "add" and isinstance(y, torch.Tensor) and y.numel() == 1:
            if x.note:
                return of_pattern(ctx, kind, x, float(y))
    if kind == "subtract" and isinstance(b, Value) and b.note and b.note[0] == "mean" and same(b.note[1], a):
        made = binary(ctx, kind, a, b)
        made.note = ("centred", a, b.note[2])
        return made
    return None


def aligned_pair(a, b):
    rank = max(len(a.dims), len(b.dims))
    pair = aligned(same_rank(a, rank), same_rank(b, rank))
    if pair is None:
        raise Unsupported(f"shapes {list(a.shape)} and {list(b.shape)}")
    return pair


def normed(ctx, root, value):
    """x times one over the root of its mean square: an RMS norm; of x less its mean: a LayerNorm."""
    source = root.of
    is_layer = value.note is not None and value.note[0] == "centred" and same(value.note[1], source)
    if not same(value, source) and not is_layer:
        raise Unsupported("a root of the mean square of something else than what it divides")
    which = "layer" if is_layer or root.norm == "layer" else "rms"
    source = value.note[1] if is_layer else source
    if value.note is not None and value.note[0] == "centred" and which == "rms" and value.note[2] == "chans":
        source, which = value.note[1], "layer"
    fields = {"norm": which, "eps": root.eps}
    return value.like(ctx.each(source, "norm", fields, suffix="norm"))


@handles("sqrt")
def sqrt(ctx, input):
    return root(ctx, input, False)


@handles("rsqrt")
def rsqrt(ctx, input):
    return root(ctx, input, True)


def root(ctx, x, is_inverse):
    value = need_value(x)
    if value.note is None or value.note[0] not in ("variance", "mean_square"):
        raise Unsupported("a square root other than of a norm over channels or a deviation over time")
    name, source, over, unbiased, eps = value.note
    if over == "chans":
        return Root(value, source, eps, is_inverse, "layer" if name == "variance" else "rms")
    fields = {"pool": "std", "eps": eps, "unbiased": unbiased}
    made = value.like(ctx.each(source, "pool", fields, suffix="std"))
    return binary(ctx, "divide", 1.0, made) if is_inverse else made
