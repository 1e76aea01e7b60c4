"""Golden cases of single op kinds, for make_golden.py: a folder test/golden/op_FAMILY a family of
ts/graph/descriptors, with

  cases.json             op kind to network (form: scripts/reference/network_reference.py)
  tensors.safetensors    their float32 tensors, and inputs, as KIND/NAME
  expected.safetensors   their outputs in float64, as KIND/OUTPUT

A case is one network with an op for each choice of its kind, every one of them an output. Tensors are made from
their names alone, so that a new case leaves the others as they are. To add one: a row in FAMILIES.
"""

import json
import sys
from functools import partial
from pathlib import Path
from typing import Callable, Dict, Mapping

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "reference"))

from network_reference import INPUT, evaluate, outputs_of  # noqa: E402
from op_case import ROWS, SEED, WIDTH, Case  # noqa: E402
from random_weights import normal, tokens  # noqa: E402
from safetensors_file import encode_safetensors  # noqa: E402

FLOAT32_LIMIT = 6e-7
"""As in make_golden.py."""


# ---------------------------------------------------------------------------------------------
# Layers and rows
# ---------------------------------------------------------------------------------------------


def linear(case: Case) -> None:
    case.add("linear", weight=case.weight("a", 7, WIDTH), bias=case.tensor("a.bias", 7))
    case.add("linear", weight=case.weight("b", 17, WIDTH))


def affine(case: Case) -> None:
    case.add("affine", scale=case.tensor("scale", WIDTH, offset=1), shift=case.tensor("shift", WIDTH))


def norm(case: Case) -> None:
    weight, bias = case.tensor("weight", WIDTH, offset=1), case.tensor("bias", WIDTH)
    case.add("norm", norm="rms", eps=1e-5, weight=weight)
    case.add("norm", norm="rms", eps=1e-2)
    case.add("norm", norm="layer", eps=1e-5, weight=weight, bias=bias)
    case.add("norm", norm="layer", eps=1e-3, weight=weight)
    case.add("norm", norm="layer", eps=1e-5)
    case.add("norm", norm="rms", eps=1e-5, weight=weight, groups=2)
    case.add("norm", norm="rms", eps=1e-2, groups=3)


def batchnorm(case: Case) -> None:
    weight, bias = case.tensor("weight", WIDTH, offset=1), case.tensor("bias", WIDTH)
    statistics = {
        "runningMean": case.tensor("running_mean", WIDTH),
        "runningVar": case.put("running_var", 0.5 + normal(SEED, "batchnorm/var", WIDTH) ** 2),
    }
    case.add("batchnorm", eps=1e-5, weight=weight, bias=bias, **statistics)
    case.add("batchnorm", eps=1e-3, **statistics)
    behind = case.add("linear", is_output=False, weight=case.weight("w", WIDTH, WIDTH))
    case.add("batchnorm", behind, eps=1e-5, weight=weight, bias=bias, **statistics)


def activation(case: Case) -> None:
    case.tensors[INPUT] *= 3
    for name in ("silu", "relu", "gelu", "gelu_tanh", "sigmoid", "tanh", "softplus", "leaky_relu", "elu",
                 "hard_sigmoid", "relu6", "hard_swish"):
        case.add("activation", activation=name)
    case.add("activation", activation="leaky_relu", parameter=0.2)
    case.add("activation", activation="elu", parameter=1.5)


def softmax(case: Case) -> None:
    case.add("softmax", softmax="softmax")
    case.add("softmax", softmax="log_softmax")


def arithmetic(case: Case) -> None:
    """Two sequences; a sequence and a vector, either way; two vectors."""
    kind = case.kind
    other = case.add("activation", is_output=False, activation="softplus")
    mean = case.add("pool", other, is_output=False, pool="mean")
    largest = case.add("pool", other, is_output=False, pool="max")
    case.add(kind, 0, other)
    case.add(kind, 0, mean)
    case.add(kind, mean, other)
    case.add(kind, mean, largest)


def concat(case: Case) -> None:
    wide = case.add("linear", is_output=False, weight=case.weight("w", 9, WIDTH))
    mean = case.add("pool", wide, is_output=False, pool="mean")
    case.add("concat", 0, wide)
    case.add("concat", wide, mean, 0)
    case.add("concat", mean, mean)
    case.add("concat", 0, wide, 0, wide, 0, wide)


def slice_channels(case: Case) -> None:
    case.add("slice", first=0, width=4)
    case.add("slice", first=5, width=1)


# ---------------------------------------------------------------------------------------------
# Time
# ---------------------------------------------------------------------------------------------


