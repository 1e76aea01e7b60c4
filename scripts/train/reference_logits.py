"""The logits of a bundled model for its whole test set, by plain PyTorch from the raw samples.

The committed weights run through the sequential reference (scripts/reference/mamba_reference.py),
which shares no code with the network that was trained. Prints the accuracy and, for float32, how
far the logits are from float64. What is written is for comparison:

  test/golden/trained/NAME.logits.npy   float32 [items, classes], committed
  build/train/NAME/test/inputs.npy   raw samples, float32: har [2947, 128, 9], kws [items, 16000]
                        labels.npy   classes, int64 [items]
                        logits.npy   float32 [items, classes]
                        logits_float64.npy   float64 [items, classes]

  python3 scripts/train/reference_logits.py {har,kws} [--data DIR]
"""

import interpreter  # noqa: F401  before torch

import argparse
import json
from pathlib import Path
from typing import Callable, Dict, Tuple

import numpy as np
import torch
from torch import Tensor

import har
import kws
import training
from features import Affine, log_mel
from project import BUILD, DATA, GOLDEN, MODELS, mamba_reference

PROGRESS_EVERY = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", choices=sorted(TEST_SETS))
    parser.add_argument("--data", type=Path)
    arguments = parser.parse_args()
    name = arguments.model

    torch.set_num_threads(1)
    folder, default_data, load = MODELS / name, *TEST_SETS[name]
    inputs, y = load(arguments.data or default_data)
    frontend = json.loads((folder / "frontend.json").read_text(encoding="utf-8"))
    arrays = mamba_reference.load_checkpoint(folder / "model.safetensors")
    logits = {
        dtype: reference_logits(arrays, frontend, inputs.to(dtype), name)
        for dtype in (torch.float32, torch.float64)
    }

    single, double = logits[torch.float32], logits[torch.float64]
    error = (single - double).abs() / double.abs().amax(dim=1, keepdim=True)
    agree = int((single.argmax(dim=1) == double.argmax(dim=1)).sum())
    print(f"{name}: {100 * training.accuracy(single, y):.2f} % of {len(y)} correct; float32 "
          f"against float64: mean {error.mean():.3g}, max {error.max():.3g} of the largest "
          f"|logit|, {agree} classes equal")

    out = BUILD / name / "test"
    out.mkdir(parents=True, exist_ok=True)
    for file, values in (
        ("inputs", inputs), ("labels", y), ("logits", single), ("logits_float64", double)
    ):
        np.save(out / f"{file}.npy", values.numpy())
    np.save(GOLDEN / f"{name}.logits.npy", single.numpy())


def reference_logits(
    arrays: Dict[str, np.ndarray], frontend: Dict[str, object], inputs: Tensor, name: str
) -> Tensor:
    """Raw inputs [items, ...], in the dtype to compute in. -> logits [items, classes]"""
    state = mamba_reference.to_state_dict(arrays, inputs.dtype)
    affine = Affine(*(torch.tensor(frontend[key], dtype=torch.float32)
                      for key in ("scale", "shift")))
    rows = []
    with torch.no_grad():
        for item in inputs:
            frames = item if frontend["kind"] == "affine" else log_mel(item[None])[0]
            rows.append(mamba_reference.stack_logits(state, affine(frames)))
            if len(rows) % PROGRESS_EVERY == 0:
                print(f"{name} {inputs.dtype}: {len(rows)} of {len(inputs)}", flush=True)
    return torch.stack(rows)


def har_test_set(data: Path) -> Tuple[Tensor, Tensor]:
    """Windows [2947, 128, 9] and classes."""
    windows, y, _ = har.load(data, "test")
    return windows, y


TEST_SETS: Dict[str, Tuple[Path, Callable[[Path], Tuple[Tensor, Tensor]]]] = {
    "har": (DATA / "uci_har", har_test_set),
    "kws": (DATA / "kws", lambda data: kws.evaluation_audio(data, "test")),
}


if __name__ == "__main__":
    main()
