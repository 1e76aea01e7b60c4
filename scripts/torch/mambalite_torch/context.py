"""What handlers of torch functions work with: the graph, and where in the module the call is."""

import torch

from .axes import Axis, Value
from .errors import Unsupported

HANDLERS = {}
"""By the function's name without its underscores; each takes the context and what the function takes."""


def handles(*names):
    """Registers a handler."""

    def register(function):
        for name in names:
            HANDLERS[canonical(name)] = function
        return function

    return register


def canonical(name):
    """A function's name without the underscores of operators and of functions in place."""
    return name[2:-2] if name.startswith("__") and name.endswith("__") else name.rstrip("_")


ASIDE = ("transpose", "slice", "select", "concat", "flatten", "unfold", "split_rows", "pad", "cut")
"""What brings a value into the form that a layer wants, and is not the layer itself."""


class Weighted:
    """A softmax over time, perhaps times something: only a sum over time makes it one operator.

    score, payload: values; payload None: the softmax alone. `base` has its dims.
    """

    def __init__(self, score, payload=None):
        self.score, self.payload = score, payload

    @property
    def base(self):
        return self.score if self.payload is None else self.payload

    def with_base(self, base):
        return Weighted(base) if self.payload is None else Weighted(self.score, base)


class Root:
    """1 / sqrt(mean of x^2 + eps) over channels or its inverse; `base` has its dims, `of` is x."""

    def __init__(self, base, of, eps, is_inverse, norm):
        self.base, self.of, self.eps = base, of, eps
        self.is_inverse, self.norm = is_inverse, norm

    def with_base(self, base):
        return Root(base, self.of, self.eps, self.is_inverse, self.norm)


class Padded:
    """`base` with rows of zeros before and behind it, for the convolution that follows."""

    def __init__(self, base, before, after):
        self.base, self.before, self.after = base, before, after

    def with_base(self, base):
        return Padded(base, self.before, self.after)


PENDING = (Weighted, Root, Padded)


class Context:
    def __init__(self, graph):
        self.graph, self.place, self.function = graph, None, ""

    def says(self, text):
        return text

    def name(self, suffix):
        """Of an operator: the module's path, with what it does unless the module is just that."""
        path, module = self.place.path, self.place.module
        is_layer = module is not None and type(module).__module__.startswith("torch.nn")
        if is_layer and path and suffix not in ASIDE:
            return path
        return f"{path}.{suffix}" if path else suffix

    def add(self, kind, inputs, fields=None, tensors=None, suffix=None, name=None):
        name = name or self.name(suffix or kind)
        return self.graph.add(kind, inputs, name, fields, tensors)

    def each(self, value, kind, fields=None, tensors=None, suffix=None):
        """The operator for every lane."""
        return [self.add(kind, [op], fields, tensors, suffix) for op in value.ops]

    def pooled(self, ops, how, **fields):
        return [self.add("pool", [op], {"pool": how, **fields}) for op in ops]

    def is_token(self, value):
        return any(getattr(op, "is_tokens", False) for op in value.ops)


def need_value(x, what="this argument"):
    """A value with operators; what stands for half a pattern is refused."""
    if isinstance(x, Value):
        return x
    if isinstance(x, Unsupported):
        raise x
    if isinstance(x, Weighted):
        raise Unsupported("a softmax over time other than as the weights of a sum over time")
    if isinstance(x, Root):
        raise Unsupported("a square root other than of a norm over channels or a deviation over time")
    if isinstance(x, torch.Tensor):
        raise Unsupported(f"{what} that does not depend on the network's input")
    raise Unsupported(f"{what} of type {type(x).__name__}")


def dim_index(dim, rank):
    if not isinstance(dim, int) or not -rank <= dim < rank:
        raise Unsupported(f"dimension {dim}")
    return dim % rank


def same_rank(value, rank):
    """With dimensions of 1 in front."""
    extra = ((),) * (rank - len(value.dims))
    return Value(extra + value.dims, value.rows, value.chans, value.lanes, value.ops, value.note)


def of_constant(tensor):
    """The dims of a constant, as a value of no operator."""
    dims = [(Axis(size),) if size > 1 else () for size in tensor.shape]
    return Value(dims, (), (), (), [])
