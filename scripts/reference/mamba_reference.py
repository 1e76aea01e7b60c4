"""The reference: Mamba-1 networks in plain PyTorch, one sequence at a time, float32 or float64.

Every operator is written as in the equations, without batching, fusing or caching, so that it can
be read against its source. It knows nothing of blobs, tiles or schedules, and is never fast.

Sources:
  Gu & Dao, "Mamba: Linear-Time Sequence Modeling with Selective State Spaces", arXiv 2312.00752
  (algorithm 2, figure 3); `selective_scan_ref` and the `Mamba` module of the mamba_ssm package;
  Xu et al., "MambaLite-Micro", arXiv 2509.05488, for the `paper` network.

A model's weights are float32. The float64 reference is the same network on those very weights,
converted exactly: what it differs by from float32 is rounding in the computation alone.

Shapes: T frames, F input features, d_model, d_inner = expand * d_model, N = d_state, R = dt_rank.

Usage, from the project's root (prints the worst error against the expected logits):
  python3 scripts/reference/mamba_reference.py MODEL INPUT.npy [--dtype float32] [--expect L.npy]
  e.g. MODEL = ../shared/data/paper_kws10/model.pth, with that folder's inputs.npy and
  logits_float64.npy; MODEL may be a state dict (.pth, .pt) or a .safetensors file.
"""

import argparse
from pathlib import Path
from typing import Callable, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from safetensors_file import read_safetensors

StateDict = Mapping[str, Tensor]
"""Tensor name to tensor."""

Trace = List[Tuple[str, Tensor]]
"""Every operator's name and output [T, width], in the order of execution."""

NORM_EPS = 1e-5


# ---------------------------------------------------------------------------------------------
# Operators. x is [T, width]; every one keeps the dtype it is given.
# ---------------------------------------------------------------------------------------------


def linear(x: Tensor, weight: Tensor, bias: Optional[Tensor] = None) -> Tensor:
    """x W^T + b. weight [out, in], bias [out]."""
    return F.linear(x, weight, bias)


def embedding(tokens: Tensor, weight: Tensor) -> Tensor:
    """Row `token` of weight [vocabulary, d_model]. tokens [T] -> [T, d_model]."""
    return weight[tokens]


def rms_norm(x: Tensor, weight: Tensor, eps: float = NORM_EPS) -> Tensor:
    """x / sqrt(mean(x^2) + eps) * weight, over the features of each frame."""
    return x / torch.sqrt(x.square().mean(dim=-1, keepdim=True) + eps) * weight


def layer_norm(x: Tensor, weight: Tensor, bias: Tensor, eps: float = NORM_EPS) -> Tensor:
    """(x - mean) / sqrt(variance + eps) * weight + bias; the variance divides by the width."""
    centred = x - x.mean(dim=-1, keepdim=True)
    variance = centred.square().mean(dim=-1, keepdim=True)
    return centred / torch.sqrt(variance + eps) * weight + bias


def silu(x: Tensor) -> Tensor:
    """x * sigmoid(x)."""
    return F.silu(x)


def relu(x: Tensor) -> Tensor:
    """max(x, 0)."""
    return F.relu(x)


def gelu(x: Tensor) -> Tensor:
    """The exact GELU, x * Phi(x) = x/2 * (1 + erf(x / sqrt 2)): torch's default, not tanh."""
    return F.gelu(x)


def mean_pool(x: Tensor) -> Tensor:
    """[T, width] -> [1, width]"""
    return x.mean(dim=0, keepdim=True)


def max_pool(x: Tensor) -> Tensor:
    """[T, width] -> [1, width]"""
    return x.amax(dim=0, keepdim=True)


def last_pool(x: Tensor) -> Tensor:
    """[T, width] -> [1, width]"""
    return x[-1:]


def causal_conv1d(x: Tensor, weight: Tensor, bias: Optional[Tensor] = None) -> Tensor:
    """Each channel's own filter over its past: y[t] = b + sum_k w[k] x[t - (d_conv - 1) + k].

    x [T, d_inner]; weight [d_inner, 1, d_conv] (or [d_inner, d_conv]); before the first frame the
    input is zero. -> [T, d_inner]
    """
    taps = weight.reshape(weight.shape[0], -1)
    frames, d_conv = x.shape[0], taps.shape[1]
    padded = torch.cat([x.new_zeros(d_conv - 1, x.shape[1]), x])
    y = x.new_zeros(x.shape) if bias is None else bias.expand(x.shape).clone()
    for k in range(d_conv):
        y = y + taps[:, k] * padded[k : k + frames]
    return y


