"""Trains the keyword spotter with a two-dimensional stem: kws.py's task and clips, another network.

Convolutions over time and bands (strided, then one filter a channel, then one band at a time), flattened to
channels, then Mamba blocks at half of the frames' rate. Nothing is padded in time, so that it streams.

  python3 scripts/train/kws_conv2d.py [--data DIR] [--threads 1]

Writes examples/kws-conv2d/, and of the bundled examples of kws the logits that PyTorch finds into
test/golden/trained/kws-conv2d.examples.npy; resumes from build/train/kws-conv2d/ when interrupted (delete it to start anew).
"""

import interpreter  # noqa: F401  before torch

import argparse
import copy
from pathlib import Path
from typing import Dict, Iterator, List, Tuple

import numpy as np
import soundfile
import torch
from torch import Tensor, nn

import artefacts
import kws
import training
from augmentation import SAMPLES, mask
from features import LOG_MEL, Affine, channel_affine, log_mel
from network import Block, Linear, RmsNorm, Sizes
from project import BUILD, DATA, GOLDEN, MODELS, ROOT

FILTERS, SPAN = 16, 5
"""Channels of the stem; frames and bands of its first filters."""
BANDS = LOG_MEL["bands"] // 4
"""That the stem leaves."""
SIZES = Sizes(
    inputs=BANDS * FILTERS, classes=len(kws.LABELS), layers=2, d_model=32, d_inner=64, d_state=8,
    dt_rank=2,
)
RECIPE = training.Recipe(epochs=30, batch=32, peak_rate=4e-3, seed=1, label_smoothing=0.1)

NAME = "kws-conv2d"
EXAMPLES_FOLDER = ROOT / "examples"
EXAMPLES = ["yes", "stop", "on"]
"""Of the bundled kws: what the test has the network compared by."""

