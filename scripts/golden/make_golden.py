"""Makes the golden cases of test/golden: small models, inputs, and the logits they must give.

Usage, from the project's root (Debian: python3-torch, python3-numpy):
  python3 scripts/golden/make_golden.py            writes every case anew
  python3 scripts/golden/make_golden.py --check    regenerates in memory and compares; status 1
                                                   and a line for each difference if any
  --only NAME ...                                  these cases alone

A case is a directory test/golden/<name>:
  model.safetensors    float32 weights
  input.npy            float32 [T, F] or [N, T, F], or int32 tokens [T]
  logits_float64.npy   [N, classes], N = 1 for a single sequence: what to compare with
  logits_float32.npy   the same from float32 PyTorch, for information
  case.json            convention, sizes, seed
  arch.json            only where the convention is "arch": the network, as `--arch` reads it
                       (ts/checkpoint/arch.ts) and as mamba_reference.op_list_logits does
  trace/NN_<op>.npy    one case: every operator's output [T, width], float64, in order

Directories op_FAMILY are of single op kinds: see op_cases.py. Directories graph_NAME are of whole networks as
people write them: see graph_cases.py.

One directory is of front ends, not of a model: frontend, with the log-mel frames of the clips of
ts/models/kws (logmel_<clip>.npy, float64 [frames, bands], by scripts/reference/log_mel_reference.py)
and the tables that the features for training are made with (window.npy, triangles.npy, float32, by
scripts/train/features.py).

Weights, inputs and JSON do not depend on the versions of numpy or torch, and --check wants their
bytes equal. Logits and traces are computed by torch, whose sums may be ordered differently on
another machine: --check allows the float64 ones 1e-12 of the largest value, the float32 ones
2e-6.

Seeds are simply 1, 2, 3, ... in the order of the cases; scales are common to all of them. Every
case must leave room under the tolerance of 2e-6 of the largest |logit| that an implementation in
float32 is held to: generation fails if float32 PyTorch itself is further than FLOAT32_LIMIT from
float64. That notices a network whose logits happen to cancel (an ill-conditioned question, whoever
answers it): it is given other sizes, never a wider tolerance or a luckier seed. The room is for
float32 rounding that is no worse than PyTorch's: over 5000 frames a mean pool that is one running
float32 sum is worse (4e-6 in paper_d7_t5000), and the tolerance is right to say so.
"""

import argparse
import io
import json
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Callable, Dict, List, Mapping, Optional, Sequence

import numpy as np
import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts" / "reference"))
sys.path.insert(0, str(ROOT / "scripts" / "train"))

import features  # noqa: E402
import graph_cases  # noqa: E402
import log_mel_reference  # noqa: E402
import mamba_reference as reference  # noqa: E402
import op_cases  # noqa: E402
from random_weights import Weights, normal, tokens  # noqa: E402
from safetensors_file import decode_safetensors, encode_safetensors, read_safetensors  # noqa: E402

GOLDEN = ROOT / "test" / "golden"
KWS = ROOT / "ts" / "models" / "kws"
FRONT_END = "frontend"
"""The folder of test/golden that is of no case."""
NOT_OURS = {"checkpoint", "exported_two_outputs", "trained"}
"""Folders of test/golden made by other scripts."""

FLOAT32_LIMIT = 6e-7
"""Largest error of float32 PyTorch, relative to the largest |logit|, a case may have."""

INPUT_BIAS_SCALE = 0.5
"""So that features have a mean, which pooling keeps, as those of a trained classifier do."""

ROUNDED_TABLES_LIMIT = 1e-4
"""Most by which log-mel frames may differ between exact tables and tables in float32."""

CHECK_TOLERANCE = {np.dtype(np.float64): 1e-12, np.dtype(np.float32): 2e-6}


@dataclass(frozen=True)
class Block:
    """Sizes of a Mamba block whose input and output have width d_model."""

    d_model: int
    d_state: int
    d_conv: int
    dt_rank: int
    expand: int
    proj_bias: bool = False
    conv_bias: bool = True


@dataclass
class Case:
    """One golden case: weights, input, and what to note about it in case.json."""

    name: str
    convention: str
    seed: int
    weights: Mapping[str, np.ndarray]
    input: np.ndarray
    sizes: Optional[Mapping[str, object]] = None
    arch: Optional[Mapping[str, object]] = None
    traced: bool = False
    dt_extreme: Optional[float] = None


