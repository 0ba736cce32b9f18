"""What a result was measured on: versions and machine."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version

import psutil

PACKAGES = ("carrel", "torch", "transformers", "sentence-transformers", "chromadb", "pypdfium2")


def _processor() -> str:
    """Return the processor's name where the system tells it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:  # noqa: PTH123
            names = [line.split(":", 1)[1].strip() for line in lines if "model name" in line]
    except OSError:
        names = []
    return names[0] if names else platform.processor()


def describe_environment() -> dict[str, str]:
    """Return the versions of what is measured, and the machine."""
    import carrel

    found = {name: version(name) for name in PACKAGES if name != "carrel"}
    return {
        "carrel": carrel.__version__,
        **found,
        "python": platform.python_version(),
        "machine": f"{os.cpu_count()} cores ({_processor()}), "
        f"{psutil.virtual_memory().total / 2**30:.0f} GiB, no GPU in use",
    }
