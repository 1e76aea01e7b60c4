"""Modules that are one operator: Mamba blocks, selective scans, norms that people write themselves.

They are recognised by what they hold, and what they do is compared with what the operator does on
random inputs: the names of weights say nothing of the order of rows, gates or directions.
"""

import itertools
import re

import torch
from torch import nn

from .errors import Unsupported
from .evaluate import evaluate
from .tracing import doubled, first_line

TOLERANCE = 1e-6
PROBE_ROWS = 9
PROBE_SEED = 20
MOST_DEVIATIONS = 3
NAMES = {
    "in_proj": ("in_proj", "proj_in", "input_proj"),
    "conv1d": ("conv1d", "conv", "conv_1d"),
    "x_proj": ("x_proj",),
    "dt_proj": ("dt_proj", "delta_proj"),
    "out_proj": ("out_proj", "proj_out", "output_proj"),
    "A_log": ("A_log", "A"),
    "D": ("D",),
}
NORMS = {
    "dt_layernorm.weight": ("dt_layernorm", "dt_norm"),
    "b_layernorm.weight": ("b_layernorm", "B_layernorm", "B_norm", "b_norm"),
    "c_layernorm.weight": ("c_layernorm", "C_layernorm", "C_norm", "c_norm"),
}
KNOWN_CLASSES = ("Mamba", "MambaMixer", "MambaBlock", "FalconMambaMixer", "JambaMambaMixer")
ORDERS = ("dtBC", "BCdt", "dtCB", "CBdt", "BdtC", "CdtB")
GATES = ("silu", "sigmoid", "gelu", "relu", "tanh", "gelu_tanh", "softplus", "hard_sigmoid", "relu6")
EPS = (1e-5, 1e-6, 1e-8, 1e-12, 1e-3, 1.1920928955078125e-07)


class Unit:
    """A module as one operator: its kind, fields, and tensors by their keys."""

    def __init__(self, kind, fields, tensors, assumption=None, backward=None, factor=1.0):
        self.kind, self.fields, self.tensors = kind, fields, tensors
        self.assumption = assumption
        self.channels_first, self.norm, self.has_residual = False, None, False
        """norm: a unit that the input goes through first; has_residual: the input is added behind."""
        self.backward, self.factor = backward, factor
        """Of a block of two directions: the other one's tensors; what the sum of both is times."""


def part(module, key):
    return next((getattr(module, n) for n in NAMES[key] if getattr(module, n, None) is not None), None)


def is_scan(module):
    """Holds what makes dt, B, C and the state of Mamba-1."""
    a = part(module, "A_log")
    holds = all(isinstance(part(module, key), nn.Module) for key in ("x_proj", "dt_proj"))
    return holds and isinstance(a, torch.Tensor) and a.dim() == 2


def is_mamba2(module):
    a, norm = getattr(module, "A_log", None), getattr(module, "dt_bias", None)
    return isinstance(a, torch.Tensor) and a.dim() == 1 and isinstance(norm, torch.Tensor)


def is_own_norm(module):
    own = dict(module.named_parameters(recurse=False))
    shapes = {tuple(p.shape) for p in own.values()}
    return (
        0 < len(own) <= 2
        and not list(module.children())
        and len(shapes) == 1
        and len(next(iter(shapes))) == 1
        and not type(module).__module__.startswith("torch.nn")
    )


def backward_tensors(module):
    """Those of the direction of its own that a block of two directions has: conv1d_b, A_b_log."""
    tensors = {}
    for key in ("conv1d", "x_proj", "dt_proj"):
        layer = getattr(module, f"{key}_b", None)
        for name in ("weight", "bias"):
            tensors[f"{key}.{name}"] = getattr(layer, name, None)
    tensors["A_log"], tensors["D"] = getattr(module, "A_b_log", None), getattr(module, "D_b", None)
    return {k: v.detach().double() for k, v in tensors.items() if isinstance(v, torch.Tensor)}