# ---------------------------------------------------------------------------------------------
# Cases of the four naming conventions
# ---------------------------------------------------------------------------------------------


def frames(seed: int, *shape: int) -> np.ndarray:
    """Input frames ~ N(0, 1), float32."""
    return normal(seed, "input", *shape).astype(np.float32)


def paper(
    seed: int,
    name: str,
    block: Block,
    input_shape: Sequence[int],
    classes: int,
    dt_extreme: Optional[float] = None,
) -> Case:
    """linear_in, mamba, mean pool, classifier.

    dt_extreme: what dt before softplus must reach; the biases of dt_proj then go from -1 in the
    first channel to a little past it in the last, most of them near -1.
    """
    d_inner = block.expand * block.d_model
    weights = Weights(seed)
    weights.linear("linear_in", input_shape[-1], block.d_model, bias_scale=INPUT_BIAS_SCALE)
    weights.mamba(
        "mamba",
        d_in=block.d_model,
        d_out=block.d_model,
        dt_bias=None if dt_extreme is None else _biases_up_to(1.02 * dt_extreme, d_inner),
        **_mixer_sizes(block),
    )
    weights.linear("classifier", block.d_model, classes)
    sizes = {**vars(block), "layers": 1, "classes": classes}
    return Case(name, "paper", seed, weights.tensors, frames(seed, *input_shape), sizes,
                dt_extreme=dt_extreme)


def _biases_up_to(extreme: float, channels: int) -> np.ndarray:
    """[channels]"""
    share = np.arange(channels) / (channels - 1)
    return -1 + (extreme + 1) * share**4


def stack(
    seed: int,
    name: str,
    block: Block,
    layers: int,
    norm: str,
    input_shape: Sequence[int],
    classes: int,
    traced: bool = False,
) -> Case:
    """linear_in, residual blocks, norm_f, mean pool, classifier. norm: "rms" or "layer"."""
    weights = Weights(seed)
    weights.linear("linear_in", input_shape[-1], block.d_model, bias_scale=INPUT_BIAS_SCALE)
    _put_residual_blocks(weights, "", block, layers, norm)
    weights.linear("classifier", block.d_model, classes)
    sizes = {**vars(block), "layers": layers, "norm": norm, "classes": classes}
    return Case(name, "stack", seed, weights.tensors, frames(seed, *input_shape), sizes,
                traced=traced)


def language_model(
    seed: int,
    name: str,
    convention: str,
    block: Block,
    layers: int,
    vocabulary: int,
    length: int,
    tied: bool,
) -> Case:
    """embedding, residual blocks, norm_f, last position, lm_head."""
    embedding = "embedding" if convention == "mamba_ssm" else "embeddings"
    weights = Weights(seed)
    weights.embedding(f"backbone.{embedding}", vocabulary, block.d_model)
    _put_residual_blocks(weights, "backbone.", block, layers, "rms")
    if not tied:
        weights.linear("lm_head", block.d_model, vocabulary, bias=False)
    sizes = {**vars(block), "layers": layers, "vocabulary": vocabulary, "tied": tied}
    return Case(name, convention, seed, weights.tensors, tokens(seed, vocabulary, length), sizes)


def _put_residual_blocks(
    weights: Weights, prefix: str, block: Block, layers: int, norm: str
) -> None:
    for layer in range(layers):
        weights.norm(f"{prefix}layers.{layer}.norm", block.d_model, bias=norm == "layer")
        weights.mamba(
            f"{prefix}layers.{layer}.mixer",
            d_in=block.d_model,
            d_out=block.d_model,
            **_mixer_sizes(block),
        )
    weights.norm(f"{prefix}norm_f", block.d_model, bias=norm == "layer")


def _mixer_sizes(block: Block) -> Dict[str, object]:
    return {
        "d_inner": block.expand * block.d_model,
        "d_state": block.d_state,
        "d_conv": block.d_conv,
        "dt_rank": block.dt_rank,
        "proj_bias": block.proj_bias,
        "conv_bias": block.conv_bias,
    }


# ---------------------------------------------------------------------------------------------
# Cases of no convention: any list of operators
# ---------------------------------------------------------------------------------------------


