"""Where things are: the project's root, the data sets beside it, the build folder; the modules of
scripts/reference, which the training scripts share with the golden data; and mambalite_torch, whose
layers they train."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
MODELS = ROOT / "ts" / "models"
BUILD = ROOT / "build" / "train"
GOLDEN = ROOT / "test" / "golden" / "trained"

sys.path[:0] = [str(ROOT / "scripts" / "reference"), str(ROOT / "scripts" / "torch")]

import mamba_reference  # noqa: E402,F401
import mambalite_torch  # noqa: E402,F401
import safetensors_file  # noqa: E402,F401
