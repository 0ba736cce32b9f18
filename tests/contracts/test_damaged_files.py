"""Files that are cut short, and packages that are sound and hold damaged or hostile parts."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from carrel.core.documents import Section
from carrel.core.errors import UnreadableDocument, UnsupportedFormat
from carrel.ingest.registry import default_registry
from repetitions import Repetitions
from samples.damaged_files import with_changed_markup, with_damaged_part
from samples.old_documents import write_converter
from samples.readers import PACKAGES, SAMPLES, TEXTS

Change = Callable[[bytes, random.Random], bytes]

# Less may lack the bytes by which the kind is known.
LEAST_PART = 0.05


@pytest.fixture(autouse=True)
def stand_in_converter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = write_converter(tmp_path / "programs")
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)


def read(path: Path) -> list[Section] | UnreadableDocument:
    """Read a file whole, or return its one proper reason; anything else is a fault."""
    try:
        sections = list(default_registry().reader_for(path, path.name).read(path))
    except UnreadableDocument as error:
        reason = str(error)
        assert reason
        assert "\n" not in reason
        assert "Error" not in reason
        assert "cannot be opened" not in reason
        return error
    assert all(section.text.strip() for section in sections)
    return sections


@pytest.mark.parametrize("suffix", sorted(SAMPLES.keys() - TEXTS))
def test_a_file_cut_anywhere_is_read_so_far_or_called_damaged(
    suffix: str, tmp_path: Path, repetitions: Repetitions
) -> None:
    cuts = repetitions(6, thorough=12)
    path = SAMPLES[suffix](tmp_path / f"sample{suffix}")
    whole = path.read_bytes()
    generator = random.Random(suffix)
    step = (1 - LEAST_PART) / cuts
    for number in range(cuts):
        part = LEAST_PART + (number + generator.random()) * step
        path.write_bytes(whole[: int(len(whole) * part)])
        assert not isinstance(read(path), UnsupportedFormat), part


@pytest.mark.parametrize("change", [with_damaged_part, with_changed_markup])
@pytest.mark.parametrize("suffix", PACKAGES)
def test_a_sound_package_of_damaged_parts_is_read_around_or_called_damaged(
    suffix: str, change: Change, tmp_path: Path, repetitions: Repetitions
) -> None:
    path = SAMPLES[suffix](tmp_path / f"sample{suffix}")
    package = path.read_bytes()
    for seed in range(repetitions(14, thorough=40)):
        path.write_bytes(change(package, random.Random(seed)))
        read(path)