def arch_max_relu(seed: int) -> Case:
    """ReLU, a max pool, and an add that reaches past the block before it."""
    weights = Weights(seed)
    weights.linear("stem", 3, 7, bias_scale=INPUT_BIAS_SCALE)
    weights.mamba("block", d_in=7, d_inner=14, d_state=5, d_conv=4, dt_rank=4, d_out=7)
    weights.linear("head", 7, 4)
    ops = [
        {"kind": "linear", "name": "stem"},
        {"kind": "activation", "name": "stem_relu", "activation": "relu"},
        {"kind": "mamba", "name": "block"},
        {"kind": "add", "name": "residual", "inputs": ["block", "stem"]},
        {"kind": "pool", "name": "pool", "pool": "max"},
        {"kind": "linear", "name": "head"},
    ]
    return _arch("arch_max_relu_d7_t37", seed, weights, {"ops": ops}, frames(seed, 2, 37, 3))


def arch_gelu_silu_last(seed: int) -> Case:
    """GELU, a LayerNorm without bias and another eps, SiLU, a linear layer without bias."""
    weights = Weights(seed)
    weights.linear("stem", 6, 30, bias_scale=INPUT_BIAS_SCALE)
    weights.norm("norm", 30)
    weights.mamba("block", d_in=30, d_inner=30, d_state=16, d_conv=4, dt_rank=5, d_out=30)
    weights.linear("neck", 30, 11, bias=False)
    weights.linear("head", 11, 10)
    ops = [
        {"kind": "linear", "name": "stem"},
        {"kind": "activation", "name": "stem_gelu", "activation": "gelu"},
        {"kind": "norm", "name": "norm", "norm": "layer", "eps": 1e-3},
        {"kind": "mamba", "name": "block"},
        {"kind": "add", "name": "residual", "inputs": ["block", "stem_gelu"]},
        {"kind": "activation", "name": "residual_silu", "activation": "silu"},
        {"kind": "linear", "name": "neck"},
        {"kind": "pool", "name": "pool", "pool": "last"},
        {"kind": "linear", "name": "head"},
    ]
    return _arch("arch_gelu_silu_last_d30_t300", seed, weights, {"ops": ops}, frames(seed, 300, 6))


def arch_blocks_only(seed: int) -> Case:
    """Blocks straight on the input, weights under other names, norm and GELU after the pool."""
    weights = Weights(seed)
    weights.mamba("encoder.0", d_in=9, d_inner=27, d_state=5, d_conv=3, dt_rank=1, d_out=9)
    weights.mamba("encoder.1", d_in=9, d_inner=18, d_state=16, d_conv=2, dt_rank=4, d_out=9)
    weights.norm("pooled_norm", 9)
    weights.linear("head", 9, 6)
    ops = [
        {"kind": "mamba", "name": "first", "weights": "encoder.0"},
        {"kind": "mamba", "name": "second", "weights": "encoder.1"},
        {"kind": "pool", "name": "pool", "pool": "mean"},
        {"kind": "norm", "name": "pooled_norm"},
        {"kind": "activation", "name": "pooled_gelu", "activation": "gelu"},
        {"kind": "linear", "name": "head"},
    ]
    return _arch("arch_blocks_only_d9_t37", seed, weights, {"ops": ops}, frames(seed, 2, 37, 9))


def arch_two_branches(seed: int) -> Case:
    """Two blocks side by side on one normed value."""
    weights = Weights(seed)
    weights.linear("stem", 4, 7, bias_scale=INPUT_BIAS_SCALE)
    weights.norm("norm", 7, bias=True)
    for branch, d_conv in (("left", 2), ("right", 4)):
        weights.mamba(branch, d_in=7, d_inner=14, d_state=5, d_conv=d_conv, dt_rank=1, d_out=7)
    weights.linear("head", 7, 3)
    ops = [
        {"kind": "linear", "name": "stem"},
        {"kind": "norm", "name": "norm"},
        {"kind": "mamba", "name": "left"},
        {"kind": "mamba", "name": "right", "input": "norm"},
        {"kind": "add", "name": "both", "inputs": ["left", "right"]},
        {"kind": "pool", "name": "pool", "pool": "mean"},
        {"kind": "linear", "name": "head"},
    ]
    return _arch("arch_two_branches_d7_t37", seed, weights, {"ops": ops}, frames(seed, 37, 4))


