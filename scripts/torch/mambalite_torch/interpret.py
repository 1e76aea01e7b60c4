"""From a tape to a graph: every step by the handler of its function, each checked with its values."""

import torch

from . import functions_attention, functions_join, functions_layers, functions_patterns  # noqa: F401  their handlers
from . import functions_recurrent, functions_reduce, functions_shape  # noqa: F401
from .arrange import arrange
from .axes import Axis, Value
from .context import HANDLERS, Context, Padded, canonical, need_value
from .errors import ExportError, Unsupported
from .functions_layers import rows_padded
from .graph import Graph
from .tracing import Ref, doubled
from .units import relative_error

STEP_TOLERANCE = 1e-6
SUPPORTED = (
    "linear and convolution layers, GRUs, LSTMs, nn.MultiheadAttention, norms, activations, pools, Mamba "
    "blocks, arithmetic, and what moves, cuts and joins dimensions are"
)
MISSING = {
    "conv3d": "a three-dimensional convolution",
    "conv_transpose1d": "a transposed convolution",
    "gru_cell": "a GRU cell, called step by step", "lstm_cell": "an LSTM cell, called step by step",
    "rnn_tanh": "an RNN", "rnn_relu": "an RNN",
    "scaled_dot_product_attention": "attention other than nn.MultiheadAttention",
    "einsum": "torch.einsum",
    "bilinear": "a bilinear layer", "fft": "a Fourier transform", "cumsum": "a cumulative sum",
    "where": "torch.where", "masked_fill": "a mask", "exp": "exp", "log": "log",
    "sort": "sorting", "topk": "topk", "argmax": "argmax: export the logits, take it afterwards",
    "roll": "roll",
}
"""Words for functions that people know under other names."""


KEEP_PADDING = ("conv1d", "transpose", "permute", "swapaxes", "T", "mT", "identity", "contiguous")
"""Functions between a padding and its convolution, which takes the rows of zeros upon itself."""


class Layout:
    """How the module's input becomes rows of frames: time is dimension `time`, the rest channels."""

    def __init__(self, shape, time, is_batched):
        self.shape, self.time, self.is_batched = tuple(shape), time, is_batched
        first = 1 if is_batched else 0
        self.channels = [i for i in range(first, len(shape)) if i != time]

    def frames(self, inputs):
        """[n, ...the module's shape without batch] -> [n, rows, width]"""
        shift = 0 if self.is_batched else 1
        order = [0, self.time + shift, *(i + shift for i in self.channels)]
        moved = inputs.permute(order)
        return moved.reshape(*moved.shape[:2], -1)

    def described(self):
        """With a batch in front, also where the module has none: it is one of a batch then."""
        axes = []
        for i, size in enumerate(self.shape):
            name = "time" if i == self.time else "one"
            if i in self.channels and "channels" not in axes:
                others = [self.shape[k] for k in self.channels if k != i]
                name = "channels" if size > 1 or not any(other > 1 for other in others) else "one"
            axes.append(name)
        if self.is_batched:
            axes[0] = "batch"
            return {"axes": axes, "shape": list(self.shape)}
        return {"axes": ["batch", *axes], "shape": [1, *self.shape]}


def layouts_of(shape, is_tokens):
    """All ways to read the example's shape, the likeliest first."""
    rank = len(shape)
    if is_tokens:
        return [Layout(shape, rank - 1, rank == 2)]
    if rank == 2 and shape[0] != 1:
        return [Layout(shape, 0, False), Layout(shape, 1, False)]
    if sum(size > 1 for size in shape[1:]) > 2:
        raise ExportError(f"an example input of shape {list(shape)}: channels in two dimensions are not supported")
    longest = range(1, rank)
    return [Layout(shape, time, True) for time in longest if shape[time] > 1 or rank == 2]


