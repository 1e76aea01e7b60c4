"""Runs a module on real tensors and writes down every torch function that depends on its input.

The input is a tensor of a subclass; torch hands every function of it to `__torch_function__`. Python
control flow is no obstacle: what is written down is what was done. Knows nothing of the graph.
"""

import contextlib
import linecache
import os
import sys

import torch

from .errors import ExportError, Unsupported

OWN = __name__.split(".")[0]
CONSTANT_MAKERS = (
    *("new_zeros", "new_ones", "new_full", "new_empty", "new_tensor"),
    *("zeros_like", "ones_like", "full_like", "empty_like"),
)
RANDOM = ("rand_like", "randn_like", "randint_like", "bernoulli", "multinomial", "normal", "uniform")
READS_VALUES = {
    **dict.fromkeys(("__bool__", "__nonzero__"), "an `if` or `while` on values of the network"),
    **dict.fromkeys(("item", "tolist", "numpy", "__array__"), "values taken out of the network"),
    **dict.fromkeys(("__float__", "__int__", "__index__"), "values taken out of the network"),
    **dict.fromkeys(("equal", "allclose", "is_nonzero"), "a comparison of values"),
}
PASSIVE = (
    *("shape", "size", "dim", "ndim", "ndimension", "numel", "nelement", "__len__", "stride"),
    *("dtype", "device", "is_cuda", "layout", "requires_grad", "is_floating_point", "element_size"),
    *("is_contiguous", "storage_offset", "data_ptr", "get_device", "is_sparse", "is_quantized"),
    *("grad_fn", "is_leaf", "names", "grad", "is_complex", "is_inference", "is_mkldnn", "__hash__"),
    *("__repr__", "_version", "is_meta", "is_nested", "is_signed", "is_same_size", "itemsize"),
)
CASTS = ("to", "float", "double", "half", "bfloat16", "type", "type_as", "cpu", "cuda")


class Place:
    """Where a function was called: the module's path and the line outside of torch."""

    def __init__(self, path, module, line):
        self.path, self.module, self.line = path, module, line

    def __str__(self):
        parts = [self.path or "the network", f"({self.line})" if self.line else ""]
        return " ".join(part for part in parts if part)


class Ref:
    """Stands for a traced tensor among written-down arguments."""

    __slots__ = ("key",)

    def __init__(self, key):
        self.key = key


class Step:
    """One function call. result: what it returned, with Refs in place of tensors."""

    def __init__(self, name, args, kwargs, result, place, unit=None):
        self.name, self.args, self.kwargs = name, args, kwargs
        self.result, self.place, self.unit = result, place, unit


class Tape:
    """All calls in order; `values` has the traced tensors by the keys of their Refs."""

    def __init__(self):
        self.steps, self.values, self.stack = [], {}, []

    def place(self):
        path, module = self.stack[-1] if self.stack else ("", None)
        return Place(path, module, source_line())

    def add(self, name, args, kwargs, result, unit=None):
        place = self.place()
        args, kwargs = self.written(args), self.written(kwargs)
        wrapped, refs = self.wrapped(result)
        self.steps.append(Step(name, args, kwargs, refs, place, unit))
        return wrapped

    def traced(self, plain):
        """A traced tensor of these data."""
        tensor = torch.Tensor.as_subclass(plain.detach(), Traced)
        key = len(self.values)
        self.values[key] = plain
        tensor.mambalite_tape, tensor.mambalite_key = self, key
        return tensor

    def written(self, value):
        return mapped(value, lambda x: Ref(x.mambalite_key) if isinstance(x, Traced) else x)

    def wrapped(self, result):
        """The result for the module, and as it is written down."""
        wrapped = mapped(result, self.traced)
        return wrapped, self.written(wrapped)

    def overwritten(self, tensor, plain):
        """An in-place function: the tensor has another key from now on."""
        key = len(self.values)
        self.values[key] = plain.clone()
        tensor.mambalite_key = key
        return Ref(key)


