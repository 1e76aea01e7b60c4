"""One golden case of an op kind as it is put together: its network, tensors and input. Knows no kind of op."""

from typing import Dict, List

import numpy as np

from network_reference import INPUT
from random_weights import normal

SEED = 1
ROWS, WIDTH = 11, 6
"""Of most inputs."""


class Case:
    """A network as it is put together: ops by `add`, their tensors by `tensor`."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.network: Dict[str, object] = {"inputKind": "frames", "inputWidth": WIDTH, "ops": [], "outputs": []}
        self.tensors: Dict[str, np.ndarray] = {}
        self.input(normal(SEED, f"{kind}/{INPUT}", ROWS, WIDTH))

    def input(self, values: np.ndarray, kind: str = "frames") -> None:
        self.network["inputKind"] = kind
        self.network["inputWidth"] = values.shape[1] if kind == "frames" else 1
        self.tensors[INPUT] = values.astype(np.float32)

    def tensor(self, name: str, *shape: int, scale: float = 0.3, offset: float = 0) -> Dict[str, str]:
        values = offset + scale * normal(SEED, f"{self.kind}/{name}", *shape)
        return self.put(name, values)

    def weight(self, name: str, *shape: int) -> Dict[str, str]:
        return self.tensor(name, *shape, scale=float(np.prod(shape[1:])) ** -0.5)

    def put(self, name: str, values: np.ndarray) -> Dict[str, str]:
        self.tensors[name] = np.asarray(values, np.float32)
        return {"tensor": name}

    def add(self, kind: str, *inputs: int, is_output: bool = True, **fields: object) -> int:
        """The op's value; it reads `inputs`, without any the network's input."""
        ops: List[object] = self.network["ops"]
        value = len(ops) + 1
        name = f"{kind}{value}"
        read = {"inputs": list(inputs)} if len(inputs) > 1 else {"input": inputs[0] if inputs else 0}
        ops.append({"kind": kind, "name": name, **read, **fields})
        if is_output:
            self.network["outputs"].append({"name": name, "value": value})
        return value
