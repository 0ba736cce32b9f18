"""Damaged copies of whole files through the sandbox: none breaks it, hangs, or outgrows it.

A short run damages the sample of each format once. A thorough one damages each file of the corpus
beside the repository ten times, or, where there is none, each sample.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from completeness_mutations import mutate
from repetitions import repetitions_of
from samples.old_documents import write_converter
from samples.readers import SAMPLES

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "cases" / "corpus"
PARTS = 40
COPIES = 10
SECONDS = 60


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Divide a thorough run into parts, which may run side by side."""
    parts = range(repetitions_of(metafunc.config)(1, thorough=PARTS))
    metafunc.parametrize("part", parts, scope="session")


def samples(folder: Path) -> list[Path]:
    return [write(folder / f"sample{suffix}") for suffix, write in sorted(SAMPLES.items())]


def corpus() -> Sequence[Path]:
    return sorted(each for each in CORPUS.rglob("*") if each.is_file())


@pytest.mark.timeout(7200)
def test_no_damaged_copy_breaks_the_sandbox_or_hangs(
    part: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
) -> None:
    program = write_converter(tmp_path / "programs")
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    thorough = repetitions_of(pytestconfig).long
    files = (corpus() if thorough else ()) or samples(tmp_path)
    chosen = files[part::PARTS] if thorough else files
    result = mutate(chosen, COPIES if thorough else 1, 1, SECONDS)
    assert not result.failed, result.noted
    assert result.outcomes.total() >= len(chosen) * (COPIES if thorough else 1) * 0.9