def arch_token_classifier(seed: int) -> Case:
    """Tokens in, two labelled classes out."""
    weights = Weights(seed)
    weights.embedding("words", 50, 7)
    weights.norm("norm", 7)
    weights.mamba("block", d_in=7, d_inner=21, d_state=5, d_conv=2, dt_rank=5, d_out=7)
    weights.linear("head", 7, 2)
    ops = [
        {"kind": "embedding", "name": "words"},
        {"kind": "norm", "name": "norm"},
        {"kind": "mamba", "name": "block"},
        {"kind": "add", "name": "residual", "inputs": ["words", "block"]},
        {"kind": "pool", "name": "pool", "pool": "mean"},
        {"kind": "linear", "name": "head"},
    ]
    arch = {"ops": ops, "labels": ["no", "yes"]}
    return _arch("arch_token_classifier_d7_t37", seed, weights, arch, tokens(seed, 50, 37))


def _arch(
    name: str, seed: int, weights: Weights, arch: Mapping[str, object], array: np.ndarray
) -> Case:
    return Case(name, "arch", seed, weights.tensors, array, arch=arch)


# ---------------------------------------------------------------------------------------------
# The list
# ---------------------------------------------------------------------------------------------


def golden_cases() -> List[Case]:
    """Every case. Names say what is special: t1 is one frame, d7 is d_model 7, and so on."""
    kws = Block(d_model=64, d_state=16, d_conv=4, dt_rank=4, expand=2)
    tiny = Block(d_model=7, d_state=5, d_conv=2, dt_rank=1, expand=1)
    odd = Block(d_model=7, d_state=5, d_conv=3, dt_rank=1, expand=3)
    biased = Block(d_model=7, d_state=5, d_conv=3, dt_rank=1, expand=2,
                   proj_bias=True, conv_bias=False)
    wide = Block(d_model=30, d_state=16, d_conv=4, dt_rank=5, expand=1)
    wide_biased = Block(d_model=30, d_state=16, d_conv=4, dt_rank=5, expand=1,
                        proj_bias=True, conv_bias=False)
    broad = Block(d_model=30, d_state=5, d_conv=2, dt_rank=5, expand=3)
    usual = Block(d_model=30, d_state=16, d_conv=4, dt_rank=4, expand=2)

    return [
        paper(1, "paper_d64_t100", kws, (2, 100, 40), 10),
        stack(2, "stack_rms_d7_l2_t37", odd, 2, "rms", (37, 3), 2, traced=True),
        language_model(3, "lm_tied_d30_l2_t37", "mamba_ssm", usual, 2, 50, 37, tied=True),
        paper(4, "paper_biases_d7_t37", biased, (3, 37, 5), 2),
        paper(5, "paper_d30_t1", broad, (1, 4), 2),
        paper(6, "paper_d7_t5000", tiny, (5000, 3), 2),
        paper(7, "paper_dt_plus_100", odd, (37, 3), 10, dt_extreme=100),
        paper(8, "paper_dt_minus_100", odd, (37, 3), 10, dt_extreme=-100),
        stack(9, "stack_layer_d30_l4_t300", wide_biased, 4, "layer", (300, 9), 10),
        stack(10, "stack_rms_d30_l1_t1", broad, 1, "rms", (2, 1, 6), 10),
        stack(11, "stack_layer_d7_l3_t5000", tiny, 3, "layer", (5000, 2), 2),
        language_model(12, "lm_untied_d7_l3_t300", "mamba_ssm", odd, 3, 61, 300, tied=False),
        language_model(13, "lm_tied_d7_l1_t5000", "mamba_ssm", tiny, 1, 50, 5000, tied=True),
        language_model(14, "hf_untied_d30_l1_t37", "huggingface", wide, 1, 61, 37, tied=False),
        language_model(15, "hf_tied_d7_l4_t300", "huggingface", biased, 4, 50, 300, tied=True),
        language_model(16, "hf_tied_d7_l2_t1", "huggingface", odd, 2, 61, 1, tied=True),
        arch_max_relu(17),
        arch_gelu_silu_last(18),
        arch_blocks_only(19),
        arch_two_branches(20),
        arch_token_classifier(21),
    ]