class Interpretation:
    """The graph of a tape under one layout of the input."""

    def __init__(self, tape, input_key, named, example, layout, is_tokens):
        self.tape, self.layout = tape, layout
        self.graph = Graph(named)
        self.context = Context(self.graph)
        self.values, self.assumptions, self.reached = {}, [], 0
        batched = example if layout.is_batched else example.unsqueeze(0)
        frames = batched if is_tokens else layout.frames(batched)
        op = self.graph.set_input(frames, is_tokens)
        self.values[input_key] = self.input_value(op, is_tokens)

    def input_value(self, op, is_tokens):
        shape, time = self.layout.shape, self.layout.time
        rows = Axis(shape[time])
        dims = [() if size == 1 else (Axis(size),) for size in shape]
        dims[time] = (rows,)
        if is_tokens:
            return Value(dims, (rows,), (), (), [op])
        chans = tuple(axis for i in self.layout.channels for axis in dims[i])
        return Value(dims, (rows,), chans, (), [op])

    def run(self):
        for index, step in enumerate(self.tape.steps):
            self.reached = index
            try:
                self.take(step)
            except Unsupported as error:
                raise Unsupported(f"{described(step, error)}", step.place) from error
            except ExportError as error:
                raise Unsupported(str(error), step.place) from error
            except (TypeError, KeyError, IndexError, AttributeError, RuntimeError, ValueError) as error:
                text = str(error).splitlines()[0] if str(error) else type(error).__name__
                raise Unsupported(f"{step.name} used in a way that is not supported ({text})", step.place) from error

    def take(self, step):
        args, kwargs = self.resolved(step.args), self.resolved(step.kwargs)
        self.context.place = step.place
        self.context.function = canonical(step.name)
        if step.unit is not None:
            result = self.unit(step, self.with_rows_of_zeros(args))
        else:
            handler = HANDLERS.get(self.context.function)
            if handler is None:
                raise Unsupported(MISSING.get(self.context.function, f"{self.context.function}"))
            if self.context.function not in KEEP_PADDING:
                args, kwargs = self.with_rows_of_zeros(args), self.with_rows_of_zeros(kwargs)
            result = handler(self.context, *args, **kwargs)
        self.bind(step.result, result, step)

    def resolved(self, value):
        if isinstance(value, Ref):
            found = self.values.get(value.key)
            if found is None:
                raise Unsupported("what an unsupported function returned")
            if isinstance(found, Unsupported):
                raise found
            return found
        if isinstance(value, torch.Tensor):
            return doubled(value.detach())
        if isinstance(value, dict):
            return {key: self.resolved(item) for key, item in value.items()}
        if isinstance(value, (tuple, list)):
            return type(value)(self.resolved(item) for item in value) if type(value) in (tuple, list) else value
        return value

    def with_rows_of_zeros(self, value):
        if isinstance(value, Padded):
            return rows_padded(self.context, value)
        if isinstance(value, dict):
            return {key: self.with_rows_of_zeros(item) for key, item in value.items()}
        if type(value) in (tuple, list):
            return type(value)(self.with_rows_of_zeros(item) for item in value)
        return value

    def bind(self, refs, result, step):
        if isinstance(refs, Ref):
            if isinstance(result, (list, tuple)):
                result = result[0]
            if isinstance(result, Value):
                self.check(refs, result, step)
            self.values[refs.key] = result
        elif isinstance(refs, (tuple, list)):
            results = result if isinstance(result, (tuple, list)) else [result]
            for ref, item in zip(refs, results):
                self.bind(ref, item, step)

    def check(self, ref, value, step):
        """What was understood makes what was computed."""
        expected = self.tape.values[ref.key]
        if tuple(value.shape) != tuple(expected.shape):
            raise Unsupported(f"{step.name} understood as shape {list(value.shape)}, not {list(expected.shape)}")
        if not expected.is_floating_point():
            return
        got = value.data()
        error = relative_error(got.reshape(-1), expected.reshape(-1)) if expected.numel() else 0
        if error > STEP_TOLERANCE and not torch.equal(got, expected):
            raise Unsupported(f"{step.name} could not be put in the graph's words (differs by {error:.2g})")

    def unit(self, step, args):
        unit, value = step.unit.mambalite_unit, need_value(args[0])
        if unit.assumption is not None and unit.assumption not in self.assumptions:
            self.assumptions.append(unit.assumption)
        if unit.kind == "norm":
            value = arrange(self.context, value, value.dims[-1])
            return value.like(self.context.each(value, "norm", unit.fields, unit.tensors))
        channels, time = (-2, -1) if unit.channels_first else (-1, -2)
        if len(value.dims) < 2 or not value.dims[time]:
            raise Unsupported("a Mamba block of one row; a sequence of two or more is needed")
        value = arrange(self.context, value, value.dims[channels], value.dims[time])
        ops = [self.block(unit, op, step.place.path or "mamba") for op in value.ops]
        out = (Axis(ops[0].width),) if ops[0].width > 1 else ()
        dims = list(value.dims)
        dims[channels] = out
        return value.like(ops, dims=dims, chans=out)

    def one_way(self, kind, fields, tensors, op, name):
        """A block or a scan; reversed rows before and behind it, if it runs backward."""
        add, fields = self.context.add, dict(fields)
        if fields.pop("direction", "forward") == "forward":
            return add(kind, [op], fields, tensors, name=name)
        reversed_rows = add("reverse", [op], name=f"{name}.reverse")
        return add("reverse", [add(kind, [reversed_rows], fields, tensors, name=name)], name=f"{name}.back")

    def block(self, unit, op, name):
        add = self.context.add
        if unit.backward is None:
            given = op
            if unit.norm is not None:
                op = add("norm", [op], unit.norm.fields, unit.norm.tensors, name=f"{name}.norm")
            made = self.one_way(unit.kind, unit.fields, unit.tensors, op, name)
            return add("add", [given, made], name=f"{name}.residual") if unit.has_residual else made
        ends = {k: v for k, v in unit.tensors.items() if k.startswith("out_proj")}
        forward = {k: v for k, v in unit.tensors.items() if k not in ends}
        shared = {k: v for k, v in forward.items() if k.startswith("in_proj")}
        fields = {**unit.fields, "direction": "backward"}
        both = [
            self.one_way("mamba", unit.fields, forward, op, f"{name}.forward"),
            self.one_way("mamba", fields, {**shared, **unit.backward}, op, f"{name}.backward"),
        ]
        result = add("add", both, name=f"{name}.sum")
        if unit.factor != 1:
            result = add("multiply", [result, unit.factor], name=f"{name}.half")
        if not ends:
            return result
        layer = {key.split(".")[1]: tensor for key, tensor in ends.items()}
        return add("linear", [result], None, layer, name=f"{name}.out_proj")

    def output(self, value, name):
        """The operator of an output, and which of its dimensions is time."""
        self.context.place = OutputPlace()
        value = need_value(self.with_rows_of_zeros(value), f"the output {name!r}")
        rows = value.rows
        time = [i for i, dim in enumerate(value.dims) if dim == rows] if rows else []
        many = sum(bool(dim) for dim in value.dims) > 2
        leading = not any(value.dims[: time[0]]) if time else False
        if rows and (not time or (many and not leading)):
            value = arrange(self.context, value, value.axes)
        else:
            chans = tuple(axis for dim in value.dims if dim != rows or not rows for axis in dim)
            value = arrange(self.context, value, chans)
        op = value.ops[0]
        if op is self.graph.input:
            op = self.context.add("slice", [op], {"first": 0, "width": op.width}, suffix=name)
        words = ["time" if value.rows and dim == value.rows else "channels" for dim in value.dims]
        return op, [word if dim else "one" for word, dim in zip(words, value.dims)]


class OutputPlace:
    path, module = "output", None

    def __str__(self):
        return "the output"


def described(step, error):
    """With what is supported, where a function is not."""
    function = canonical(step.name)
    if function not in HANDLERS and step.unit is None:
        return f"{error.what} is not supported; {SUPPORTED}"
    if step.unit is not None:
        return error.what
    ending = "" if " supported" in error.what else " is not supported"
    return f"{function}: {error.what}{ending}"


def cost(interpretation):
    """How far from what streams: transposes first, then operators."""
    kinds = [op.kind for op in interpretation.graph.ops]
    turned = sum(
        op.kind == "transpose" or op.fields.get("layout") == "channel_time" and op.kind == "flatten"
        for op in interpretation.graph.ops
    )
    return turned, len(kinds)

