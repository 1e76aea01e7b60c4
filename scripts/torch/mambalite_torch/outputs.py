"""What a module returns: its tensors, their names, and what their dimensions are."""

import torch

from .errors import ExportError
from .tracing import Ref, mapped


class Output:
    """One of the module's outputs. dims: what its dimensions are; shape: with a batch in front."""

    def __init__(self, name, op, dims, shape, is_batched):
        self.name, self.op, self.dims = name, op, dims
        axes = list(dims)
        if is_batched and shape[:1] == (1,):
            axes[0] = "batch"
        else:
            axes, shape = ["batch", *axes], (1, *shape)
        self.axes, self.shape = axes, shape

    def described(self):
        """Without axes, where several dimensions are channels: the elements are in order then."""
        said = {"name": self.name, "shape": list(self.shape)}
        if self.axes.count("channels") <= 1:
            said["axes"] = self.axes
        return said


def output_refs(output, name=""):
    """Names of the module's outputs, as it returns them, with what stands for them."""
    if isinstance(output, Ref):
        return [(name or "output", output)]
    if isinstance(output, torch.Tensor):
        raise ExportError(f"the output {name or 'of the model'} does not depend on the input")
    if output is None:
        return []
    if isinstance(output, dict):
        items = list(output.items())
    elif hasattr(output, "_fields"):
        items = list(zip(output._fields, output))
    elif isinstance(output, (tuple, list)):
        items = [(f"output_{i}", item) for i, item in enumerate(output)]
    elif hasattr(output, "__dict__") and not isinstance(output, (str, int, float)):
        items = list(vars(output).items())
    else:
        supported = "tensors, and tuples and dicts of them, are supported"
        raise ExportError(f"the model returns {type_name(output)}; {supported}")
    found = []
    for key, item in items:
        found += output_refs(item, f"{name}.{key}" if name else str(key))
    if not found and not name:
        raise ExportError("the model returns no tensor")
    return found


def returned_tensors(result):
    flat = []
    marked = mapped(result, lambda tensor: Marked(flat, tensor))
    return [flat[ref.key] for _, ref in output_refs(marked)]


class Marked:
    """Stands for a tensor in what a module returned; output_refs takes it for a Ref."""

    def __new__(cls, flat, tensor):
        flat.append(tensor)
        return Ref(len(flat) - 1)


def type_name(x):
    name = type(x).__name__
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"
