"""Reading through the standard streams, as on Windows, which passes on no other pipes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from structlog.testing import capture_logs

from carrel.core.errors import UnreadableDocument
from carrel.core.processes import pipes
from carrel.ingest.sandbox import sandbox_process
from carrel.ingest.sandbox.sandbox import ReadingLimits, SandboxedReaders
from samples.documents import write_text

TESTS = Path(__file__).resolve().parents[2]
LIMITS = ReadingLimits(seconds=2, bytes=2 << 30)
WITHOUT_LIMITS = "import sys; sys.modules['resource'] = None; "


@pytest.fixture
def readers(monkeypatch: pytest.MonkeyPatch) -> Iterator[SandboxedReaders]:
    monkeypatch.setattr(pipes, "start", pipes.StandardPipes)
    made = SandboxedReaders(LIMITS, {}, ("samples.hostile_readers", "registry"), TESTS)
    yield made
    made.close()


def texts(readers: SandboxedReaders, folder: Path, *lines: str) -> list[str]:
    path = write_text(folder / "file.txt", "\n".join(lines))
    return [section.text for section in readers.reader_for(path, path.name).read(path)]


def test_sections_arrive_and_what_a_library_prints_does_not(
    readers: SandboxedReaders, tmp_path: Path
) -> None:
    assert texts(readers, tmp_path, "print", "日本語") == ["日本語"]
    assert texts(readers, tmp_path, "listen", "one") == ["heard ''", "one"]
    many = ["x" * 900] * (3 * pipes.READ_AHEAD // 900)
    assert texts(readers, tmp_path, *many) == many


@pytest.mark.parametrize("command", ["hang", "crash"])
def test_a_reader_that_hangs_or_dies_costs_its_file_alone(
    command: str, readers: SandboxedReaders, tmp_path: Path
) -> None:
    with pytest.raises(UnreadableDocument):
        texts(readers, tmp_path, "one", command)
    assert texts(readers, tmp_path, "next file") == ["next file"]


def test_nothing_is_left_of_reading_that_is_given_up(
    readers: SandboxedReaders, tmp_path: Path
) -> None:
    before = {each.pid for each in psutil.Process().children()}
    path = write_text(tmp_path / "file.txt", "\n".join(["x" * 900] * 5000))
    sections = readers.reader_for(path, path.name).read(path)
    next(sections)
    sections.close()
    readers.close()
    assert {each.pid for each in psutil.Process().children()} == before
    assert "read answers" not in {each.name for each in threading.enumerate()}


def test_what_the_system_does_not_limit_is_logged_once(
    readers: SandboxedReaders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox_process, "PROGRAM", WITHOUT_LIMITS + sandbox_process.PROGRAM)
    sandbox_process._log_unlimited.cache_clear()
    with capture_logs() as logged:
        assert texts(readers, tmp_path, "one") == ["one"]
        with pytest.raises(UnreadableDocument):
            texts(readers, tmp_path, "crash")
        assert texts(readers, tmp_path, "two") == ["two"]
    said = [each for each in logged if each["event"] == "reading.unlimited"]
    assert [each["reason"] for each in said] == ["this system does not limit the memory of reading"]
