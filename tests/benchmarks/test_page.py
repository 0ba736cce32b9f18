"""The report of the page's benchmark; its journeys are those of the tests."""

from __future__ import annotations

import subprocess
import sys

from running.real_processes import ROOT, clean_environment


def test_the_benchmark_of_the_page_starts() -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "page.py"), "--help"]
    ran = subprocess.run(
        command, env=clean_environment(), capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert "--idle_seconds" in ran.stdout
