"""Exports PyTorch modules for MambaLite-Micro, and has Mamba layers in plain torch to train with.

    from mambalite_torch import export
    export(model, example_input, "model.safetensors", labels=[...])

Needs only torch, 1.13 or newer.
"""

from .errors import ExportError
from .export import export
from .layers import BidirectionalMamba, Mamba, Mamba2
from .scan import selective_scan

__all__ = ["BidirectionalMamba", "ExportError", "Mamba", "Mamba2", "export", "selective_scan"]