def two_directions(fields, tensors, backward, factor, x):
    """Two Mambas of one in_proj and one out_proj."""
    ends = ("out_proj.weight", "out_proj.bias")
    inner = {k: v for k, v in tensors.items() if k not in ends}
    own = {k: v for k, v in inner.items() if k.startswith("in_proj")}
    y = evaluate("mamba", fields, inner, [x], [False])
    back = {**fields, "direction": "backward"}
    y = (y + evaluate("mamba", back, {**own, **backward}, [x], [False])) * factor
    if ends[0] not in tensors:
        return y
    return nn.functional.linear(y, tensors[ends[0]], tensors.get(ends[1]))


def scan_tensors(module):
    """By the keys of the operator; those that the module does not have are None."""
    tensors = {}
    for key in ("in_proj", "conv1d", "x_proj", "dt_proj", "out_proj"):
        layer = part(module, key)
        for name in ("weight", "bias"):
            tensors[f"{key}.{name}"] = getattr(layer, name, None) if layer is not None else None
    for key, names in NORMS.items():
        layer = next((getattr(module, n) for n in names if getattr(module, n, None) is not None), None)
        tensors[key] = getattr(layer, "weight", None)
    tensors["A_log"], tensors["D"] = part(module, "A_log"), part(module, "D")
    return {k: v.detach().double() for k, v in tensors.items() if isinstance(v, torch.Tensor)}