def selective_scan(
    u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, z: Tensor
) -> Tensor:
    """The recurrence of the selective state space, its D skip and its gate, frame by frame.

        h[t] = exp(delta[t] A) h[t-1] + delta[t] B[t] u[t]          h [d_inner, N], h[-1] = 0
        y[t] = (C[t] . h[t] + D u[t]) * silu(z[t])

    u, delta, z [T, d_inner]; A [d_inner, N]; B, C [T, N]; D [d_inner]. -> [T, d_inner]
    Zero-order hold for A, Euler for B: as in `selective_scan_ref` of mamba_ssm.
    """
    h = u.new_zeros(A.shape)
    y = torch.empty_like(u)
    for t in range(u.shape[0]):
        h = torch.exp(delta[t, :, None] * A) * h + (delta[t] * u[t])[:, None] * B[t]
        y[t] = h @ C[t]
    return (y + D * u) * silu(z)


def mamba_block(
    x: Tensor, state: StateDict, prefix: str, trace: Optional[Trace] = None, name: str = ""
) -> Tensor:
    """One Mamba-1 block, [T, d_in] -> [T, d_out] (d_out = d_inner if it has no out_proj).

    Weights are `state[prefix + ".in_proj.weight"]` and so on; biases of in_proj, conv1d, dt_proj
    and out_proj are optional. in_proj makes x then z; x_proj makes dt, then B, then C. The trace
    has in_proj [T, 2 d_inner]; conv1d, after SiLU; x_proj [T, R + 2 N]; dt_proj, after softplus;
    selective_scan, after D and the gate; out_proj.
    """
    name = name or prefix
    record = _recorder(trace)

    def project(layer: str, value: Tensor) -> Tensor:
        weight, bias = state[f"{prefix}.{layer}.weight"], state.get(f"{prefix}.{layer}.bias")
        return linear(value, weight, bias)

    A = -torch.exp(state[f"{prefix}.A_log"])
    D = state[f"{prefix}.D"]
    d_inner, d_state = A.shape
    dt_rank = state[f"{prefix}.dt_proj.weight"].shape[1]

    xz = record(f"{name}.in_proj", project("in_proj", x))
    u, z = xz.split([d_inner, d_inner], dim=-1)

    conv_weight, conv_bias = state[f"{prefix}.conv1d.weight"], state.get(f"{prefix}.conv1d.bias")
    u = record(f"{name}.conv1d", silu(causal_conv1d(u, conv_weight, conv_bias)))

    dt_B_C = record(f"{name}.x_proj", project("x_proj", u))
    dt, B, C = dt_B_C.split([dt_rank, d_state, d_state], dim=-1)

    # F.softplus is x itself above 20 and log1p(exp(x)) below: finite everywhere.
    delta = record(f"{name}.dt_proj", F.softplus(project("dt_proj", dt)))

    y = record(f"{name}.selective_scan", selective_scan(u, delta, A, B, C, D, z))
    if f"{prefix}.out_proj.weight" not in state:
        return y
    return record(f"{name}.out_proj", project("out_proj", y))


# ---------------------------------------------------------------------------------------------
# Networks: the four naming conventions. x [T, F] or tokens [T] -> logits [classes].
# ---------------------------------------------------------------------------------------------


def paper_logits(state: StateDict, x: Tensor, trace: Optional[Trace] = None) -> Tensor:
    """MambaLite-Micro's classifier: linear, one block, mean over time, linear."""
    record = _recorder(trace)
    x = record("linear_in", _linear_named(state, "linear_in", x))
    x = mamba_block(x, state, "mamba", trace)
    x = record("pool", mean_pool(x))
    return record("classifier", _linear_named(state, "classifier", x))[0]


def stack_logits(state: StateDict, x: Tensor, trace: Optional[Trace] = None) -> Tensor:
    """Residual blocks x + mixer(norm(x)) between a linear layer and a mean-pooled classifier."""
    record = _recorder(trace)
    x = record("linear_in", _linear_named(state, "linear_in", x))
    x = _residual_blocks(state, "", x, trace)
    x = record("norm_f", _norm_named(state, "norm_f", x))
    x = record("pool", mean_pool(x))
    return record("classifier", _linear_named(state, "classifier", x))[0]


