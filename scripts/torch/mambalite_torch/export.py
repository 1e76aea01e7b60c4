"""`export`: from a module and an example input to a file that `mambalite convert` takes."""

import copy
import json
import os

import torch
from torch import nn

from .errors import ExportError, Unsupported
from .interpret import Interpretation, cost, layouts_of
from .mamba2 import recognise_block
from .outputs import Output, output_refs, type_name
from .references import Reference, check_batches, probe_lengths, to_type, variations
from .safetensors import write_safetensors
from .tracing import double_precision, first_line, one_thread, trace
from .units import find_units, recognised_norm

ARCH_KEY, MODULE_KEY = "mambalite.arch", "mambalite.module"
MODULE_VERSION = 1
REFERENCES = 8
WRAPPERS = ("DataParallel", "DistributedDataParallel", "FullyShardedDataParallel")
MISSING_MODULES = {
    (nn.Conv3d,): "three-dimensional convolutions are",
    (nn.ConvTranspose1d, nn.ConvTranspose2d): "transposed convolutions are",
    (nn.RNN, nn.LSTMCell, nn.GRUCell, nn.RNNCell): "recurrent layers other than nn.GRU and nn.LSTM are",
    (nn.TransformerDecoderLayer,): "attention of one sequence to another is",
}


def export(model, example_input, path, labels=None):
    """Writes `path` (.safetensors): the network as a graph, its weights, and reference outputs.

    example_input: one input as the model takes it, a batch of one: [1, time, channels],
    [1, channels, time] or tokens [1, time]. labels: names of the first output's elements.
    The model is not changed. Raises ExportError, of one line, for what is not supported.
    """
    path = checked_path(path)
    model = unwrapped(model)
    example, is_tokens = checked_example(example_input)
    with torch.no_grad(), one_thread(), double_precision():
        network = double_copy(model)
        refuse_missing(network)
        if not is_tokens:
            example = example.float().double()
        found, outputs = interpreted(network, example, is_tokens)
        reference = Reference(network, found, outputs, example, is_tokens)
        inputs = variations(example, REFERENCES, is_tokens, found)
        tensors = reference.tensors(inputs)
        check_batches(network, inputs, reference)
        lengths = probe_lengths(reference, inputs)
    with torch.no_grad(), one_thread():
        float32_error = reference.float32_error(inputs, tensors)
    arch = arch_of(found, outputs, labels, is_tokens, lengths)
    module = module_of(found, outputs, float32_error, model)
    weights = {name: tensor.float() for name, tensor in found.graph.tensors.items()}
    refuse_overflow(weights)
    metadata = {ARCH_KEY: json.dumps(arch), MODULE_KEY: json.dumps(module)}
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        write_safetensors(temporary, {**weights, **tensors}, metadata)
        os.replace(temporary, path)
    except OSError as error:
        raise ExportError(f"{path}: could not be written: {error.strerror}") from error
    finally:
        if os.path.exists(temporary):
            os.remove(temporary)
    for sentence in found.assumptions:
        print(f"mambalite_torch: assumed: {sentence}")


# ---- what was given -------------------------------------------------------------------------------


def checked_path(path):
    if not isinstance(path, (str, os.PathLike)):
        raise ExportError(f"the path of the file to write was expected, not {type_name(path)}")
    path = os.fspath(path)
    if not path.endswith(".safetensors"):
        raise ExportError(f"{path}: a name that ends in .safetensors was expected")
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        raise ExportError(f"{folder}: there is no such folder")
    return path


def unwrapped(model):
    while isinstance(model, nn.Module):
        if hasattr(model, "_orig_mod"):
            model = model._orig_mod
        elif type(model).__name__ in WRAPPERS:
            model = model.module
        else:
            break
    if isinstance(model, torch.jit.ScriptModule):
        raise ExportError("a TorchScript module: export the nn.Module that it was made of")
    if isinstance(model, nn.Module):
        return model
    if isinstance(model, dict):
        raise ExportError("a state dict: make the module, model.load_state_dict(...), and export that")
    if isinstance(model, type) and issubclass(model, nn.Module):
        raise ExportError(f"the class {model.__name__}: export an instance of it, with its weights loaded")
    if isinstance(model, (str, os.PathLike)):
        raise ExportError("a path: load the module first; export takes the nn.Module itself")
    raise ExportError(f"an nn.Module was expected, not {type_name(model)}")


def checked_example(example):
    if isinstance(example, (tuple, list, dict)):
        several = len(example) > 1 and all(isinstance(x, torch.Tensor) for x in values_of(example))
        if several:
            raise ExportError(f"{len(example)} inputs: networks of one input are supported")
        raise ExportError(f"one tensor was expected as the example input, not {type_name(example)}")
    if type(example).__module__ == "numpy":
        raise ExportError("a numpy array as the example input: pass torch.from_numpy(...)")
    if not isinstance(example, torch.Tensor):
        raise ExportError(f"one tensor was expected as the example input, not {type_name(example)}")
    if example.is_complex() or example.dtype == torch.bool:
        raise ExportError(f"an example input of type {example.dtype}; floats and integer tokens are supported")
    example = example.detach().cpu().clone()
    is_tokens = not example.is_floating_point()
    most = (1, 2) if is_tokens else (2, 4)
    shape = list(example.shape)
    if not most[0] <= example.dim() <= most[1]:
        expected = "[1, time]" if is_tokens else "[1, time, channels] or [1, channels, time]"
        raise ExportError(f"an example input of shape {shape}; {expected} was expected")
    if 0 in shape:
        raise ExportError(f"an example input of shape {shape} has no elements")
    if example.dim() >= 3 or (is_tokens and example.dim() == 2):
        example = example[:1]
    if max(example.shape) == 1:
        raise ExportError("an example input of one element: give one of the usual length, time is seen by it")
    if not is_tokens and not torch.isfinite(example).all():
        raise ExportError("the example input holds NaN or infinite values")
    return example, is_tokens


