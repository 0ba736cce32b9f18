"""Noticing torn files."""

from __future__ import annotations

from pathlib import Path

import pytest

from carrel.core.errors import StorageFull
from carrel.index.chroma import write_guard
from carrel.index.chroma.write_guard import WriteGuard


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    """A file that a store overwrites."""
    path = tmp_path / "segment" / "graph.bin"
    path.parent.mkdir()
    path.write_bytes(b"whole")
    return path


def test_a_finished_write_leaves_no_mark(tmp_path: Path, graph: Path) -> None:
    with WriteGuard(tmp_path).writing("c1", grows=True):
        graph.write_bytes(b"longer")
    assert WriteGuard(tmp_path).torn_collections() == []
    assert [each.name for each in tmp_path.iterdir()] == ["segment"]


def test_a_write_that_stopped_half_way_is_noticed_by_the_next_process(
    tmp_path: Path, graph: Path
) -> None:
    with pytest.raises(OSError, match="full"), WriteGuard(tmp_path).writing("c1", grows=True):
        graph.write_bytes(b"")
        raise OSError("full")
    reopened = WriteGuard(tmp_path)
    assert reopened.torn_collections() == ["c1"]
    reopened.clear()
    assert reopened.torn_collections() == []


def test_a_new_file_counts_as_a_change(tmp_path: Path, graph: Path) -> None:
    with pytest.raises(OSError, match="full"), WriteGuard(tmp_path).writing("c1", grows=True):
        graph.with_name("links.bin").write_bytes(b"x")
        raise OSError("full")
    assert WriteGuard(tmp_path).torn_collections() == ["c1"]


def test_a_refusal_that_touched_no_file_is_forgotten(tmp_path: Path, graph: Path) -> None:
    guard = WriteGuard(tmp_path)
    with pytest.raises(ValueError, match="refused"), guard.writing("c1", grows=True):
        raise ValueError("refused")
    with guard.writing("c1", grows=True):
        graph.write_bytes(b"longer")
    assert WriteGuard(tmp_path).torn_collections() == []


def test_after_a_torn_write_every_collection_written_to_is_suspect(
    tmp_path: Path, graph: Path
) -> None:
    guard = WriteGuard(tmp_path)
    with pytest.raises(OSError, match="full"), guard.writing("c1", grows=True):
        graph.write_bytes(b"")
        raise OSError("full")
    for name in ("c2", "c1"):
        with guard.writing(name, grows=False):
            pass
    assert WriteGuard(tmp_path).torn_collections() == ["c1", "c2"]


def test_a_mark_that_is_no_json_means_that_nothing_was_begun(tmp_path: Path, graph: Path) -> None:
    (tmp_path / "writing.json").write_text('{"collections": [')
    assert WriteGuard(tmp_path).torn_collections() == []


def test_a_write_that_grows_needs_space_and_one_that_deletes_does_not(
    tmp_path: Path, graph: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write_guard, "RESERVE", 10**18)
    guard = WriteGuard(tmp_path)
    with pytest.raises(StorageFull, match="Free some space"), guard.writing("c1", grows=True):
        pytest.fail("nothing may be written")
    with guard.writing("c1", grows=False):
        graph.write_bytes(b"shorter")
    assert guard.torn_collections() == []
