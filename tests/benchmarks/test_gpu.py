"""The GPU's benchmark runs, at the size of a toy, on whatever there is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from running.real_processes import ROOT, clean_environment


def test_a_toy_run_measures_every_precision_beside_the_limit(tmp_path: Path) -> None:
    output = tmp_path / "gpu.md"
    ran = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "gpu.py", "--tiny", f"--output={output}"],
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    rows = [line.split(" | ") for line in output.read_text().splitlines() if "| toy |" in line]
    assert [row[1] for row in rows] == ["bfloat16"] * 2 + ["int8"] * 2 + ["nf4"] * 2
    assert all(float(row[3]) > 0 and float(row[6]) > 0 for row in rows)
    alone = [row for row in rows if row[2] == "1"]
    assert all(float(row[4]) > 0 and row[5].endswith("%") for row in alone)
