"""The ops of a network, in float64, by PyTorch's own functions where it has them: one function an op kind.

A function is given the op, a mapping with the fields and tensors of its descriptor (ts/graph/descriptors),
absent ones left out, and the values that it reads: a sequence is [rows, width], a vector [width]. They are
written from PyTorch's documentation and the papers, not from csrc or ts.
"""

from .attention import ATTENTION
from .bands import BANDS
from .front_end import FRONT_END
from .layers import LAYERS
from .mamba import MAMBA
from .mamba2 import MAMBA2
from .outputs import OUTPUTS
from .recurrent import RECURRENT
from .rows import ROWS
from .time import TIME

REFERENCE = {
    **LAYERS, **ROWS, **TIME, **BANDS, **MAMBA, **MAMBA2, **RECURRENT, **ATTENTION, **OUTPUTS, **FRONT_END,
}
"""Op kind to its function."""
