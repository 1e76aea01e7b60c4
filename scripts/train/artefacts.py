"""What a finished training leaves in the model's folder, of bundled models under ts/models.

  model.safetensors   the weights, float32, in the `stack` convention
  frontend.json       from raw samples to the network's frames, every constant (features.py)
  labels.json         the classes' names, in order
  training-log.json   every epoch of every run, and the results
  MODEL_CARD.md       data, split, size, accuracy, confusion matrices, terms of use

Knows nothing of how any of it came about.
"""

import json
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Dict, List, Mapping, Optional, Sequence

import numpy as np
import torch
from torch import Tensor, nn

import training
from features import LOG_MEL, Affine
from network import Sizes, parameter_count
from project import MODELS, safetensors_file


@dataclass(frozen=True)
class Result:
    """Logits [items, classes] and true classes [items] of one labelled set, and its name."""

    name: str
    logits: Tensor
    y: Tensor

    def accuracy(self) -> float:
        return training.accuracy(self.logits, self.y)


@dataclass(frozen=True)
class Trained:
    """A finished training. `runs` are the logs of its runs; `figures` are extra results by name;
    `story` is the card's own text, in Markdown: what it is, data, protocol, terms."""

    name: str
    network: nn.Module
    sizes: Sizes
    recipe: training.Recipe
    frontend: Mapping[str, object]
    labels: Sequence[str]
    runs: Mapping[str, List[training.LogRow]]
    results: Sequence[Result]
    figures: Mapping[str, float]
    command: str
    story: str
    folder: Path = MODELS
    """Where the model's own folder is."""
    before: str = ""
    """What the blocks stand behind; default: a linear layer."""
    state: Optional[Mapping[str, Tensor]] = None
    """What is written; default: the network's state dict."""


def affine_frontend(affine: Affine, frames: int, sample_rate_hz: float) -> Dict[str, object]:
    """Raw frames, scaled a channel."""
    source = {"sampleRateHz": sample_rate_hz, "frames": frames}
    return {"kind": "affine", **source, **_constants(affine)}


def log_mel_frontend(affine: Affine, samples: int) -> Dict[str, object]:
    """Audio, to scaled log-mel frames."""
    return {"kind": "logmel", **LOG_MEL, "samples": samples, **_constants(affine)}


def write(trained: Trained) -> None:
    """Writes the model's folder."""
    folder = trained.folder / trained.name
    folder.mkdir(parents=True, exist_ok=True)
    tensors = trained.state or trained.network.state_dict()
    state = {name: tensor.numpy() for name, tensor in tensors.items()}
    (folder / "model.safetensors").write_bytes(safetensors_file.encode_safetensors(state))
    write_json(folder / "frontend.json", trained.frontend)
    write_json(folder / "labels.json", list(trained.labels))
    write_json(folder / "training-log.json", _log(trained))
    (folder / "MODEL_CARD.md").write_text(_card(trained), encoding="utf-8")


def report(result: Result, labels: Sequence[str]) -> str:
    """Accuracy and the confusion matrix as a Markdown table: a row a true class."""
    rows = training.confusion(result.logits, result.y)
    lines = [
        f"{result.name}: {100 * result.accuracy():.2f} % of {len(result.y)}",
        "",
        "| true \\ predicted | " + " | ".join(labels) + " | correct |",
        "|---|" + "---:|" * (len(labels) + 1),
    ]
    for label, row, index in zip(labels, rows, range(len(rows))):
        share = f"{100 * row[index] / sum(row):.1f} %" if sum(row) else "-"
        lines.append(f"| {label} | " + " | ".join(map(str, row)) + f" | {share} |")
    return "\n".join(lines)


def _log(trained: Trained) -> Dict[str, object]:
    return {
        "command": trained.command,
        "date": date.today().isoformat(),
        "torch": torch.__version__,
        "sizes": asdict(trained.sizes),
        "parameters": parameter_count(trained.network),
        "recipe": asdict(trained.recipe),
        "runs": trained.runs,
        "results": {
            result.name: {
                "items": len(result.y),
                "accuracy": result.accuracy(),
                "confusion": training.confusion(result.logits, result.y),
            }
            for result in trained.results
        },
        "figures": trained.figures,
    }


def _card(trained: Trained) -> str:
    s = trained.sizes
    before = trained.before or f"a linear layer ({s.inputs} inputs)"
    seconds = sum(row["seconds"] for log in trained.runs.values() for row in log)
    parts = [
        f"# {trained.name}",
        trained.story.strip(),
        "## Network",
        f"{s.layers} residual Mamba-1 blocks (d_model {s.d_model}, d_inner {s.d_inner}, d_state "
        f"{s.d_state}, d_conv {s.d_conv}, dt_rank {s.dt_rank}) with RMSNorm between {before} "
        f"and a mean-pooled linear classifier ({s.classes} classes), float32: "
        f"{parameter_count(trained.network):,} parameters. Front end: `{trained.frontend['kind']}`,"
        " every constant in `frontend.json`.",
        "## Results",
        *([_figures(trained.figures)] if trained.figures else []),
        *(report(result, trained.labels) for result in trained.results),
        "## Made by",
        f"`{trained.command}` on {date.today().isoformat()}, PyTorch {torch.__version__}, CPU, "
        f"{seconds / 60:.0f} minutes by the clock; every epoch is in `training-log.json`.",
    ]
    return "\n\n".join(parts) + "\n"


def _figures(figures: Mapping[str, float]) -> str:
    return "\n".join(f"- {name}: {100 * value:.2f} %" for name, value in figures.items())


def _constants(affine: Affine) -> Dict[str, List[float]]:
    """float32 values, written so that reading them as float64 is exact."""
    return {"scale": affine.scale.tolist(), "shift": affine.shift.tolist()}


def write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