def mamba_ssm_logits(state: StateDict, tokens: Tensor, trace: Optional[Trace] = None) -> Tensor:
    """mamba_ssm's language model (`MambaLMHeadModel`): the next token's logits."""
    return _language_model(state, "backbone.embedding.weight", tokens, trace)


def huggingface_logits(state: StateDict, tokens: Tensor, trace: Optional[Trace] = None) -> Tensor:
    """Hugging Face's `MambaForCausalLM`: the next token's logits."""
    return _language_model(state, "backbone.embeddings.weight", tokens, trace)


def _language_model(
    state: StateDict, embedding_name: str, tokens: Tensor, trace: Optional[Trace]
) -> Tensor:
    """Without an lm_head.weight of its own, the head is tied to the embedding."""
    record = _recorder(trace)
    x = record("embedding", embedding(tokens, state[embedding_name]))
    x = _residual_blocks(state, "backbone.", x, trace)
    x = record("norm_f", _norm_named(state, "backbone.norm_f", x))
    x = record("pool", last_pool(x))
    head = state.get("lm_head.weight", state[embedding_name])
    return record("lm_head", linear(x, head))[0]


def _residual_blocks(
    state: StateDict, prefix: str, x: Tensor, trace: Optional[Trace]
) -> Tensor:
    """x = x + mixer(norm(x)) for every `{prefix}layers.{i}`. [T, d_model] -> [T, d_model]"""
    record = _recorder(trace)
    layer = 0
    while f"{prefix}layers.{layer}.mixer.A_log" in state:
        name = f"layers.{layer}"
        normed = record(f"{name}.norm", _norm_named(state, f"{prefix}{name}.norm", x))
        mixed = mamba_block(normed, state, f"{prefix}{name}.mixer", trace, f"{name}.mixer")
        x = record(f"{name}.add", x + mixed)
        layer += 1
    return x


CONVENTIONS: Dict[str, Callable[..., Tensor]] = {
    "paper": paper_logits,
    "stack": stack_logits,
    "mamba_ssm": mamba_ssm_logits,
    "huggingface": huggingface_logits,
}


def recognise_convention(state: StateDict) -> str:
    """The convention whose first tensor is there; KeyError if none is."""
    if "backbone.embedding.weight" in state:
        return "mamba_ssm"
    if "backbone.embeddings.weight" in state:
        return "huggingface"
    if "layers.0.mixer.A_log" in state:
        return "stack"
    if "mamba.A_log" in state:
        return "paper"
    raise KeyError("the tensors' names follow none of " + ", ".join(CONVENTIONS))


# ---------------------------------------------------------------------------------------------
# Networks: any list of operators.
# ---------------------------------------------------------------------------------------------

_POOLS = {"mean": mean_pool, "last": last_pool, "max": max_pool}
_ACTIVATIONS = {"silu": silu, "relu": relu, "gelu": gelu}


def op_list_logits(
    state: StateDict, ops: Sequence[Mapping[str, object]], x: Tensor, trace: Optional[Trace] = None
) -> Tensor:
    """A network given as the `ops` of an arch file, in execution order. x [T, F] or tokens [T].

    An op has `kind` and a unique `name`, and reads the one before it, or the one named by `input`
    (`inputs`, two names, for "add"; "input" is x). Its tensors are {weights}.weight, {weights}.bias
    and, for "mamba", those of `mamba_block`; `weights` is its name if absent. `norm` is "rms" or
    "layer" (if absent: "layer" where there is a bias), `eps` 1e-5 if absent. -> logits [classes]
    """
    record = _recorder(trace)
    values = {"input": x}
    last = "input"
    for op in ops:
        kind, name = op["kind"], op["name"]
        source, weights = values[op.get("input", last)], op.get("weights", name)
        if kind == "mamba":
            y = mamba_block(source, state, weights, trace, name)
        elif kind == "linear":
            y = record(name, _linear_named(state, weights, source))
        elif kind == "norm":
            y = record(name, _norm_named(state, weights, source, op.get("eps", NORM_EPS),
                                         op.get("norm")))
        elif kind == "add":
            first, second = op["inputs"]
            y = record(name, values[first] + values[second])
        elif kind == "pool":
            y = record(name, _POOLS[op["pool"]](source))
        elif kind == "activation":
            y = record(name, _ACTIVATIONS[op["activation"]](source))
        elif kind == "embedding":
            y = record(name, embedding(source, state[f"{weights}.weight"]))
        else:
            raise ValueError(f"op {name}: unknown kind {kind}")
        values[name], last = y, name
    return values[last][0]