# ---------------------------------------------------------------------------------------------
# Files of a case
# ---------------------------------------------------------------------------------------------


def case_files(case: Case) -> Dict[str, bytes]:
    """File name, relative to the case's folder, to its bytes."""
    trace64: reference.Trace = []
    logits64 = reference_logits(case, torch.float64, trace64)
    logits32 = reference_logits(case, torch.float32)
    report_error(case, logits64, logits32)
    if case.dt_extreme is not None:
        require_dt_extreme(case, trace64)

    files = {
        "model.safetensors": encode_safetensors(case.weights),
        "input.npy": encode_npy(case.input),
        "logits_float64.npy": encode_npy(logits64),
        "logits_float32.npy": encode_npy(logits32),
        "case.json": encode_json(case_description(case)),
    }
    if case.arch is not None:
        files["arch.json"] = encode_json(case.arch)
    if case.traced:
        for index, (name, value) in enumerate(trace64):
            files[f"trace/{index:02d}_{name}.npy"] = encode_npy(value.numpy())
    return files


def reference_logits(
    case: Case, dtype: torch.dtype, trace: Optional[reference.Trace] = None
) -> np.ndarray:
    """[N, classes]"""
    state = reference.to_state_dict(case.weights, dtype)
    rows = []
    for sequence in reference.sequences_of(case.input):
        x = reference.to_sequence(sequence, dtype)
        if case.arch is None:
            row = reference.CONVENTIONS[case.convention](state, x, trace)
        else:
            row = reference.op_list_logits(state, case.arch["ops"], x, trace)
        rows.append(row.numpy())
    return np.stack(rows)


def case_description(case: Case) -> Dict[str, object]:
    description: Dict[str, object] = {
        "generator": "scripts/golden/make_golden.py",
        "name": case.name,
        "convention": case.convention,
        "seed": case.seed,
        "input": {"dtype": str(case.input.dtype), "shape": list(case.input.shape)},
    }
    if case.sizes is not None:
        description["sizes"] = dict(case.sizes)
    if case.dt_extreme is not None:
        description["dtBeforeSoftplusReaches"] = case.dt_extreme
    return description


def report_error(case: Case, logits64: np.ndarray, logits32: np.ndarray) -> None:
    """Prints float32 PyTorch's own error and refuses a case that leaves no room for it."""
    if not np.isfinite(logits64).all():
        raise ValueError(f"{case.name}: logits are not finite")
    largest = np.abs(logits64).max(axis=1, keepdims=True)
    error = float((np.abs(logits32 - logits64) / largest).max())
    parameters = sum(array.size for array in case.weights.values())
    print(f"{case.name:28s} parameters {parameters:6d}  input {str(list(case.input.shape)):14s} "
          f"largest |logit| {largest.min():7.3f}  float32 error {error:.2e}", flush=True)
    if error > FLOAT32_LIMIT:
        raise ValueError(f"{case.name}: float32 error {error:.2e} is above {FLOAT32_LIMIT}")


def require_dt_extreme(case: Case, trace: reference.Trace) -> None:
    """Refuses a case whose steps, dt after softplus, do not reach what it is there for."""
    steps = dict(trace)["mamba.dt_proj"]
    extreme = torch.nn.functional.softplus(torch.tensor(case.dt_extreme, dtype=torch.float64))
    reached = steps.max() >= extreme if case.dt_extreme > 0 else steps.min() <= extreme
    if not reached:
        raise ValueError(f"{case.name}: dt does not reach {case.dt_extreme}")


def encode_npy(array: np.ndarray) -> bytes:
    """.npy version 1.0, C order."""
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.ascontiguousarray(array), version=(1, 0))
    return buffer.getvalue()


def encode_json(value: object) -> bytes:
    return (json.dumps(value, indent=2) + "\n").encode("utf-8")


