"""Pseudo-random weights and inputs that are the same bits on every machine.

Every tensor has its own stream, SplitMix64 (Steele, Lea, Flood, OOPSLA 2014) started from the
case's seed and the tensor's name, so neither the order of the tensors nor the version of numpy or
torch matters. A normal deviate is a sum of twelve uniform ones (Irwin-Hall: mean 0, variance 1,
within +-6): sums of small integers are exact where a logarithm and a cosine would not be.

The scales are those of the `Mamba` module of mamba_ssm, plus noise for what training moves, and
TRAINED_GAIN where an untrained network would let the scan fade beside the D skip (B and C are
products of x_proj) or the block fade beside the biases.
"""

import math
import zlib
from typing import Dict, Optional

import numpy as np

_GOLDEN_GAMMA = 0x9E3779B97F4A7C15
_MASK_64 = (1 << 64) - 1
_UNIFORMS_PER_NORMAL = 12
_DT_MIN, _DT_MAX = 1e-3, 1e-1

TRAINED_GAIN = 2


def random_bits(seed: int, name: str, count: int) -> np.ndarray:
    """`count` uniform 64-bit words [count]."""
    start = ((seed << 32) ^ zlib.crc32(name.encode("utf-8"))) & _MASK_64
    steps = np.arange(1, count + 1, dtype=np.uint64)
    with np.errstate(over="ignore"):
        z = np.uint64(start) + steps * np.uint64(_GOLDEN_GAMMA)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def uniform(seed: int, name: str, *shape: int) -> np.ndarray:
    """float64 in [0, 1), 32 bits of it random."""
    bits = random_bits(seed, name, math.prod(shape))
    return ((bits >> np.uint64(32)).astype(np.float64) / 2.0**32).reshape(shape)


def normal(seed: int, name: str, *shape: int) -> np.ndarray:
    """float64, mean 0, variance 1, within [-6, 6]."""
    bits = random_bits(seed, name, _UNIFORMS_PER_NORMAL * math.prod(shape))
    sums = (bits >> np.uint64(48)).astype(np.int64).reshape(*shape, _UNIFORMS_PER_NORMAL).sum(-1)
    return sums / 2.0**16 - _UNIFORMS_PER_NORMAL / 2


def tokens(seed: int, vocabulary: int, count: int) -> np.ndarray:
    """int32 [count] in [0, vocabulary)."""
    return (random_bits(seed, "input", count) % np.uint64(vocabulary)).astype(np.int32)


class Weights:
    """The float32 tensors of one model, by name."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.tensors: Dict[str, np.ndarray] = {}

    def put(self, name: str, values: np.ndarray) -> None:
        self.tensors[name] = np.asarray(values, np.float32)

    def _noise(self, name: str, *shape: int) -> np.ndarray:
        return normal(self._seed, name, *shape)

    def linear(
        self,
        name: str,
        inputs: int,
        outputs: int,
        bias: bool = True,
        gain: float = 1,
        bias_scale: float = 0.1,
    ) -> None:
        """{name}.weight [outputs, inputs] ~ N(0, gain^2 / inputs), {name}.bias [outputs] ~
        N(0, bias_scale^2)."""
        noise = self._noise(f"{name}.weight", outputs, inputs)
        self.put(f"{name}.weight", gain * noise / inputs**0.5)
        if bias:
            self.put(f"{name}.bias", bias_scale * self._noise(f"{name}.bias", outputs))

    def embedding(self, name: str, vocabulary: int, width: int) -> None:
        """{name}.weight [vocabulary, width] ~ N(0, 1/width)."""
        self.put(f"{name}.weight", self._noise(f"{name}.weight", vocabulary, width) / width**0.5)

    def norm(self, name: str, width: int, bias: bool = False) -> None:
        """{name}.weight [width] ~ 1 + N(0, 0.1^2), {name}.bias [width] ~ N(0, 0.1^2)."""
        self.put(f"{name}.weight", 1 + 0.1 * self._noise(f"{name}.weight", width))
        if bias:
            self.put(f"{name}.bias", 0.1 * self._noise(f"{name}.bias", width))

    def mamba(
        self,
        name: str,
        *,
        d_in: int,
        d_inner: int,
        d_state: int,
        d_conv: int,
        dt_rank: int,
        d_out: Optional[int] = None,
        proj_bias: bool = False,
        conv_bias: bool = True,
        dt_bias: Optional[np.ndarray] = None,
    ) -> None:
        """One Mamba-1 block. d_out None: no out_proj. dt_bias [d_inner]: in place of the usual
        one, the inverse of softplus at steps spread over [1e-3, 1e-1] on a log scale."""
        self.linear(f"{name}.in_proj", d_in, 2 * d_inner, bias=proj_bias)

        conv = self._noise(f"{name}.conv1d.weight", d_inner, 1, d_conv) / d_conv**0.5
        self.put(f"{name}.conv1d.weight", conv)
        if conv_bias:
            self.put(f"{name}.conv1d.bias", 0.1 * self._noise(f"{name}.conv1d.bias", d_inner))

        self.linear(
            f"{name}.x_proj", d_inner, dt_rank + 2 * d_state, bias=False, gain=TRAINED_GAIN
        )

        dt_weight = 2 * uniform(self._seed, f"{name}.dt_proj.weight", d_inner, dt_rank) - 1
        self.put(f"{name}.dt_proj.weight", dt_weight / dt_rank**0.5)
        if dt_bias is None:
            share = uniform(self._seed, f"{name}.dt_proj.bias", d_inner)
            dt = _DT_MIN * (_DT_MAX / _DT_MIN) ** share
            dt_bias = dt + np.log(-np.expm1(-dt))
        self.put(f"{name}.dt_proj.bias", dt_bias)

        a_noise = 0.1 * self._noise(f"{name}.A_log", d_inner, d_state)
        self.put(f"{name}.A_log", np.log(np.arange(1, d_state + 1)) + a_noise)
        self.put(f"{name}.D", 1 + 0.1 * self._noise(f"{name}.D", d_inner))

        if d_out is not None:
            self.linear(f"{name}.out_proj", d_inner, d_out, bias=proj_bias, gain=TRAINED_GAIN)
