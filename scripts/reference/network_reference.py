"""Evaluates any network of a graph in float64, from its file: the reference for ts/graph and csrc.

A network is two files. NAME.json holds
  inputKind, inputWidth  as ts/graph/network.ts has them
  ops                    in order; each has `kind`, `name`, `input` or `inputs` (0: the network's input, n: what
                         op n - 1 makes), its fields, and its tensors as {"tensor": name}
  outputs                [{"name", "value"}, ...]
and NAME.safetensors the tensors by name, with the input as "input": [rows, width], or [count] for tokens
and samples.
"""

import json
from pathlib import Path
from typing import Dict, List, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from ops import REFERENCE
from safetensors_file import read_safetensors

INPUT = "input"
"""Name of the network's input among the tensors."""

Network = Mapping[str, object]


def evaluate(
    network: Network, arrays: Mapping[str, np.ndarray], dtype: torch.dtype = torch.float64
) -> List[Tensor]:
    """Every value of the network, its input first: sequences [rows, width], vectors [width]."""
    tensors = {name: torch.from_numpy(array).to(dtype) for name, array in arrays.items()}
    values = [tensors[INPUT]]
    for op in network["ops"]:
        inputs = op["inputs"] if "inputs" in op else [op["input"]]
        values.append(REFERENCE[op["kind"]](with_tensors(op, tensors), *(values[i] for i in inputs)))
    return values


def outputs_of(network: Network, values: Sequence[Tensor]) -> Dict[str, np.ndarray]:
    return {output["name"]: values[output["value"]].numpy() for output in network["outputs"]}


def with_tensors(value: object, tensors: Mapping[str, Tensor]) -> object:
    """An op, or a part of one, with tensors in place of their names."""
    if not isinstance(value, dict):
        return value
    if set(value) == {"tensor"}:
        return tensors[value["tensor"]]
    return {key: with_tensors(member, tensors) for key, member in value.items()}


def read_network(path: Path) -> "tuple[Network, Dict[str, np.ndarray]]":
    """`path` is NAME.json."""
    return json.loads(path.read_text("utf-8")), read_safetensors(path.with_suffix(".safetensors"))
