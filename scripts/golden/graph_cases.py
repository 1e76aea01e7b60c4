"""Golden cases of whole networks as people write them, for make_golden.py: a folder test/golden/graph_NAME a module
of graph_modules.py, with

  model.safetensors      its float32 state dict
  input.npy              float32 [T, C], or int32 tokens [T]
  expected/OUTPUT.npy    its outputs in float64

Their arch files are test/cases/graph/NAME.json. Tensors are made from their names alone. To add one: a module, and
a row in NETWORKS.
"""

import io
import math
from functools import partial
from typing import Callable, Dict, Mapping, Tuple

import numpy as np
import torch
from torch import nn

import graph_modules as modules
from random_weights import TRAINED_GAIN, normal, tokens, uniform
from safetensors_file import encode_safetensors

SEED = 1
FLOAT32_LIMIT = 6e-7
"""As in make_golden.py."""
DEFAULT_OUTPUT = "output"

Shape = Tuple[int, ...]

NETWORKS: Mapping[str, Tuple[Callable[[], nn.Module], Shape]] = {
    "bidirectional_tied": (modules.BidirectionalTied, (33, 5)),
    "stem_and_attention": (modules.StemAndAttention, (37, 6)),
    "inverted_forecast": (modules.InvertedForecast, (24, 5)),
    "patches_two_heads": (modules.PatchesTwoHeads, (48, 2)),
    "channel_independent": (modules.ChannelIndependent, (30, 4)),
    "encoder_decoder": (modules.EncoderDecoder, (32, 3)),
    "flatten_head": (modules.FlattenHead, (20, 4)),
    "variants": (modules.Variants, (25, 4)),
    "vim_v1": (modules.VimV1, (21, 4)),
    "vim_v2": (modules.VimV2, (20, 4)),
    "falcon_mamba": (modules.FalconMamba, (19,)),
    "gru_and_encoder": (modules.GruAndEncoder, (18, 4)),
}
"""Name to what makes the module, and the shape of its input; of tokens one size."""

VOCABULARY = 11


def folders() -> Dict[str, Callable[[], Dict[str, bytes]]]:
    """Folder of test/golden to what makes its files."""
    return {f"graph_{name}": partial(network_files, name) for name in NETWORKS}


def network_files(name: str) -> Dict[str, bytes]:
    make, shape = NETWORKS[name]
    module = make().eval()
    fill(module, name)
    weights = {key: tensor.numpy() for key, tensor in module.state_dict().items() if tensor.is_floating_point()}
    values = tokens(SEED, VOCABULARY, shape[0]) if len(shape) == 1 else input_of(name, shape)
    rounded, exact = (outputs_of(module.to(dtype), values, dtype) for dtype in (torch.float32, torch.float64))
    _report_error(name, rounded, exact)
    return {
        "model.safetensors": encode_safetensors(weights),
        "input.npy": npy(values),
        **{f"expected/{output}.npy": npy(array) for output, array in exact.items()},
    }


def fill(module: nn.Module, case: str) -> None:
    """Gives every parameter and statistic values of a size that training would leave; other buffers are constants."""
    constants = {name for name, _ in module.named_buffers() if ".running_" not in f".{name}"}
    with torch.no_grad():
        for name, tensor in module.state_dict().items():
            if name in constants:
                continue
            tensor.copy_(torch.from_numpy(values_of(f"{case}/{name}", tuple(tensor.shape)).astype(np.float32)))


def values_of(name: str, shape: Shape) -> np.ndarray:
    noise = normal(SEED, name, *shape)
    if name.endswith(("A_log", "A_b_log")):
        return np.log(np.arange(1, shape[1] + 1)) + 0.1 * noise
    if name.endswith(("dt_proj.bias", "dt_proj_b.bias")):
        step = 1e-3 * 1e2 ** uniform(SEED, name, *shape)
        return step + np.log(-np.expm1(-step))
    if name.endswith("running_var"):
        return 0.5 + uniform(SEED, name, *shape)
    if name.endswith("running_mean") or "bias" in name.rpartition(".")[2]:
        return 0.2 * noise
    if len(shape) == 1:
        return 1 + 0.1 * noise  # norms, D, layer scale
    if name.endswith(("pos", "pos_embed", "cls_token")):
        return 0.5 * noise
    gain = TRAINED_GAIN if "x_proj" in name or "out_proj" in name else 1
    return gain * noise / math.prod(shape[1:]) ** 0.5


def input_of(name: str, shape: Shape) -> np.ndarray:
    return (0.3 + normal(SEED, f"{name}/input", *shape)).astype(np.float32)


def outputs_of(module: nn.Module, values: np.ndarray, dtype: torch.dtype) -> Dict[str, np.ndarray]:
    x = torch.from_numpy(values)[None]
    outputs = module(x if values.ndim == 1 else x.to(dtype))
    named = outputs if isinstance(outputs, dict) else {DEFAULT_OUTPUT: outputs}
    return {name: np.ascontiguousarray(output[0].detach().numpy()) for name, output in named.items()}


def npy(values: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, values)
    return buffer.getvalue()


def _report_error(name: str, rounded: Mapping[str, np.ndarray], exact: Mapping[str, np.ndarray]) -> None:
    errors = [np.abs(rounded[key] - exact[key]).max() / np.abs(exact[key]).max() for key in exact]
    print(f"{'graph ' + name:28s} outputs {len(exact):2d}  float32 error {max(errors):.2e}", flush=True)
    if not max(errors) <= FLOAT32_LIMIT:
        raise ValueError(f"graph {name}: float32 error {max(errors):.2e} is above {FLOAT32_LIMIT}")
