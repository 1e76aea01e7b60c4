"""The graph that an export writes: operators of the arch file, their tensors and their values.

Every operator is computed as it is added (evaluate.py). Knows nothing of torch functions or modules.
"""

import torch

from .errors import ExportError
from .evaluate import ALWAYS_VECTOR, ELEMENTWISE, ROW_BY_ROW, evaluate

INPUT = "input"
SAME_TENSOR = 64
"""Elements of a tensor that make its key when tensors of equal contents are looked for."""


class Op:
    """An operator; inputs are operators, numbers, or names of tensors (in a tuple)."""

    def __init__(self, kind, name, inputs, fields, tensors, value, is_vector):
        self.kind, self.name, self.inputs = kind, name, inputs
        self.proposal = name
        """Its name before a number was put behind it."""
        self.fields, self.tensors = fields, tensors
        self.value, self.is_vector = value, is_vector
        self.shapes = {}
        """Of its tensors, as it takes them."""

    @property
    def width(self):
        return self.value.shape[-1]

    @property
    def row_count(self):
        return None if self.is_vector else self.value.shape[-2]


class Graph:
    """Operators in the order in which they were added, and the tensors that they name."""

    def __init__(self, named):
        """named: the module's own parameters and buffers, float64."""
        self.ops, self.tensors = [], {}
        self.named, self.names = dict(named), {INPUT}
        self.cache, self.by_content = {}, {}
        for name, tensor in named.items():
            self.by_content.setdefault(content_key(tensor), []).append(name)
        self.input = None

    def set_input(self, value, is_tokens):
        self.input = Op(INPUT, INPUT, [], {}, {}, value, False)
        self.input.is_tokens = is_tokens
        return self.input

    def add(self, kind, inputs, name, fields=None, tensors=None):
        """tensors: key -> float64 tensor or None. The same operator twice is one."""
        fields = {k: v for k, v in (fields or {}).items() if v is not None}
        given = {k: v for k, v in (tensors or {}).items() if v is not None}
        names = {k: self.tensor_name(v, f"{name}.{k}") for k, v in given.items()}
        inputs = [
            (self.tensor_name(x, f"{name}.constant"),) if isinstance(x, torch.Tensor) else x
            for x in inputs
        ]
        ids = tuple(x if isinstance(x, (tuple, float, int)) else id(x) for x in inputs)
        key = (kind, ids, repr(fields), repr(names))
        if key not in self.cache:
            op = Op(kind, name, inputs, fields, names, None, None)
            op.name = self.unique(name)
            op.shapes = {key: tensor.shape for key, tensor in given.items()}
            op.is_vector = self.makes_vector(op)
            op.value = self.computed(op)
            self.ops.append(op)
            self.cache[key] = op
        return self.cache[key]

    def makes_vector(self, op):
        reads = [x.is_vector for x in op.inputs if isinstance(x, Op)]
        if op.kind in ALWAYS_VECTOR or op.kind not in (*ROW_BY_ROW, *ELEMENTWISE, "concat"):
            if any(reads):
                raise ExportError(f"{op.name}: {op.kind} of one row, where time has ended")
            return op.kind in ALWAYS_VECTOR
        return all(reads)

    def computed(self, op, values=None):
        """values: of the operators that it reads, by operator; default: their own."""

        def value(x):
            if isinstance(x, tuple):
                return self.tensors[x[0]].reshape(-1)
            return (x.value if values is None else values[x]) if isinstance(x, Op) else x

        tensors = {
            key: self.tensors[name].reshape(op.shapes[key]) for key, name in op.tensors.items()
        }
        are_vectors = [not isinstance(x, Op) or x.is_vector for x in op.inputs]
        return evaluate(op.kind, op.fields, tensors, [value(x) for x in op.inputs], are_vectors)

    def run(self, frames):
        """The values of all operators for inputs [n, rows, width] (tokens [n, rows])."""
        values = {self.input: frames}
        for op in self.ops:
            values[op] = self.computed(op, values)
        return values

    def tensor_name(self, tensor, proposal):
        """The name of a tensor: that of the parameter that it is, else a new one."""
        tensor = tensor.detach()
        key = content_key(tensor)
        for name in self.by_content.get(key, ()):
            other = self.tensors.get(name, self.named.get(name))
            if serves_as(other, tensor) and torch.equal(other.reshape(-1), tensor.reshape(-1)):
                self.tensors[name] = other
                return name
        while proposal in self.tensors or proposal in self.named:
            proposal += "_"
        self.tensors[proposal] = tensor.clone()
        self.by_content.setdefault(key, []).append(proposal)
        return proposal

    def unique(self, name):
        """Braces are the arch file's own."""
        name = name.replace("{", "(").replace("}", ")") or "network"
        result, count = name, 1
        while result in self.names:
            count += 1
            result = f"{name}_{count}"
        self.names.add(result)
        return result

    def prune(self, outputs):
        """Leaves only what the outputs need, numbered anew."""
        needed, stack = set(), list(outputs)
        while stack:
            op = stack.pop()
            if op not in needed:
                needed.add(op)
                stack.extend(x for x in op.inputs if isinstance(x, Op))
        self.ops = [op for op in self.ops if op in needed]
        self.names = {INPUT}
        for op in self.ops:
            op.name = self.unique(op.proposal)
        used = {name for op in self.ops for name in op.tensors.values()}
        used |= {x[0] for op in self.ops for x in op.inputs if isinstance(x, tuple)}
        self.tensors = {name: t for name, t in self.tensors.items() if name in used}

    def arch_ops(self):
        return [arch_op(op, self.tensors) for op in self.ops]


