"""The client alone: what importing it brings along."""

from __future__ import annotations

import subprocess
import sys

from real_processes import ROOT, clean_environment

HEAVY = {
    "torch", "transformers", "gradio", "fastapi", "starlette", "uvicorn", "chromadb", "numpy",
    "sentence_transformers", "pydantic_settings", "carrel.services", "carrel.settings",
    "carrel.engine", "carrel.index", "carrel.ingest", "carrel.storage", "carrel.api", "carrel.ui",
}  # fmt: skip


def test_the_client_brings_neither_a_model_nor_a_page() -> None:
    script = "import sys, carrel.client; print('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        cwd=ROOT / "src",
        env=clean_environment(),
        check=True,
    )
    loaded = set(done.stdout.splitlines())
    assert {"httpx", "pydantic", "carrel.core.errors", "carrel.wire.chat"} <= loaded
    assert not HEAVY & loaded