def conv1d(case: Case) -> None:
    dense, bias = case.weight("dense", 5, WIDTH, 3), case.tensor("dense.bias", 5)
    case.add("conv1d", weight=dense, bias=bias)
    for padding in ("same", "causal", 1):
        case.add("conv1d", weight=dense, padding=padding)
    case.add("conv1d", weight=dense, bias=bias, stride=2, dilation=2, padding=3)
    case.add("conv1d", weight=case.weight("point", 5, WIDTH, 1), bias=bias)
    case.add("conv1d", weight=case.weight("groups", 4, WIDTH // 2, 4), groups=2, padding="same")
    depthwise = case.weight("depthwise", WIDTH, 1, 4)
    for padding in ("same", "causal"):
        case.add("conv1d", weight=depthwise, bias=case.tensor("depthwise.bias", WIDTH), groups=WIDTH,
                 padding=padding)


def conv2d(case: Case) -> None:
    """Rows of 6 bands, or of 3 with 2 channels each."""
    dense, bias = case.weight("dense", 5, 1, 3, 3), case.tensor("dense.bias", 5)
    case.add("conv2d", weight=dense, bias=bias, bands=6)
    for padding in ("same", "causal", 1):
        case.add("conv2d", weight=dense, bands=6, padding=padding, bandPadding=1, bandStride=2)
    case.add("conv2d", weight=dense, bias=bias, bands=6, stride=2, dilation=2, padding=3, bandDilation=2)
    case.add("conv2d", weight=case.weight("pair", 10, 2, 2, 2), bands=3, bandPadding=1)
    case.add("conv2d", weight=case.weight("groups", 4, 1, 3, 2), bands=3, groups=2, padding="same")
    first = case.add("conv2d", is_output=False, weight=case.weight("first", 9, 1, 1, 3), bands=6, bandStride=2, bandPadding=1)
    depthwise = case.weight("depthwise", 9, 1, 3, 3)
    for padding in ("same", "causal"):
        case.add("conv2d", first, weight=depthwise, bias=case.tensor("depthwise.bias", 9), groups=9, bands=3,
                 padding=padding, stride=2, bandPadding=1)


def pool2d(case: Case) -> None:
    for pool in ("average", "max"):
        case.add("pool2d", pool=pool, window=2, bandWindow=2, bands=6)
        case.add("pool2d", pool=pool, window=3, bandWindow=2, stride=2, bandStride=1, padding=1, bandPadding=1, bands=3)
        case.add("pool2d", pool=pool, window=2, bandWindow=3, stride=1, padding="same", bands=3)
        case.add("pool2d", pool=pool, window=2, bandWindow=1, stride=1, padding="causal", bands=2)
    case.add("pool2d", pool="average", window=3, bandWindow=3, padding=1, bandPadding=1, bands=6, countIncludePad=False)


def split_rows(case: Case) -> None:
    case.add("split_rows", count=3)
    case.add("split_rows", count=WIDTH)
    wide = case.add("unfold", is_output=False, window=5, stride=2)
    case.add("split_rows", wide, count=5)


def window_pool(case: Case) -> None:
    for pool in ("average", "max"):
        case.add("window_pool", pool=pool, window=2)
        case.add("window_pool", pool=pool, window=3, stride=2, padding=1)
        case.add("window_pool", pool=pool, window=4, stride=1, padding="same")
    case.add("window_pool", pool="average", window=3, stride=2, padding=2, countIncludePad=False)
    case.add("window_pool", pool="average", window=3, stride=1, padding="causal", countIncludePad=False)


def unfold(case: Case) -> None:
    case.add("unfold", window=4)
    case.add("unfold", window=3, stride=1, layout="channel_time")
    case.add("unfold", window=2, stride=3)


def upsample(case: Case) -> None:
    case.add("upsample", repeat=3)
    half = case.add("window_pool", is_output=False, pool="average", window=2)
    case.add("upsample", half, repeat=2)


def insert_row(case: Case) -> None:
    for position in (0, 4, ROWS, "end"):
        case.add("insert_row", row=case.tensor("row", 1, 1, WIDTH, scale=1), position=position)


def positions(case: Case) -> None:
    case.add("positions", table=case.tensor("table", 1, ROWS + 2, WIDTH))


def reverse(case: Case) -> None:
    turned = case.add("reverse")
    case.add("add", 0, turned)


def transpose(case: Case) -> None:
    turned = case.add("transpose", rows=ROWS)
    mixed = case.add("linear", turned, is_output=False, weight=case.weight("w", 9, ROWS))
    case.add("transpose", mixed, rows=WIDTH)


def sequence_norm(case: Case) -> None:
    weight, bias = case.tensor("weight", WIDTH, offset=1), case.tensor("bias", WIDTH)
    for groups in (1, 2, WIDTH):
        case.add("sequence_norm", groups=groups, eps=1e-5, weight=weight, bias=bias)
    case.add("sequence_norm", groups=3, eps=1e-2)


# ---------------------------------------------------------------------------------------------
# State
# ---------------------------------------------------------------------------------------------

GATES = ("silu", "relu", "gelu", "gelu_tanh", "sigmoid", "tanh", "softplus", "hard_sigmoid", "relu6")
X_PROJ_ORDERS = ("dtBC", "dtCB", "BCdt", "CBdt", "BdtC", "CdtB")


def _scan(case: Case, name: str, inner: int, states: int, rank: int, order: str = "dtBC") -> Dict[str, object]:
    return {
        "xProj": {"weight": case.weight(f"{name}.x_proj", rank + 2 * states, inner)},
        "xProjOrder": order,
        "dtProj": {
            "weight": case.weight(f"{name}.dt_proj", inner, rank),
            "bias": case.tensor(f"{name}.dt_proj.bias", inner, scale=1, offset=-2),
        },
        "aLog": case.tensor(f"{name}.A_log", inner, states, scale=0.7, offset=0.5),
        "d": case.tensor(f"{name}.D", inner, offset=1),
    }


def selective_scan(case: Case) -> None:
    for order in X_PROJ_ORDERS:
        case.add("selective_scan", **_scan(case, "s", WIDTH, 5, 3, order))
    case.add("selective_scan", **_scan(case, "s", WIDTH, 5, 3), scanNorm={"eps": 1e-2})
    norms = {"dt": case.tensor("dt", 3, offset=1), "b": case.tensor("b", 5, offset=1),
             "c": case.tensor("c", 5, offset=1)}
    case.add("selective_scan", **_scan(case, "s", WIDTH, 5, 3), scanNorm={"eps": 1e-2, **norms})
    bare = _scan(case, "s", WIDTH, 5, 3)
    del bare["d"]
    bare["dtProj"].pop("bias")
    bare["xProj"]["bias"] = case.tensor("x_proj.bias", 13)
    case.add("selective_scan", **bare)


def gate(case: Case) -> None:
    wide = case.add("linear", is_output=False, weight=case.weight("w", 9, WIDTH))
    weight, bias = case.weight("gate", 9, WIDTH), case.tensor("gate.bias", 9)
    for name in GATES:
        case.add("gate", wide, 0, weight=weight, bias=bias, activation=name)
    case.add("gate", wide, wide, weight=case.weight("own", 9, 9))


def mamba(case: Case) -> None:
    inner = 10

    def block(**changes: object) -> Dict[str, object]:
        fields = {
            "inProj": {"weight": case.weight("in_proj", 2 * inner, WIDTH)},
            "conv1d": {"weight": case.weight("conv1d", inner, 1, 4), "bias": case.tensor("conv1d.bias", inner)},
            "outProj": {"weight": case.weight("out_proj", 7, inner)},
            **_scan(case, "mamba", inner, 4, 2),
            **changes,
        }
        return {name: value for name, value in fields.items() if value is not None}

    case.add("mamba", **block())
    for name in GATES:
        case.add("mamba", **block(gate=name))
    for order in X_PROJ_ORDERS:
        case.add("mamba", **block(xProjOrder=order))
    case.add("mamba", **block(gate="none", inProj={"weight": case.weight("in_proj.x", inner, WIDTH)}))
    case.add("mamba", **block(convolution="centred", gate="sigmoid", outProj=None))
    case.add("mamba", **block(conv1d=None, convActivation="none"))
    case.add("mamba", **block(convActivation="none"))
    biased = {"inProj": {"weight": case.weight("in_proj", 2 * inner, WIDTH), "bias": case.tensor("b", 2 * inner)},
              "outProj": {"weight": case.weight("out_proj", 7, inner), "bias": case.tensor("o", 7)}}
    case.add("mamba", **block(**biased, scanNorm={"eps": 1e-2}))


def mamba2(case: Case) -> None:
    heads, states = 4, 3

    def block(channels: int = 5, groups: int = 1, **changes: object) -> Dict[str, object]:
        inner = heads * channels
        convolved, name = inner + 2 * groups * states, f"{channels}.{groups}"
        fields = {
            "inProj": {"weight": case.weight(f"{name}.in_proj", inner + convolved + heads, WIDTH)},
            "conv1d": {"weight": case.weight(f"{name}.conv1d", convolved, 1, 4),
                       "bias": case.tensor(f"{name}.conv1d.bias", convolved)},
            "aLog": case.tensor("A_log", heads, scale=0.7, offset=0.5),
            "dtBias": case.tensor("dt_bias", heads, scale=1, offset=-2),
            "d": case.tensor("D", heads, offset=1),
            "groups": groups,
            "normWeight": case.tensor(f"{name}.norm", inner, offset=1),
            "outProj": {"weight": case.weight(f"{name}.out_proj", 7, inner)},
            **changes,
        }
        return {name: value for name, value in fields.items() if value is not None}

    case.add("mamba2", **block())
    case.add("mamba2", **block(groups=2, normGroups=2, normEps=1e-2))
    case.add("mamba2", **block(groups=4, normPlace="before_gate"))
    case.add("mamba2", **block(channels=17, normGroups=4, normPlace="before_gate"))
    case.add("mamba2", **block(leastDt=0.1, mostDt=0.3, outProj=None))
    case.add("mamba2", **block(d=case.tensor("D.channels", 20, offset=1), normWeight=None))
    case.add("mamba2", **block(d=None, dtBias=None, normWeight=None))
    biased = {"inProj": {"weight": case.weight("5.1.in_proj", 50, WIDTH), "bias": case.tensor("b", 50)},
              "outProj": {"weight": case.weight("5.1.out_proj", 7, 20), "bias": case.tensor("o", 7)},
              "conv1d": {"weight": case.weight("flat.conv1d", 26, 3)}}
    case.add("mamba2", **block(**biased))


def recurrent(case: Case) -> None:
    """With biases and without; hidden states of a whole panel and of none."""
    kind, gates = case.kind, {"gru": 3, "lstm": 4}[case.kind]
    for hidden in (5, 16):
        rows = gates * hidden
        weights = {"weightIh": case.weight(f"ih{hidden}", rows, WIDTH),
                   "weightHh": case.weight(f"hh{hidden}", rows, hidden)}
        biases = {"biasIh": case.tensor(f"ih{hidden}.bias", rows), "biasHh": case.tensor(f"hh{hidden}.bias", rows)}
        case.add(kind, **weights, **biases)
    case.add(kind, **weights)
    turned = case.add("reverse", is_output=False)
    case.add(kind, turned, **weights, biasHh=biases["biasHh"])


def attention(case: Case) -> None:
    """Heads of one channel, of several and of all; a larger one that is no multiple of 4."""
    def layers(width: int, has_bias: bool = True) -> Dict[str, object]:
        in_proj = {"weight": case.weight(f"in{width}", 3 * width, width)}
        out_proj = {"weight": case.weight(f"out{width}", width, width)}
        if has_bias:
            in_proj["bias"] = case.tensor(f"in{width}.bias", 3 * width)
            out_proj["bias"] = case.tensor(f"out{width}.bias", width)
        return {"inProj": in_proj, "outProj": out_proj}

    for heads in (1, 2, WIDTH):
        case.add("attention", heads=heads, **layers(WIDTH))
    case.add("attention", heads=2, causal=True, **layers(WIDTH, has_bias=False))
    wide = case.add("linear", is_output=False, weight=case.weight("w", 15, WIDTH))
    case.add("attention", wide, heads=3, causal=True, **layers(15))


# ---------------------------------------------------------------------------------------------
# Outputs and fronts
# ---------------------------------------------------------------------------------------------


def pool(case: Case) -> None:
    for name in ("mean", "last", "max", "first", "sum", "min"):
        case.add("pool", pool=name)
    case.add("pool", pool="row", index=4)
    case.add("pool", pool="std", eps=1e-5, unbiased=True)
    case.add("pool", pool="std")


def attention_pool(case: Case) -> None:
    for width in (1, WIDTH):
        score = case.add("linear", is_output=False, weight=case.weight(f"score{width}", width, WIDTH))
        case.add("attention_pool", 0, score)


def flatten(case: Case) -> None:
    case.add("flatten", rows=ROWS)
    case.add("flatten", rows=ROWS, layout="channel_time")


def flatten_linear(case: Case) -> None:
    weight, bias = case.weight("weight", 5, ROWS * WIDTH), case.tensor("bias", 5)
    case.add("flatten_linear", rows=ROWS, weight=weight, bias=bias)
    case.add("flatten_linear", rows=ROWS, weight=weight, layout="channel_time")


def embedding(case: Case) -> None:
    case.input(tokens(SEED, 9, ROWS), "tokens")
    rows = case.add("embedding", weight=case.tensor("weight", 9, WIDTH, scale=1))
    case.add("linear", rows, weight={"tensor": "weight"})


def logmel(case: Case) -> None:
    """An FFT of 16 samples, a window of 12 of them, three bands of which the last is of no bins."""
    case.input(0.3 * normal(SEED, f"{case.kind}/{INPUT}", 12 + 5 * (ROWS - 1) + 3), "samples")
    angles = 2 * np.pi * np.arange(8) / 16
    bins = np.array([[0, 3], [2, 5], [8, 0]])
    case.add("logmel", sampleRateHz=16000, hopSamples=5, energyFloor=1e-3,
             window=case.put("window", 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(12) / 12)),
             twiddles=case.put("twiddles", np.stack([np.cos(angles), -np.sin(angles)], 1)),
             filterBins=case.put("filter_bins", bins),
             filters=case.put("filters", 0.1 + normal(SEED, "logmel/filters", bins[:, 1].sum()) ** 2))


FAMILIES: Dict[str, Dict[str, Callable[[Case], None]]] = {
    "op_layers": {"linear": linear, "affine": affine, "norm": norm, "batchnorm": batchnorm},
    "op_rows": {
        "activation": activation,
        "softmax": softmax,
        **dict.fromkeys(("add", "subtract", "multiply", "divide", "maximum", "minimum"), arithmetic),
        "concat": concat,
        "slice": slice_channels,
    },
    "op_time": {
        "conv1d": conv1d,
        "window_pool": window_pool,
        "conv2d": conv2d,
        "pool2d": pool2d,
        "split_rows": split_rows,
        "unfold": unfold,
        "upsample": upsample,
        "insert_row": insert_row,
        "positions": positions,
        "reverse": reverse,
        "transpose": transpose,
        "sequence_norm": sequence_norm,
    },
    "op_state": {"selective_scan": selective_scan, "gate": gate, "mamba": mamba, "mamba2": mamba2},
    "op_recurrent": {"gru": recurrent, "lstm": recurrent},
    "op_attention": {"attention": attention},
    "op_outputs": {
        "pool": pool,
        "attention_pool": attention_pool,
        "flatten": flatten,
        "flatten_linear": flatten_linear,
    },
    "op_front_end": {"embedding": embedding, "logmel": logmel},
}


def folders() -> Dict[str, Callable[[], Dict[str, bytes]]]:
    """Folder of test/golden to what makes its files."""
    return {family: partial(family_files, family) for family in FAMILIES}


def family_files(family: str) -> Dict[str, bytes]:
    networks, tensors, expected = {}, {}, {}
    for kind, fill in FAMILIES[family].items():
        case = Case(kind)
        fill(case)
        networks[kind] = case.network
        tensors.update({f"{kind}/{name}": array for name, array in case.tensors.items()})
        expected.update({f"{kind}/{name}": array for name, array in _outputs(case).items()})
    return {
        "cases.json": _json(networks).encode("utf-8"),
        "tensors.safetensors": encode_safetensors(tensors),
        "expected.safetensors": encode_safetensors(expected),
    }


def _json(networks: Mapping[str, Mapping[str, object]]) -> str:
    """A line an op."""
    lines = []
    for kind, network in networks.items():
        rest = {key: value for key, value in network.items() if key != "ops"}
        ops = ",\n  ".join(json.dumps(op) for op in network["ops"])
        lines.append(f'"{kind}": {json.dumps(rest)[:-1]}, "ops": [\n  {ops}\n]}}')
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _outputs(case: Case) -> Mapping[str, np.ndarray]:
    """float64; refuses a case that leaves float32 no room, as make_golden.report_error does."""
    exact = outputs_of(case.network, evaluate(case.network, case.tensors))
    rounded = outputs_of(case.network, evaluate(case.network, case.tensors, torch.float32))
    errors = [np.abs(rounded[name] - exact[name]).max() / np.abs(exact[name]).max() for name in exact]
    elements = sum(array.size for array in case.tensors.values())
    print(f"{'op ' + case.kind:28s} elements {elements:6d}  outputs {len(exact):2d}  "
          f"float32 error {max(errors):.2e}", flush=True)
    if not max(errors) <= FLOAT32_LIMIT:
        raise ValueError(f"op {case.kind}: float32 error {max(errors):.2e} is above {FLOAT32_LIMIT}")
    return {name: np.ascontiguousarray(array) for name, array in exact.items()}