def front_end_files() -> Dict[str, bytes]:
    """As case_files, of the log-mel front end of the bundled keyword spotter."""
    form = json.loads((KWS / "frontend.json").read_bytes())
    files = {
        "window.npy": encode_npy(features.hann_window(form["windowSamples"])),
        "triangles.npy": encode_npy(features.mel_filters()),
    }
    worst = 0.0
    for clip in sorted(KWS.glob("*.wav")):
        samples = log_mel_reference.read_clip(clip, form["sampleRateHz"])
        log_mel = log_mel_reference.log_mel(samples, form)
        trained_on = features.log_mel(samples[None])[0]
        worst = max(worst, float((trained_on - log_mel).abs().max()))
        files[f"logmel_{clip.stem}.npy"] = encode_npy(log_mel.numpy())
    print(f"{FRONT_END:28s} {len(files) - 2} clips, features of training differ by at most "
          f"{worst:.2e} in float64", flush=True)
    if worst > ROUNDED_TABLES_LIMIT:
        raise ValueError(f"{FRONT_END}: the definitions differ by {worst:.2e}")
    return files


# ---------------------------------------------------------------------------------------------
# Writing and checking
# ---------------------------------------------------------------------------------------------


def write_case(folder: Path, files: Mapping[str, bytes]) -> None:
    """Makes the folder hold exactly these files."""
    for relative in sorted(_present(folder) - set(files)):
        (folder / relative).unlink()
    for relative, content in files.items():
        path = folder / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def differences(folder: Path, files: Mapping[str, bytes]) -> List[str]:
    """One line for every file of the folder that is not as generated."""
    present = _present(folder)
    lines = [f"{name}: missing" for name in sorted(set(files) - present)]
    lines += [f"{name}: not generated by any case" for name in sorted(present - set(files))]
    for name in sorted(set(files) & present):
        committed = (folder / name).read_bytes()
        if committed == files[name]:
            continue
        if name.startswith(("logits_", "logmel_", "trace/", "expected/")):
            old, new = (np.load(io.BytesIO(content)) for content in (committed, files[name]))
            lines += [f"{name}: {reason}" for reason in _value_differences(old, new)]
        elif name.startswith("expected."):
            lines += [f"{name}: {reason}" for reason in _tensor_differences(folder / name, files[name])]
        else:
            lines.append(f"{name}: bytes differ")
    return [f"{folder.name}/{line}" for line in lines]


def _tensor_differences(committed: Path, generated: bytes) -> List[str]:
    """Tensor by tensor of a .safetensors file."""
    old, new = read_safetensors(committed), decode_safetensors(generated)
    lines = [f"{name}: not in both" for name in sorted(set(old) ^ set(new))]
    for name in sorted(set(old) & set(new)):
        lines += [f"{name}: {reason}" for reason in _value_differences(old[name], new[name])]
    return lines


def _value_differences(old: np.ndarray, new: np.ndarray) -> List[str]:
    if old.shape != new.shape or old.dtype != new.dtype:
        return [f"{old.dtype} {old.shape} where {new.dtype} {new.shape} is generated"]
    error = np.abs(old - new).max() / np.abs(new).max()
    tolerance = CHECK_TOLERANCE[new.dtype]
    return [] if error <= tolerance else [f"differs by {error:.2e} of the largest value, "
                                          f"more than {tolerance}"]


def _present(folder: Path) -> set:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def main() -> int:
    parser = argparse.ArgumentParser(description="Makes or checks the cases of test/golden.")
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these cases alone")
    arguments = parser.parse_args()

    torch.set_num_threads(1)
    folders: Dict[str, Callable[[], Dict[str, bytes]]] = {
        case.name: partial(case_files, case) for case in golden_cases()
    }
    folders[FRONT_END] = front_end_files
    folders.update(op_cases.folders())
    folders.update(graph_cases.folders())
    problems = []
    if arguments.only:
        unknown = set(arguments.only) - set(folders)
        if unknown:
            parser.error(f"no such case: {', '.join(sorted(unknown))}")
        folders = {name: folders[name] for name in folders if name in arguments.only}
    else:
        strays = {path.name for path in GOLDEN.iterdir() if path.is_dir()} - NOT_OURS
        strays -= set(folders)
        problems += [f"{name}: a folder of no case" for name in sorted(strays)]

    total_bytes = 0
    with torch.no_grad():
        for name, make_files in folders.items():
            files = make_files()
            total_bytes += sum(len(content) for content in files.values())
            if arguments.check:
                problems += differences(GOLDEN / name, files)
            else:
                write_case(GOLDEN / name, files)
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{len(folders)} cases, {total_bytes} bytes"
          + (", as committed" if arguments.check and not problems else ""))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