ARCH = {
    "ops": [
        {"kind": "conv2d", "name": "stem.0", "bands": LOG_MEL["bands"], "stride": 2, "bandStride": 2,
         "bandPadding": SPAN // 2},
        {"kind": "activation", "name": "stem.1", "activation": "relu"},
        {"kind": "conv2d", "name": "stem.2", "bands": LOG_MEL["bands"] // 2, "bandStride": 2,
         "bandPadding": 1, "groups": FILTERS},
        {"kind": "conv2d", "name": "stem.3", "bands": BANDS},
        {"kind": "activation", "name": "stem.4", "activation": "relu"},
        {"kind": "linear", "name": "linear_in"},
        {"repeat": SIZES.layers, "ops": [
            {"kind": "norm", "name": "layers.{i}.norm", "norm": "rms", "eps": 1e-5},
            {"kind": "mamba", "name": "layers.{i}.mixer"},
            {"kind": "add", "name": "layers.{i}.add", "inputs": ["{start}", "layers.{i}.mixer"]},
        ]},
        {"kind": "norm", "name": "norm_f", "norm": "rms", "eps": 1e-5},
        {"kind": "pool", "name": "pool", "pool": "mean"},
        {"kind": "linear", "name": "classifier"},
    ],
}
"""What the names of the checkpoint's tensors do not tell (docs/arch.md)."""

STORY = """
Keyword spotting with a two-dimensional stem: the task, clips, splits and augmentation of the bundled `kws` (its
card says where they are from), another network. It shows what `conv2d` is for; nothing else than clips of a second was
trained, so it is no detector for endless streams.

## Data

Speech Commands v0.01, six words: 800 training clips a word, 150 for validation, all 1,538 of the official test split;
speakers are disjoint. `_unknown_` is 170 / 33 / 37 clips of the 24 other words; `_silence_` is cut from the set's
background recordings, disjoint in time. Source: Pete Warden, "Speech Commands: A Dataset for Limited-Vocabulary Speech
Recognition", arXiv 1804.03209; Google, licence CC BY 4.0.

## Protocol

One run over clips. Sizes and recipe were chosen once, before it; the test set was looked at once, behind it. The weights
are the running average of the last steps.

## Files

`model.safetensors` and `arch.json`, which says what its names do not; `frontend.json` and `labels.json`:

```sh
mambalite convert model.safetensors --arch arch.json --frontend frontend.json --labels labels.json -o kws-conv2d.mlm
mambalite quantize model.safetensors --arch arch.json --frontend frontend.json --labels labels.json \\
  --type int --dataset TRAINING_CLIPS -o kws-conv2d-int.mlm
```
"""


class Spotter(nn.Module):
    """Log-mel frames [batch, T, bands] -> logits [batch, classes]."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(1, FILTERS, SPAN, stride=2, padding=(0, SPAN // 2)),
            nn.ReLU(),
            nn.Conv2d(FILTERS, FILTERS, 3, stride=(1, 2), padding=(0, 1), groups=FILTERS),
            nn.Conv2d(FILTERS, FILTERS, 1),
            nn.ReLU(),
        )
        self.linear_in = Linear(SIZES.inputs, SIZES.d_model)
        self.layers = nn.ModuleList(Block(SIZES, drop_rate=0.0) for _ in range(SIZES.layers))
        self.norm_f = RmsNorm(SIZES.d_model)
        self.classifier = nn.Linear(SIZES.d_model, SIZES.classes)

    def forward(self, frames: Tensor) -> Tensor:
        x = self.stem(frames.unsqueeze(1))
        x = self.linear_in(x.transpose(2, 3).flatten(1, 2))
        for layer in self.layers:
            x = layer(x)
        return self.classifier(self.norm_f(x).mean(dim=2))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA / "kws")
    parser.add_argument("--threads", type=int, default=1, help=training.THREADS_HELP)
    arguments = parser.parse_args()
    training.prepare(arguments.threads)
    validation = kws.evaluation_set(arguments.data, "validation")
    network, log, affine = run(arguments.data, validation)
    results = [
        artefacts.Result(name, training.predict(network, affine(frames)), classes)
        for name, (frames, classes) in (
            ("Test", kws.evaluation_set(arguments.data, "test")),
            ("Validation", validation),
        )
    ]
    figures = {
        f"{result.name}, {group}": value
        for result in results
        for group, value in kws.summary(result.logits, result.y).items()
    }
    for result in results:
        print(artefacts.report(result, kws.LABELS))
    artefacts.write(
        artefacts.Trained(
            name=NAME,
            network=network,
            sizes=SIZES,
            recipe=RECIPE,
            frontend=artefacts.log_mel_frontend(affine, SAMPLES),
            labels=kws.LABELS,
            runs={"clips": log},
            results=results,
            figures=figures,
            command="python3 scripts/train/kws_conv2d.py",
            story=STORY,
            folder=EXAMPLES_FOLDER,
            before=f"a stem over [time, bands] (Conv2d {SPAN} x {SPAN}, stride 2 x 2, {FILTERS} filters, ReLU; 3 x 3, "
            f"stride 1 x 2, one filter a channel; 1 x 1, ReLU; flattened to {SIZES.inputs} channels) with a linear layer",
            state=band_by_band(network.state_dict()),
        )
    )
    artefacts.write_json(EXAMPLES_FOLDER / NAME / "arch.json", ARCH)
    np.save(GOLDEN / f"{NAME}.examples.npy", example_logits(network, affine))


def band_by_band(state: Dict[str, Tensor]) -> Dict[str, Tensor]:
    """With the inputs of linear_in as the core has a row of the stem: [bands][channels], not [channels][bands]."""
    weight = state["linear_in.weight"].unflatten(1, (FILTERS, BANDS))
    return {**state, "linear_in.weight": weight.transpose(1, 2).flatten(1, 2).contiguous()}


def example_logits(network: nn.Module, affine: Affine) -> np.ndarray:
    """In float64, rounded once. -> [examples, classes]"""
    paths = [MODELS / "kws" / f"{word}.wav" for word in EXAMPLES]
    audio = np.stack([soundfile.read(path, dtype="float64")[0] for path in paths])
    double = copy.deepcopy(network).double()
    return training.predict(double, affine(log_mel(torch.from_numpy(audio)))).float().numpy()


def run(
    data: Path, validation: Tuple[Tensor, Tensor]
) -> Tuple[nn.Module, List[training.LogRow], Affine]:
    """Trains on the training split; measures `validation`, log-mel frames and classes, after every epoch."""
    audio, y = kws.load_clips(data, "train")
    noise = kws.load_noise(data, "train")
    affine = channel_affine(kws.features(audio))
    items = kws.items_of_an_epoch(y)

    def batches() -> Iterator[Tuple[Tensor, Tensor]]:
        for chosen in items[torch.randperm(len(items))].split(RECIPE.batch):
            waves, classes = kws.random_clips(chosen, audio, y, noise)
            yield mask(affine(log_mel(waves))), classes

    def measure(network: nn.Module) -> Dict[str, float]:
        return kws.summary(training.predict(network, affine(validation[0])), validation[1])

    torch.manual_seed(RECIPE.seed)
    steps = -(-len(items) // RECIPE.batch)
    checkpoint = BUILD / NAME / "clips.pt"
    network, log = training.train(Spotter(), RECIPE, steps, batches, measure, checkpoint, NAME)
    return network, log, affine


if __name__ == "__main__":
    main()