def values_of(x):
    return x.values() if isinstance(x, dict) else x


def double_copy(model):
    """A copy in evaluation mode, float64, on the CPU; the model's float32 values are kept."""
    memo = {}
    for module in model.modules():
        for value in vars(module).values():
            if isinstance(value, torch.Tensor) and not value.is_leaf:
                memo[id(value)] = value.detach().clone()
        for name in ("trainer", "_trainer"):
            if vars(module).get(name) is not None:
                memo[id(vars(module)[name])] = None
    try:
        network = copy.deepcopy(model, memo).cpu().eval()
    except Exception as error:
        raise ExportError(f"the model could not be copied: {first_line(error)}") from error
    for name, tensor in [*network.named_parameters(), *network.named_buffers()]:
        if not torch.isfinite(tensor).all():
            raise ExportError(f"{name} holds NaN or infinite values")
    for module in network.modules():
        to_type(module, torch.float64)
    return network


def refuse_missing(network):
    for path, module in network.named_modules():
        for classes, words in MISSING_MODULES.items():
            if isinstance(module, classes):
                raise Unsupported(f"{type(module).__name__}: {words} not supported", path or "the network")


# ---- from the module to the graph --------------------------------------------------------------------


def interpreted(network, example, is_tokens):
    """The interpretation of the module, and its outputs."""
    units = {}
    for unit, path in find_units(network).items():
        if hasattr(unit, "weight") and not hasattr(unit, "x_proj"):
            norm = recognised_norm(unit, path)
            if norm is None:
                continue
            unit.mambalite_unit = norm
        units[unit] = path
    try:
        tape, key, output = trace(network, example, units, recognise_block)
    except ExportError:
        raise
    except Exception as error:
        shape = list(example.shape)
        raise ExportError(f"the model fails on the example input of shape {shape}: {first_line(error)}") from error
    named = {}
    for name, tensor in [*network.named_parameters(), *network.named_buffers()]:
        if tensor.is_floating_point():
            named[name] = tensor.detach()
    refs = output_refs(output)
    failures, found = [], []
    for layout in layouts_of(example.shape, is_tokens):
        attempt = Interpretation(tape, key, named, example, layout, is_tokens)
        try:
            attempt.run()
            outputs = [finished(attempt, name, ref) for name, ref in refs]
            attempt.graph.prune([output.op for output in outputs])
            found.append((cost(attempt), len(found), attempt, outputs))
        except Unsupported as error:
            failures.append((attempt.reached, -len(failures), error))
    if not found:
        raise max(failures, key=lambda failure: failure[:2])[2]
    return min(found, key=lambda item: item[:2])[2:]


def finished(attempt, name, ref):
    op, dims = attempt.output(attempt.values.get(ref.key), name)
    shape = tuple(attempt.tape.values[ref.key].shape)
    return Output(name, op, dims, shape, attempt.layout.is_batched)


# ---- what is written -----------------------------------------------------------------------------------


def arch_of(found, outputs, labels, is_tokens, lengths):
    arch = {"ops": found.graph.arch_ops(), "outputs": {output.name: output.op.name for output in outputs}}
    if not is_tokens:
        arch["inputWidth"] = found.graph.input.width
    arch.update({key: value for key, value in lengths.items() if value is not None})
    if labels is not None:
        arch["labels"] = checked_labels(labels, outputs[0])
    return arch


def checked_labels(labels, output):
    name, op = output.name, output.op
    if isinstance(labels, str) or not all(isinstance(label, str) for label in labels):
        raise ExportError("labels: a list of names was expected")
    labels = list(labels)
    if not op.is_vector:
        raise ExportError(f"labels: none for the output {name!r}, which has a row for each moment")
    if len(labels) != op.width:
        raise ExportError(f"labels: {op.width} names, one an element of {name!r}, were expected, not {len(labels)}")
    return labels


def module_of(found, outputs, float32_error, model):
    """What the arch file does not say: the module's own shapes."""
    return {
        "version": MODULE_VERSION,
        "class": type(model).__name__,
        "torch": torch.__version__,
        "input": found.layout.described(),
        "outputs": [output.described() for output in outputs],
        "float32Error": float32_error,
        "assumptions": found.assumptions,
    }


def refuse_overflow(weights):
    for name, tensor in weights.items():
        if not torch.isfinite(tensor).all():
            raise ExportError(f"{name} holds values beyond float32")