class Traced(torch.Tensor):
    """A tensor that depends on the network's input."""

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        name = function_name(func)
        if name in PASSIVE:
            return call_plain(func, args, kwargs)
        tape = next(x.mambalite_tape for x in tensors_in((args, kwargs)) if isinstance(x, Traced))
        if name in READS_VALUES:
            raise Unsupported(f"{READS_VALUES[name]}: the graph cannot depend on them", tape.place())
        base = name.rstrip("_")
        if base in RANDOM:
            raise Unsupported(f"{base}: random numbers in evaluation mode", tape.place())
        if base in CASTS:
            return tape.add("identity", (args[0],), {}, plain_of(args[0]))
        if base in CONSTANT_MAKERS:
            return doubled(call_plain(func, args, kwargs))
        if name == "__setitem__":
            said = "an assignment to a part of a tensor, x[...] = y: join its parts with torch.cat"
            raise Unsupported(said, tape.place())
        if is_in_place(name):
            return in_place(tape, func, name, args, kwargs)
        result = call_plain(func, args, kwargs)
        return tape.add(name, args, kwargs, result)


def in_place(tape, func, name, args, kwargs):
    tensor = args[0]
    if not isinstance(tensor, Traced):
        raise Unsupported(f"{name} of a tensor that is no part of the network's flow", tape.place())
    written, place = (tape.written(args), tape.written(kwargs)), tape.place()
    key = tensor.mambalite_key
    tape.values[key] = tape.values[key].clone()
    result = call_plain(func, args, kwargs)
    plain = result if isinstance(result, torch.Tensor) else plain_of(tensor)
    ref = tape.overwritten(tensor, plain)
    tape.steps.append(Step(name, *written, ref, place))
    return tensor


def is_in_place(name):
    if name.startswith("__i") and name.endswith("__") and name not in ("__invert__", "__index__"):
        return True
    return name.endswith("_") and not name.endswith("__") and name != "requires_grad_"


def function_name(func):
    name = getattr(func, "__name__", str(func))
    if name == "__get__":
        return getattr(func.__self__, "__name__", name)
    return "max_pool1d" if func is torch.nn.functional.max_pool1d else name


def call_plain(func, args, kwargs):
    """The function on plain tensors, those of floating point in float64."""
    plain_args, plain_kwargs = mapped((args, kwargs), lambda x: doubled(plain_of(x)))
    plain_kwargs = {
        k: torch.float64 if k == "dtype" and v is not None and v.is_floating_point else v
        for k, v in plain_kwargs.items()
    }
    with torch._C.DisableTorchFunction():
        return func(*plain_args, **plain_kwargs)


def plain_of(x):
    if not isinstance(x, Traced):
        return x
    with torch._C.DisableTorchFunction():
        return x.as_subclass(torch.Tensor)


def doubled(x):
    if isinstance(x, torch.Tensor) and x.is_floating_point() and x.dtype != torch.float64:
        return x.double()
    return x


def mapped(value, function):
    """The structure with the function applied to every tensor in it."""
    if isinstance(value, torch.Tensor):
        return function(value)
    if isinstance(value, dict):
        made = {key: mapped(item, function) for key, item in value.items()}
        return type(value)(made) if type(value) is not dict else made
    if isinstance(value, tuple) and type(value) is not tuple:
        items = [mapped(item, function) for item in value]
        if hasattr(value, "_fields"):
            return type(value)(*items)
        if hasattr(value, "n_fields"):  # as torch.max returns it
            return type(value)(items)
        return value if all(not isinstance(x, (torch.Tensor, Ref)) for x in items) else tuple(items)
    if isinstance(value, (tuple, list)):
        return type(value)(mapped(item, function) for item in value)
    return value


def tensors_in(value):
    found = []
    mapped(value, lambda x: found.append(x) or x)
    return found


