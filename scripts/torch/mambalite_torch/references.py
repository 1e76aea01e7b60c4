"""Reference inputs and outputs, and what they show: lengths that work, batches that change nothing."""

import copy

import torch

from .errors import ExportError
from .outputs import returned_tensors
from .tracing import doubled
from .units import relative_error

PREFIX = "mambalite.reference"
SEED = 14
PROBED_PART = 8
"""Lengths that are tried differ from the example's by this part of it."""
REFERENCE_TOLERANCE = 1e-6


class Reference:
    """A module beside its graph."""

    def __init__(self, network, found, outputs, example, is_tokens):
        self.network, self.found, self.outputs = network, found, outputs
        self.example, self.is_tokens = example, is_tokens

    def module_outputs(self, x):
        """Of one input: the outputs as the graph has them, [rows, width] or [width]."""
        return [
            self.as_graph(tensor, output) for tensor, output in zip(self.raw(x), self.outputs)
        ]

    def raw(self, x, network=None):
        """The tensors that the module returns, in the order of its outputs."""
        return returned_tensors((network or self.network)(x))

    def as_graph(self, tensor, output):
        if output.op.is_vector:
            return tensor.reshape(-1)
        time = output.dims.index("time")
        return tensor.movedim(time, 0).reshape(tensor.shape[time], -1)

    def frames(self, x):
        layout = self.found.layout
        batched = x if layout.is_batched else x.unsqueeze(0)
        return batched if self.is_tokens else layout.frames(batched)

    def compare(self, x, expected=None):
        """The largest error of the graph's outputs for one input, of the largest output."""
        expected = self.module_outputs(x) if expected is None else expected
        values = self.found.graph.run(self.frames(x))
        return max(
            relative_error(values[output.op][0], doubled(e)) for output, e in zip(self.outputs, expected)
        )

    def tensors(self, inputs):
        """Inputs and outputs of all references, and every operator's output for the first one."""
        graph, returned = self.found.graph, [self.raw(x) for x in inputs]
        values = graph.run(torch.cat([self.frames(x) for x in inputs]))
        own = torch.cat(inputs) if self.found.layout.is_batched else torch.stack(inputs)
        tensors = {f"{PREFIX}.input": own.type(torch.int32 if self.is_tokens else torch.float32)}
        for i, output in enumerate(self.outputs):
            wanted = torch.stack([self.as_graph(doubled(r[i]), output) for r in returned])
            if not torch.isfinite(wanted).all():
                raise ExportError(
                    f"the output {output.name!r} is NaN or infinite for the example or noise like it"
                )
            error = relative_error(values[output.op], wanted)
            if error > REFERENCE_TOLERANCE:
                raise ExportError(
                    f"the output {output.name!r} of other inputs of the example's shape is not what the trace "
                    f"makes of them (differs by {error:.2g}): the model chooses by values, or is random"
                )
            whole = torch.stack([doubled(r[i]) for r in returned])
            tensors[f"{PREFIX}.output.{output.name}"] = whole.reshape(len(inputs), *output.shape[1:])
        for op in graph.ops:
            tensors[f"{PREFIX}.trace.{op.name}"] = values[op][0].type(torch.float32)
        return tensors

    def float32_error(self, inputs, tensors):
        """How far the module itself is off in float32, relative to the largest output."""
        network = copy.deepcopy(self.network)
        for module in network.modules():
            to_type(module, torch.float32)
        worst = 0.0
        for index, x in enumerate(inputs):
            try:
                returned = self.raw(x if self.is_tokens else x.float(), network)
            except Exception:  # it was made for float64
                return 0.0
            for output, got in zip(self.outputs, returned):
                expected = tensors[f"{PREFIX}.output.{output.name}"][index]
                error = relative_error(got.double().reshape(-1), expected.reshape(-1))
                worst = max(worst, error if error < float("inf") else 0.0)
        return worst


def to_type(module, dtype):
    """Parameters, buffers and tensors that are plain attributes, rounded to float32 first."""
    for store in (module._parameters, module._buffers, vars(module)):
        for name, value in list(store.items()):
            if not isinstance(value, torch.Tensor) or not value.is_floating_point():
                continue
            rounded = value.detach().cpu().type(torch.float32).type(dtype)
            if isinstance(value, torch.nn.Parameter):
                value.data = rounded
            else:
                store[name] = rounded


def variations(example, count, is_tokens, found):
    """The example, and noise with its mean and deviation along time; equal on every run."""
    generator = torch.Generator().manual_seed(SEED)
    made = [example]
    for _ in range(count - 1):
        if is_tokens:
            first = next(op for op in found.graph.ops if op.kind == "embedding")
            vocabulary = found.graph.tensors[first.tensors["weight"]].shape[0]
            made.append(torch.randint(vocabulary, example.shape, generator=generator))
            continue
        time = found.layout.time
        noise = torch.randn(example.shape, generator=generator, dtype=torch.float64)
        deviation = example.std(time, keepdim=True, unbiased=False)
        made.append((example.mean(time, keepdim=True) + deviation * noise).type(torch.float32).double())
    return made


def check_batches(network, inputs, reference):
    """An output must not depend on what else is in the batch."""
    if not reference.found.layout.is_batched:
        return
    try:
        both = network(torch.cat(inputs[:2]))
    except Exception:  # a batch of one only: that is what is exported
        return
    alone = reference.module_outputs(inputs[0])
    for got, output, expected in zip(returned_tensors(both), reference.outputs, alone):
        whole = got.shape[:1] == (2,) and got.numel() == 2 * expected.numel()
        if whole and relative_error(reference.as_graph(got[:1], output), expected) <= REFERENCE_TOLERANCE:
            continue
        raise ExportError(
            f"the output {output.name!r} of an input depends on the others in its batch{culprit(network, inputs)}"
        )


def culprit(network, inputs):
    """The first module whose output changes with the batch."""

    def outputs(x):
        seen, handles = [], []
        for path, module in network.named_modules():
            if path and not list(module.children()):
                handles.append(module.register_forward_hook(
                    lambda m, _, out, path=path: seen.append((path, out))))
        try:
            network(x)
        finally:
            for handle in handles:
                handle.remove()
        return seen

    for (path, one), (_, two) in zip(outputs(inputs[0]), outputs(torch.cat(inputs[:2]))):
        if not isinstance(one, torch.Tensor) or not isinstance(two, torch.Tensor):
            continue
        if one.shape[1:] != two.shape[1:] or relative_error(two[:1], one) > REFERENCE_TOLERANCE:
            return f", seen behind {path}"
    return ""


def probe_lengths(reference, inputs):
    """minFrames and maxFrames, where other lengths than the example's do not do as the graph does."""
    layout, example = reference.found.layout, reference.example
    frames = example.shape[layout.time]

    def works(count):
        x = torch.cat([inputs[0], inputs[1], inputs[2]], layout.time).narrow(layout.time, 0, count)
        try:
            return reference.compare(x) <= REFERENCE_TOLERANCE
        except Exception:  # of the module or the graph: either way it does not go
            return False

    # By an odd number: what needs an even length, or one that four divides, shows.
    other = max(frames // PROBED_PART, 1) | 1
    is_shorter, is_longer = works(max(frames - other, 1)), works(frames + other)
    return {
        "minFrames": None if is_shorter else frames,
        "maxFrames": None if is_longer else frames,
    }