# ---------------------------------------------------------------------------------------------
# Plumbing
# ---------------------------------------------------------------------------------------------


def _recorder(trace: Optional[Trace]) -> Callable[[str, Tensor], Tensor]:
    """A function that notes an operator's output, if anyone asked, and hands it on."""

    def record(name: str, value: Tensor) -> Tensor:
        if trace is not None:
            trace.append((name, value))
        return value

    return record


def _linear_named(state: StateDict, name: str, x: Tensor) -> Tensor:
    return linear(x, state[f"{name}.weight"], state.get(f"{name}.bias"))


def _norm_named(
    state: StateDict, name: str, x: Tensor, eps: float = NORM_EPS, norm: Optional[str] = None
) -> Tensor:
    """The given norm, "rms" or "layer"; by default a LayerNorm where there is a bias, else RMS."""
    weight, bias = state[f"{name}.weight"], state.get(f"{name}.bias")
    norm = norm or ("rms" if bias is None else "layer")
    if norm == "rms":
        return rms_norm(x, weight, eps)
    return layer_norm(x, weight, torch.zeros_like(weight) if bias is None else bias, eps)


def to_state_dict(arrays: Mapping[str, np.ndarray], dtype: torch.dtype) -> Dict[str, Tensor]:
    """Weights as float32, whatever they were stored in, then converted to `dtype`."""
    return {
        name: torch.from_numpy(np.asarray(array, np.float32)).to(dtype)
        for name, array in arrays.items()
    }


def to_sequence(sequence: np.ndarray, dtype: torch.dtype) -> Tensor:
    """Frames [T, F] in `dtype`, or tokens [T] as integers."""
    tensor = torch.from_numpy(np.ascontiguousarray(sequence))
    return tensor.long() if sequence.ndim == 1 else tensor.to(dtype)


def sequences_of(array: np.ndarray) -> List[np.ndarray]:
    """An input file's sequences: frames [T, F] or [N, T, F], integer tokens [T] or [N, T]."""
    is_batch = array.ndim == (3 if array.dtype.kind == "f" else 2)
    return list(array) if is_batch else [array]


def load_checkpoint(path: Path) -> Dict[str, np.ndarray]:
    """A .safetensors file, or a PyTorch state dict read without running anything in it."""
    if path.suffix == ".safetensors":
        return read_safetensors(path)
    state = torch.load(path, map_location="cpu", weights_only=True)
    return {name: tensor.float().numpy() for name, tensor in state.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description="Logits of a Mamba checkpoint, by PyTorch.")
    parser.add_argument("model", type=Path)
    parser.add_argument("input", type=Path)
    parser.add_argument("--dtype", choices=["float32", "float64"], default="float64")
    parser.add_argument("--expect", type=Path, help="logits [N, classes] to compare with")
    arguments = parser.parse_args()

    torch.set_num_threads(1)
    dtype = getattr(torch, arguments.dtype)
    state = to_state_dict(load_checkpoint(arguments.model), dtype)
    network = CONVENTIONS[recognise_convention(state)]
    sequences = sequences_of(np.load(arguments.input))
    with torch.no_grad():
        logits = np.stack([network(state, to_sequence(s, dtype)).numpy() for s in sequences])

    if arguments.expect is None:
        for row in logits:
            print(" ".join(repr(float(value)) for value in row))
        return
    expected = np.load(arguments.expect)
    relative = np.abs(logits - expected) / np.abs(expected).max(axis=1, keepdims=True)
    agree = int((logits.argmax(axis=1) == expected.argmax(axis=1)).sum())
    print(f"error relative to each largest |logit|: max {relative.max():.3g}, "
          f"mean {relative.mean():.3g}; classes equal: {agree} of {len(expected)}")


if __name__ == "__main__":
    main()