def source_line():
    """file:line of the innermost frame that is neither torch's nor ours; "" if it is the caller."""
    frame, seen_other = sys._getframe(), False
    while frame is not None:
        owner = frame.f_globals.get("__name__", "").split(".")[0]
        if owner not in (OWN, "torch"):
            file = os.path.basename(frame.f_code.co_filename)
            code = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
            return f"{file}:{frame.f_lineno}" + (f", {code[:80]}" if code else "")
        if owner == "torch":
            seen_other = True
        elif seen_other:
            return ""
        frame = frame.f_back
    return ""


@contextlib.contextmanager
def double_precision():
    """Casts to shorter floats do nothing inside: `x.float()` would lose what is compared later."""
    default = torch.get_default_dtype()
    own = torch.Tensor.__dict__
    kept = {name: own.get(name) for name in ("to", "float", "half", "bfloat16")}
    original_to = torch.Tensor.to

    def to(self, *args, **kwargs):
        floats = [x for x in (*args, *kwargs.values()) if isinstance(x, torch.dtype)]
        if self.dtype == torch.float64 and any(x.is_floating_point for x in floats):
            return self
        return original_to(self, *args, **kwargs)

    def float_(self, *_, **__):
        return self if self.dtype == torch.float64 else original_to(self, torch.float64)

    torch.set_default_dtype(torch.float64)
    replacements = {"to": to, "float": float_, "half": float_, "bfloat16": float_}
    for name, function in replacements.items():
        setattr(torch.Tensor, name, function)
    try:
        yield
    finally:
        torch.set_default_dtype(default)
        for name, function in kept.items():
            if function is None:
                delattr(torch.Tensor, name)
            else:
                setattr(torch.Tensor, name, function)


@contextlib.contextmanager
def one_thread():
    """The operators are small: starting threads for them takes longer than they do."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def trace(module, example, units, recognise):
    """Runs the module; -> its tape, the key of its input, and its output with Refs for tensors.

    units: modules that are one step of the tape each, named "unit"; recognise(unit, place, shape) is
    asked before one runs for the first time, and may put another forward in the place of its own.
    """
    tape = Tape()
    handles = []

    def entered(path):
        return lambda m, _: tape.stack.append((path, m))

    def left(*_):
        tape.stack.pop()

    for path, child in module.named_modules():
        handles.append(child.register_forward_pre_hook(entered(path)))
        handles.append(child.register_forward_hook(left))
    for unit in units:
        unit.forward = unit_forward(tape, unit, recognise)
    try:
        traced = tape.traced(example)
        with torch.no_grad():
            output = module(traced)
        output = mapped(output, lambda x: Ref(x.mambalite_key) if isinstance(x, Traced) else x)
        return tape, traced.mambalite_key, output
    finally:
        for handle in handles:
            handle.remove()
        for unit in units:
            del unit.forward
            if hasattr(unit, "mambalite_substitute"):
                unit.forward = unit.mambalite_substitute


def unit_forward(tape, unit, recognise):
    def forward(*args, **kwargs):
        own = type(unit).forward
        if not any(isinstance(x, Traced) for x in tensors_in((args, kwargs))):
            return own(unit, *args, **kwargs)
        plain_args, plain_kwargs = mapped((args, kwargs), plain_of)
        shape = next(x.shape for x in tensors_in((plain_args, plain_kwargs)))
        depth = len(tape.stack)
        recognise(unit, tape.place(), shape)
        del tape.stack[depth:]  # what a probe that failed has left there
        result = run_unit(unit, plain_args, plain_kwargs, tape.place())
        return tape.add("unit", args, kwargs, result, unit)

    return forward


def run_unit(unit, args, kwargs, place):
    own = type(unit).forward
    substitute = getattr(unit, "mambalite_substitute", None)
    if substitute is not None:
        return substitute(*args)
    try:
        return own(unit, *args, **kwargs)
    except ExportError:
        raise
    except Exception as error:
        raise Unsupported(f"its forward failed: {first_line(error)}", place) from error


def first_line(error):
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0] if text else ''}"
