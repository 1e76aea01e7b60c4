"""Mamba-2 blocks as one operator: recognised by what they hold, and compared with what the operator does on
random inputs, as the names of weights say nothing of groups, limits or the place of the norm.
"""

import itertools

import torch

from .errors import Unsupported
from .evaluate import evaluate
from .units import (
    EPS,
    TOLERANCE,
    Unit,
    is_mamba2,
    normed_probe,
    own_numbers,
    part,
    probed,
    recognise,
    relative_error,
    surroundings,
)

GATED_NORMS = ("norm", "gated_norm", "norm_gated", "rmsnorm")
LIMITS = ("dt_limit", "time_step_limit")


def recognise_block(module, place, example_shape):
    """Sets what the module is as an operator, `mambalite_unit`, unless that is known."""
    if is_mamba2(module) and not hasattr(module, "mambalite_unit"):
        module.mambalite_unit = recognised_mamba2(module, place, example_shape)
    recognise(module, place, example_shape)


def recognised_mamba2(module, place, example_shape):
    tensors = mamba2_tensors(module)
    if not {"in_proj.weight", "conv1d.weight"} <= tensors.keys():
        raise Unsupported("a Mamba-2 block without in_proj or conv1d is", place)
    if inner_of(tensors) <= 0:
        raise Unsupported("a Mamba-2 block with other rows in in_proj than z, x, B, C and dt (d_mlp) is", place)
    width = tensors["in_proj.weight"].shape[1]
    probe, expected, channels_first = probed(module, width, example_shape, place)
    if expected is None:
        fields, own = next(mamba2_candidates(module, tensors))
        module.mambalite_substitute = lambda x, *_: evaluate("mamba2", fields, own, [x], [False])
        said = f"{place.path} is a {type(module).__name__} as published: its forward did not run here."
        return Unit("mamba2", fields, own, said)
    best = float("inf")
    for norm, has_residual in mamba2_surroundings(module, place, probe, expected):
        given = probe if norm is None else normed_probe(norm, probe)
        wanted = expected - probe if has_residual else expected
        for fields, own in mamba2_candidates(module, tensors):
            error = relative_error(evaluate("mamba2", fields, own, [given], [False]), wanted)
            best = min(best, error)
            if error <= TOLERANCE:
                unit = Unit("mamba2", fields, own)
                unit.channels_first, unit.norm, unit.has_residual = channels_first, norm, has_residual
                return unit
    raise Unsupported(
        f"holds what a Mamba-2 block holds but computes something else than all variants known; the nearest "
        f"differs by {best:.2g} of the largest output", place
    )


def mamba2_surroundings(module, place, probe, expected):
    """As of Mamba-1; the norm beside the gate is no norm of the input."""
    gated = gated_norm(module)
    keeps_shape = probe.shape == expected.shape
    for norm, has_residual in surroundings(Without(module, gated), place, keeps_shape):
        if norm is None or norm.tensors["weight"].numel() == probe.shape[-1]:
            yield norm, has_residual


class Without:
    """A module as `children` shows it, but for one of them."""

    def __init__(self, module, left_out):
        self.module, self.left_out = module, left_out

    def children(self):
        return (child for child in self.module.children() if child is not self.left_out)


def gated_norm(module):
    return next((getattr(module, n) for n in GATED_NORMS if getattr(module, n, None) is not None), None)


def mamba2_tensors(module):
    """By the keys of the operator; those that the module does not have are left out."""
    tensors = {"A_log": part(module, "A_log"), "D": part(module, "D"), "dt_bias": module.dt_bias}
    for key in ("in_proj", "conv1d", "out_proj"):
        layer = part(module, key)
        for name in ("weight", "bias"):
            tensors[f"{key}.{name}"] = getattr(layer, name, None)
    tensors["norm.weight"] = getattr(gated_norm(module), "weight", None)
    found = {k: v.detach().double() for k, v in tensors.items() if isinstance(v, torch.Tensor)}
    return {k: v.flatten() if k in ("norm.weight", "D") else v for k, v in found.items()}


def inner_of(tensors):
    rows = [tensors[key].shape[0] for key in ("in_proj.weight", "conv1d.weight", "A_log")]
    return rows[0] - rows[1] - rows[2]


def mamba2_candidates(module, tensors):
    """Variants, mamba_ssm's first: (fields, tensors)."""
    heads, inner = tensors["A_log"].shape[0], inner_of(tensors)
    states = (tensors["conv1d.weight"].shape[0] - inner) // 2
    groups = [g for g in range(1, heads + 1) if heads % g == 0 and states % g == 0]
    said = [getattr(module, name, None) for name in ("ngroups", "n_groups")]
    groups.sort(key=lambda g: g not in said)
    limits = next((getattr(module, n) for n in LIMITS if getattr(module, n, None) is not None), (0, None))
    limits = [limits, (0, None)] if tuple(limits) != (0, None) else [limits]
    for group, limit in itertools.product(groups, limits):
        base = {"groups": group, **limit_fields(limit)}
        if "norm.weight" not in tensors:
            yield base, tensors
            continue
        norms = dict.fromkeys([group, 1, *(g for g in range(2, heads + 1) if inner % g == 0)])
        epsilons = own_numbers(module) or list(EPS[:2])
        places = ("behind_gate", "before_gate")
        for place, norm_groups, eps in itertools.product(places, norms, epsilons):
            yield {**base, "normEps": eps, "normGroups": norm_groups, "normPlace": place}, tensors


def limit_fields(limit):
    least, most = limit
    fields = {"leastDt": float(least)}
    if most is not None and most != float("inf"):
        fields["mostDt"] = float(most)
    return fields
