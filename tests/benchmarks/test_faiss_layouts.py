"""The store's part of the benchmark of FAISS layouts, at the size of a toy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from carrel.index.embedding.directions import normalize
from running.real_processes import ROOT, clean_environment


def test_a_toy_store_is_filled_opened_again_and_measured(tmp_path: Path) -> None:
    vectors = np.random.default_rng(1).normal(size=(500, 16)).astype(np.float32)
    normalize(vectors)
    np.save(tmp_path / "vectors.npy", vectors)
    output = tmp_path / "layouts.md"
    command = [
        sys.executable,
        str(ROOT / "benchmarks" / "faiss_layouts.py"),
        f"--data={tmp_path}",
        f"--vectors={tmp_path / 'vectors.npy'}",
        "--store_sizes=1500",
        "--parts=store",
        f"--output={output}",
    ]
    ran = subprocess.run(
        command, env=clean_environment(), capture_output=True, text=True, timeout=300, check=False
    )
    assert ran.returncode == 0, ran.stderr
    rows = [line.strip("| ").split(" | ") for line in output.read_text().splitlines()]
    figures = {row[0]: row[1] for row in rows if len(row) == 2}
    # So few are searched one by one, and all are in memory.
    assert figures["recall@10"] == "1.000"
    assert figures["files, bytes a vector of all"] == "0"
    assert float(figures["database, bytes a vector"]) > 64
    assert float(figures["search in one document of 1,000, p50 ms"]) > 0
