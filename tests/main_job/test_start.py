"""What happens at once when a server starts."""

from __future__ import annotations

import subprocess
import sys

import pytest

from real_processes import ROOT, clean_environment

BOTH_AT_ONCE = """
import threading
from concurrent.futures import ThreadPoolExecutor

from carrel.index.embedder import SentenceTransformerEmbedder

together = threading.Barrier(2)

def model():
    together.wait()
    import carrel.engine.loading.loader

def embedder():
    together.wait()
    return SentenceTransformerEmbedder("bundled", offline=True).embed_query("text")

with ThreadPoolExecutor(2) as threads:
    for loading in [threads.submit(model), threads.submit(embedder)]:
        loading.result()
"""


@pytest.mark.parametrize("attempt", range(3))
def test_the_model_and_the_embedder_can_be_imported_at_once(attempt: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BOTH_AT_ONCE],
        capture_output=True,
        text=True,
        env=clean_environment(),
        cwd=ROOT / "src",
        check=False,
    )
    assert done.returncode == 0, done.stderr
