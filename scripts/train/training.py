"""One training run: AdamW on a cosine schedule, averaged weights, a checkpoint every epoch.

Knows nothing of where batches come from or of what the classes mean. A run is a function of its
seed alone: every epoch seeds PyTorch anew, so one that was interrupted and resumed makes the same
weights as one that was not.
"""

import copy
import ctypes
import math
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Dict, Iterable, List, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Batches = Iterable[Tuple[Tensor, Tensor]]
"""Pairs of frames [batch, T, inputs] and class indices or class probabilities."""

LogRow = Dict[str, float]
"""One epoch: epoch, loss, rate, seconds, and what `measure` returned."""

THREADS_HELP = "PyTorch's; the operators are small, so that more than one gain little (default: 1)"


@dataclass(frozen=True)
class Recipe:
    """`averaging` is the decay of the averaged weights, a step; the average is what is kept."""

    epochs: int
    batch: int
    peak_rate: float
    seed: int
    warm_up_epochs: float = 1.0
    weight_decay: float = 0.05
    label_smoothing: float = 0.1
    clip_norm: float = 1.0
    averaging: float = 0.998


def prepare(threads: int) -> None:
    """Sets the number of threads, and what keeps a step fast: states that have decayed into the
    subnormal numbers become zero, and freed memory stays in the process."""
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    _keep_freed_memory()


def train(
    network: nn.Module,
    recipe: Recipe,
    steps: int,
    batches: Callable[[], Batches],
    measure: Callable[[nn.Module], LogRow],
    checkpoint: Path,
    name: str,
) -> Tuple[nn.Module, List[LogRow]]:
    """Trains from `checkpoint`'s epoch on, if it is there.

    `batches` makes one epoch of `steps` batches, `measure` looks at the averaged network after
    every epoch. -> the averaged network, in evaluation mode, and the log.
    """
    average = copy.deepcopy(network).eval()
    optimizer = torch.optim.AdamW(_parameter_groups(network, recipe), lr=recipe.peak_rate)
    log: List[LogRow] = []
    if checkpoint.exists():
        saved = torch.load(checkpoint)
        network.load_state_dict(saved["network"])
        average.load_state_dict(saved["average"])
        optimizer.load_state_dict(saved["optimizer"])
        log = saved["log"]
        print(f"{name}: resumed after epoch {len(log)}", flush=True)

    for epoch in range(len(log), recipe.epochs):
        torch.manual_seed(recipe.seed * 100_003 + epoch)
        network.train()
        begin, total = time.monotonic(), 0.0
        for step, (x, y) in enumerate(batches()):
            position = epoch + step / steps
            for group in optimizer.param_groups:
                group["lr"] = _rate(position, recipe)
            loss = F.cross_entropy(network(x), y, label_smoothing=recipe.label_smoothing)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), recipe.clip_norm)
            optimizer.step()
            _average_into(average, network, recipe.averaging, epoch * steps + step)
            total += loss.item()
        row = {"epoch": epoch + 1, "loss": total / steps, "rate": _rate(epoch + 1, recipe)}
        row.update(measure(average))
        row["seconds"] = time.monotonic() - begin
        log.append(row)
        print(f"{name}: " + "  ".join(f"{key} {value:.5g}" for key, value in row.items()),
              flush=True)
        _save(checkpoint, network=network.state_dict(), average=average.state_dict(),
              optimizer=optimizer.state_dict(), log=log)
    return average, log


def predict(network: nn.Module, frames: Tensor, batch: int = 32) -> Tensor:
    """frames [items, T, inputs] -> logits [items, classes]"""
    with torch.no_grad():
        return torch.cat([network(part) for part in frames.split(batch)])


def accuracy(logits: Tensor, y: Tensor) -> float:
    """From 0 to 1."""
    return (logits.argmax(dim=1) == y).float().mean().item()


def confusion(logits: Tensor, y: Tensor) -> List[List[int]]:
    """[true class][predicted class] -> items"""
    classes = logits.shape[1]
    pairs = y * classes + logits.argmax(dim=1)
    return torch.bincount(pairs, minlength=classes * classes).reshape(classes, classes).tolist()


def _rate(position: float, recipe: Recipe) -> float:
    """Linear warm-up, then half a cosine down to zero. `position` in epochs."""
    if position < recipe.warm_up_epochs:
        return recipe.peak_rate * (position + 0.01) / (recipe.warm_up_epochs + 0.01)
    done = (position - recipe.warm_up_epochs) / (recipe.epochs - recipe.warm_up_epochs)
    return recipe.peak_rate * 0.5 * (1 + math.cos(math.pi * done))


def _parameter_groups(network: nn.Module, recipe: Recipe) -> List[Dict[str, object]]:
    """Only matrices decay: no bias, norm, D or A_log, as in mamba_ssm."""
    decayed, free = [], []
    for name, parameter in network.named_parameters():
        is_matrix = parameter.dim() > 1 and not name.endswith("A_log")
        (decayed if is_matrix else free).append(parameter)
    return [
        {"params": decayed, "weight_decay": recipe.weight_decay},
        {"params": free, "weight_decay": 0.0},
    ]


def _average_into(average: nn.Module, network: nn.Module, decay: float, step: int) -> None:
    """average += (1 - decay) (network - average), with a shorter memory at the start."""
    decay = min(decay, (1 + step) / (10 + step))
    with torch.no_grad():
        for mean, value in zip(average.parameters(), network.parameters()):
            mean.lerp_(value, 1 - decay)


def _save(path: Path, **content: object) -> None:
    """All or nothing: an interruption leaves the file of the epoch before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    torch.save(content, unfinished)
    os.replace(unfinished, path)


def _keep_freed_memory() -> None:
    """Stops glibc from returning every large tensor to the system: page faults cost a third of
    the time. Elsewhere there is no `mallopt`, and nothing is done."""
    m_trim_threshold, m_mmap_threshold = -1, -3
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(m_mmap_threshold, 1 << 30)
        mallopt(m_trim_threshold, (1 << 31) - 1)
