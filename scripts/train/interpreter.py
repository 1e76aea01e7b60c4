"""Imported before anything that needs PyTorch: where the python3 that was called has none and the
system's own has it (Debian's python3-torch), goes on with that one. Knows nothing else."""

import importlib.util
import os
import subprocess
import sys

SYSTEM_PYTHON = "/usr/bin/python3"
NEEDED = ("numpy", "torch")


def go_on_where_torch_is() -> None:
    if all(importlib.util.find_spec(name) for name in NEEDED):
        return
    is_system = os.path.realpath(sys.executable) == os.path.realpath(SYSTEM_PYTHON)
    if is_system or not os.path.exists(SYSTEM_PYTHON):
        return
    check = [SYSTEM_PYTHON, "-c", f"import {', '.join(NEEDED)}"]
    if subprocess.run(check, capture_output=True).returncode == 0:
        os.execv(SYSTEM_PYTHON, [SYSTEM_PYTHON, *sys.argv])


go_on_where_torch_is()