def candidates(module, tensors):
    """Variants by how much they differ from mamba_ssm's: (fields, tensors, words)."""
    is_block = "in_proj.weight" in tensors
    choices = {"order": [*ORDERS], "direction": ["forward", "backward"], "A": ["log", "plain", "negative"]}
    if part(module, "A_log") is getattr(module, "A", None):
        choices["A"] = ["plain", "log", "negative"]
    epsilons = own_numbers(module) or list(EPS[:2])
    has_norms = any(key in tensors for key in NORMS)
    choices["norms"] = [*epsilons, None] if has_norms else [None, *epsilons]
    if is_block:
        rows, inner = tensors["in_proj.weight"].shape[0], tensors["A_log"].shape[0]
        choices["gate"] = ["none"] if rows == inner else [*GATES]
        choices["halves"] = ["x z", "z x"] if rows == 2 * inner else ["x z"]
        choices["activation"] = ["silu", "none"]
        taps = tensors["conv1d.weight"].shape[-1] if "conv1d.weight" in tensors else 1
        choices["ahead"] = list(dict.fromkeys([0, taps - 1 - taps // 2, taps // 2, taps - 1]))
    names = list(choices)
    standard = {name: values[0] for name, values in choices.items()}
    for count in range(MOST_DEVIATIONS + 1):
        for changed in itertools.combinations(names, count):
            others = [choices[name][1:] for name in changed]
            for values in itertools.product(*others):
                yield {**standard, **dict(zip(changed, values))}


def as_operator(choice, tensors, is_block):
    """Fields and tensors of a variant."""
    fields = {"xProjOrder": choice["order"], "direction": choice["direction"]}
    if choice["norms"] is not None:
        fields["scanNormEps"] = choice["norms"]
    tensors = dict(tensors)
    a = tensors["A_log"]
    if choice["A"] == "plain":
        tensors["A_log"] = torch.log(-a)
    elif choice["A"] == "negative":
        tensors["A_log"] = torch.log(a)
    if not is_block:
        return fields, tensors
    fields.update(gate=choice["gate"], convActivation=choice["activation"])
    if choice["halves"] == "z x":
        for key in ("in_proj.weight", "in_proj.bias"):
            if key in tensors:
                tensors[key] = torch.cat(tensors[key].chunk(2)[::-1])
    fields["convolution"] = "causal"
    if choice["ahead"] > 0:
        fields["convolution"] = "centred"
        tensors["conv1d.weight"] = centred(tensors["conv1d.weight"], choice["ahead"])
    return fields, tensors


def centred(weight, ahead):
    """With taps of zeros, so that as many rows are ahead as behind, or one more."""
    taps = weight.shape[-1]
    before = taps - 1 - ahead
    if ahead == -(-(taps - 1) // 2):
        return weight
    zeros = weight.new_zeros(*weight.shape[:-1], abs(before - ahead))
    return torch.cat([weight, zeros] if before > ahead else [zeros, weight], -1)


def own_numbers(module):
    """Small numbers among its attributes and its norms': an eps is one of them."""
    numbers = []
    for child in module.modules():
        for value in vars(child).values():
            if isinstance(value, float) and 0 < value < 0.1:
                numbers.append(value)
    return list(dict.fromkeys(numbers))


def recognise(module, place, example_shape):
    """Sets what the module is as an operator, `mambalite_unit`, unless that is known."""
    if not hasattr(module, "mambalite_unit"):
        module.mambalite_unit = recognised(module, place, example_shape)


def recognised(module, place, example_shape):
    """The unit that the module is; Unsupported if it holds a scan that none of the variants is."""
    tensors = scan_tensors(module)
    is_block = "in_proj.weight" in tensors
    kind = "mamba" if is_block else "selective_scan"
    width = tensors["in_proj.weight"].shape[1] if is_block else tensors["A_log"].shape[0]
    probe, expected, channels_first = probed(module, width, example_shape, place)
    if expected is None:
        fields, own = as_operator(next(iter(candidates(module, tensors))), tensors, is_block)
        module.mambalite_substitute = lambda x, *_: evaluate(kind, fields, own, [x], [False])
        said = f"{place.path} is a {type(module).__name__} as published: its forward did not run here."
        return Unit(kind, fields, own, said)
    backward = backward_tensors(module)
    if {"A_log", "x_proj.weight", "dt_proj.weight"} <= backward.keys():
        unit = of_two_directions(module, tensors, backward, probe, expected, place)
        unit.channels_first = channels_first
        return unit
    best, best_error = None, float("inf")
    for norm, has_residual in surroundings(module, place, probe.shape == expected.shape):
        given = probe if norm is None else normed_probe(norm, probe)
        wanted = expected - probe if has_residual else expected
        for choice in candidates(module, tensors):
            fields, own = as_operator(choice, tensors, is_block)
            if not all(torch.isfinite(t).all() for t in own.values()):
                continue
            error = relative_error(evaluate(kind, fields, own, [given], [False]), wanted)
            if error < best_error:
                best, best_error = (choice, fields, own), error
            if error <= TOLERANCE:
                unit = Unit(kind, fields, own)
                unit.channels_first, unit.norm, unit.has_residual = channels_first, norm, has_residual
                return unit
    raise Unsupported(
        f"holds what a Mamba block holds but computes something else than all variants known; "
        f"the nearest ({described_choice(best)}) differs by {best_error:.2g} of the largest output", place
    )


def surroundings(module, place, keeps_shape):
    """What people put into the block beside Mamba: a norm before it, the input added behind it."""
    norms = [norm for norm in (norm_of(child, place) for child in module.children()) if norm]
    ways = [(None, False), *((norm, False) for norm in norms)]
    return [*ways, *((norm, True) for norm, _ in ways)] if keeps_shape else ways


def norm_of(child, place):
    """A norm as a unit; None for what is none."""
    name = type(child).__name__
    if is_own_norm(child):
        return recognised_norm(child, place)
    if name not in ("LayerNorm", "RMSNorm") or getattr(child, "eps", None) is None:
        return None
    tensors = {k: v.detach().double() for k, v in child.named_parameters(recurse=False)}
    return Unit("norm", {"norm": "rms" if name == "RMSNorm" else "layer", "eps": child.eps}, tensors)


def normed_probe(norm, probe):
    return evaluate("norm", norm.fields, norm.tensors, [probe], [False])


def of_two_directions(module, tensors, backward, probe, expected, place):
    best_error = float("inf")
    for choice in candidates(module, tensors):
        if choice["direction"] == "backward" or choice["halves"] != "x z" or choice["A"] != "log":
            continue
        fields, own = as_operator(choice, tensors, True)
        _, other = as_operator(choice, {**backward, "in_proj.weight": own["in_proj.weight"]}, True)
        del other["in_proj.weight"]
        for factor in (1.0, 0.5):
            error = relative_error(two_directions(fields, own, other, factor, probe), expected)
            if error <= TOLERANCE:
                return Unit("bimamba", fields, own, None, other, factor)
            best_error = min(best_error, error)
    raise Unsupported(
        f"holds what a Mamba block of two directions holds but computes something else than all "
        f"variants known; the nearest differs by {best_error:.2g} of the largest output", place
    )


def described_choice(best):
    if best is None:
        return "none has the output's shape"
    choice = best[0]
    words = [f"rows {choice['order']}", f"direction {choice['direction']}"]
    if "gate" in choice:
        words += [f"gate {choice['gate']}", f"{choice['ahead']} taps ahead"]
    return ", ".join(words)


def relative_error(got, expected):
    if got.shape != expected.shape:
        return float("inf")
    error = (got - expected).abs().max() / expected.abs().max().clamp_min(1e-300)
    return float(error) if torch.isfinite(error) else float("inf")


NEEDS_CUDA = re.compile(
    r"cuda|kernel|triton|nvidia|gpu|device|NoneType' object is not callable|causal_conv1d|selective_scan",
    re.IGNORECASE,
)


def probed(module, width, example_shape, place):
    """A random input [1, time, width], what the module makes of it, and whether it wants channels
    first; the output is None where it cannot run here."""
    generator = torch.Generator().manual_seed(PROBE_SEED)
    failures = []
    lengths = dict.fromkeys((PROBE_ROWS, example_shape[-2], example_shape[-1]))
    for rows, channels_first in itertools.product(lengths, (False, True)):
        probe = torch.randn(1, rows, width, generator=generator, dtype=torch.float64)
        try:
            with torch.no_grad():
                given = probe.transpose(1, 2) if channels_first else probe
                output = type(module).forward(module, given.clone())
        except Exception as error:  # whatever a module may raise
            failures.append(error)
            continue
        output = output[0] if isinstance(output, (tuple, list)) else output
        if isinstance(output, torch.Tensor) and output.dim() == 3:
            output = doubled(output)
            return probe, output.transpose(1, 2) if channels_first else output, channels_first
    reason = first_line(failures[0]) if failures else "no tensor [1, time, channels] came out"
    is_known = type(module).__name__ in KNOWN_CLASSES and not torch.cuda.is_available()
    if is_known and NEEDS_CUDA.search(reason):
        return None, None, False
    raise Unsupported(f"a Mamba block whose forward failed on [1, {PROBE_ROWS}, {width}]: {reason}", place)


def recognised_norm(module, place):
    """An RMSNorm or LayerNorm, or None where it is neither: its functions are read then."""
    own = {k: v.detach().double() for k, v in module.named_parameters(recurse=False)}
    bias = own.get("bias", own.get("beta"))
    weight = next((v for k, v in own.items() if v is not bias), None)
    if weight is None:
        return None
    generator = torch.Generator().manual_seed(PROBE_SEED)
    probe = torch.randn(1, PROBE_ROWS, weight.numel(), generator=generator, dtype=torch.float64)
    probe[:, ::2] *= 1e-2
    try:
        with torch.no_grad():
            expected = doubled(type(module).forward(module, probe.clone()))
    except Exception:  # it takes something else
        return None
    if not isinstance(expected, torch.Tensor):
        return None
    for which in ("rms", "layer"):
        for eps in dict.fromkeys([*own_numbers(module), *EPS]):
            for scale in (weight, 1 + weight):
                tensors = {"weight": scale}
                if bias is not None and which == "layer":
                    tensors["bias"] = bias
                elif bias is not None:
                    continue
                fields = {"norm": which, "eps": eps}
                got = evaluate("norm", fields, tensors, [probe], [False])
                if relative_error(got, expected) < TOLERANCE * 1e-3:
                    return Unit("norm", fields, tensors)
    return None


def find_units(module):
    """Paths and modules that may be one operator; those within others are not looked at."""
    found, inside = {}, ()
    for path, child in module.named_modules():
        if inside and path.startswith(inside):
            continue
        if is_scan(child) or is_mamba2(child) or is_own_norm(child):
            found[child] = path
            inside = (*inside, f"{path}.") if path else ("",)
    return found