OPTIONAL = ("weight", "bias", "D", "dt_proj.bias", "in_proj.bias", "x_proj.bias", "out_proj.bias",
            "out_proj.weight", "conv1d.weight", "conv1d.bias", "dt_layernorm.weight",
            "b_layernorm.weight", "c_layernorm.weight", "bias_ih_l0", "bias_hh_l0",
            "in_proj_bias")
"""Keys of tensors that a reader takes where they are in the file, whether the operator has them or not."""
MAY_HAVE_NONE = ("norm", "sequence_norm")


def arch_op(op, tensors):
    """The operator as an item of the arch file's `ops`."""
    item = {"kind": op.kind, "name": op.name}
    if op.kind in ELEMENTWISE or op.kind in ("concat", "attention_pool", "gate"):
        item["inputs"] = [arch_input(x) for x in op.inputs]
    else:
        item["input"] = op.inputs[0].name
    item.update(op.fields)
    if op.kind in MAY_HAVE_NONE and not op.tensors:
        item["weights"] = None
    elif op.tensors:
        prefix = weights_prefix(op)
        more = [key for key in OPTIONAL if key not in op.tensors and f"{prefix}.{key}" in tensors]
        prefix = None if more else prefix
        if prefix is None:
            item.update(weights=None, tensors=dict(op.tensors))
        elif prefix != op.name:
            item["weights"] = prefix
    return item


def arch_input(x):
    if isinstance(x, Op):
        return x.name
    return {"tensor": x[0]} if isinstance(x, tuple) else x


def weights_prefix(op):
    """What all tensors' names begin with, if they then end with their keys."""
    prefixes = {
        name[: -len(key) - 1] if name.endswith(f".{key}") else None
        for key, name in op.tensors.items()
    }
    only = prefixes.pop()
    return only if not prefixes and only != "" else None


def serves_as(other, tensor):
    """Readers of the file leave out dimensions of 1 in front, and of a vector those behind."""
    shape, wanted = list(other.shape), list(tensor.shape)
    while len(shape) > len(wanted) and shape[0] == 1:
        shape.pop(0)
    while len(wanted) == 1 and len(shape) > 1 and shape[-1] == 1:
        shape.pop()
    return shape == wanted


def content_key(tensor):
    flat = tensor.detach().reshape(-1)
    return (flat.numel(), tuple(flat[:SAME_TENSOR].tolist()))
