"""A parser that hangs or dies costs only its file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from threading import Thread

import psutil
import pytest
from structlog.testing import capture_logs

from carrel.core.documents import Section
from carrel.core.errors import (
    DocumentTooLarge,
    EncryptedDocument,
    UnreadableDocument,
    UnsupportedFormat,
)
from carrel.core.processes.child import PACKAGES
from carrel.core.processes.frames import MOST_FRAME_BYTES, FrameReader, send_frame
from carrel.core.processes.pipes import READ_AHEAD
from carrel.ingest.sandbox.sandbox import ReadingLimits, SandboxedReaders
from carrel.ingest.sandbox.sandbox_process import PROGRAM
from samples.documents import write_docx, write_pdf, write_text
from samples.images import write_picture
from samples.old_documents import write_converter, write_old_office
from waiting import wait_for

TESTS = Path(__file__).resolve().parents[2]
SectionsOf = Callable[..., Iterator[Section]]
LIMITS = ReadingLimits(seconds=2, bytes=2 << 30)


@pytest.fixture
def readers() -> Iterator[SandboxedReaders]:
    made = SandboxedReaders(LIMITS, {}, ("samples.hostile_readers", "registry"), TESTS)
    yield made
    made.close()


@pytest.fixture
def sections_of(readers: SandboxedReaders, tmp_path: Path) -> SectionsOf:
    """Read a file of these lines."""
    numbers = count()

    def read(*lines: str) -> Iterator[Section]:
        path = write_text(tmp_path / f"{next(numbers)}.txt", "\n".join(lines))
        return readers.reader_for(path, path.name).read(path)

    return read


def lives(number: int) -> bool:
    """Whether a process runs; one that nobody waits for may be left as a zombie."""
    try:
        return psutil.Process(number).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def framed(content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + content


def children() -> set[int]:
    return {each.pid for each in psutil.Process().children()}


def test_sections_arrive_as_the_reader_made_them(sections_of: SectionsOf) -> None:
    assert list(sections_of("日本語 and \U0001f600", "two")) == [
        Section("日本語 and \U0001f600", 3, "Ünder"),
        Section("two", 3, "Ünder"),
    ]


def test_one_process_reads_file_after_file_and_ends_with_its_owner(
    readers: SandboxedReaders, sections_of: SectionsOf
) -> None:
    before = children()
    first = [section.text for section in sections_of("who")]
    assert [section.text for section in sections_of("who")] == first
    assert {int(each) for each in first} == children() - before
    readers.close()
    assert children() <= before


@pytest.mark.parametrize("command", ["hang", "compute"])
def test_a_parser_that_does_not_end_is_stopped(sections_of: SectionsOf, command: str) -> None:
    sections = sections_of("one", command)
    assert next(sections).text == "one"
    with pytest.raises(UnreadableDocument, match=r"could not be read in 2 seconds"):
        next(sections)
    assert [section.text for section in sections_of("next file")] == ["next file"]


def test_a_parser_that_takes_all_memory_is_stopped(sections_of: SectionsOf) -> None:
    with pytest.raises(UnreadableDocument, match="more memory than reading may take"):
        list(sections_of("eat"))
    assert [section.text for section in sections_of("next file")] == ["next file"]


@pytest.mark.parametrize("command", ["crash", "fault", "segfault"])
def test_a_parser_that_dies_costs_only_its_file(sections_of: SectionsOf, command: str) -> None:
    with pytest.raises(UnreadableDocument, match="its reader broke down"):
        list(sections_of("one", command))
    assert [section.text for section in sections_of("next file")] == ["next file"]


def test_what_a_reader_refuses_keeps_its_class_and_its_process(sections_of: SectionsOf) -> None:
    (process,) = sections_of("who")
    with pytest.raises(EncryptedDocument, match=r"^it is password protected$"):
        list(sections_of("lock"))
    assert list(sections_of("who")) == [process]


def test_what_a_library_prints_is_no_answer(sections_of: SectionsOf) -> None:
    assert [section.text for section in sections_of("print", "one")] == ["one"]


@pytest.mark.parametrize("command", ["shout", "log", "print"])
def test_whatever_a_reader_says_is_no_answer_and_does_not_hold_it_up(
    sections_of: SectionsOf, command: str
) -> None:
    before, *between, after, last = sections_of("who", "one", command, "two", "who", command)
    assert [section.text for section in between] == ["one"]
    assert after.text == "two"
    assert last.text == before.text


def test_what_a_reader_logs_reaches_the_log_without_a_word_of_the_document(
    sections_of: SectionsOf,
) -> None:
    with capture_logs() as lines:
        assert [section.text for section in sections_of("log", "one")] == ["one"]
    said = {(each["by"], each["said"]): each for each in lines if each["event"] == "reading.said"}
    assert said["carrel", "document.left_out"]["times"] == 1_000
    assert said["carrel", "document.left_out"]["severity"] == "warning"
    assert said["carrel", "?"]["times"] == 1
    assert sorted(each["times"] for (by, _), each in said.items() if by == "library") == [1, 1_000]
    assert "secret" not in repr(lines)
    with capture_logs() as lines:
        list(sections_of("one"))
    assert lines == []


def test_a_reader_that_asks_for_input_gets_none(sections_of: SectionsOf) -> None:
    assert [section.text for section in sections_of("listen", "one")] == ["heard ''", "one"]


@pytest.mark.parametrize(
    "data",
    [
        b"[debug] a library's line\n",
        b"\xff\xff\xff\xff",
        framed(b"[]"),
        framed(b"{nope"),
        framed(b"[" * 1_000),
        framed(b'{"section": 1}'),
        framed(b'{"section": [1, 2, 3, 4, 5]}'),
        framed(b'{"said": [[1], 2], "error": 3}'),
    ],
    ids=["text", "length", "list", "json", "depth", "section", "parts", "error"],
)
def test_an_answer_that_is_none_costs_only_its_file(sections_of: SectionsOf, data: bytes) -> None:
    with capture_logs(), pytest.raises(UnreadableDocument, match="its reader broke down"):
        list(sections_of("one", f"garbage {data.hex()}", "two"))
    assert [section.text for section in sections_of("next file")] == ["next file"]


def test_a_line_longer_than_a_message_may_be_is_refused(tmp_path: Path) -> None:
    readers = SandboxedReaders(
        ReadingLimits(seconds=60, bytes=2 << 30), {}, ("samples.hostile_readers", "registry"), TESTS
    )
    path = write_text(tmp_path / "a.txt", "x" * (MOST_FRAME_BYTES + 1))
    with pytest.raises(DocumentTooLarge, match="more than 67 MB"):
        list(readers.reader_for(path, path.name).read(path))
    readers.close()


def test_only_the_reading_that_is_interrupted_ends(
    readers: SandboxedReaders, tmp_path: Path
) -> None:
    path = write_text(tmp_path / "a.txt", "one\ntwo\nthree")
    one, other = (readers.reader_for(path, path.name) for _ in range(2))
    reading = other.read(path)
    assert next(reading).text == "one"
    readers.interrupt(one)
    with pytest.raises(UnreadableDocument):
        next(one.read(path))
    assert [section.text for section in reading] == ["two", "three"]


def test_temporary_files_are_gone_with_a_process_that_was_killed(sections_of: SectionsOf) -> None:
    sections = sections_of("unpack", "hang")
    unpacked = Path(next(sections).text)
    assert unpacked.is_dir()
    sections.close()  # type: ignore[attr-defined]
    assert not unpacked.exists()
    assert not unpacked.parent.exists()


def test_temporary_files_are_private_also_those_of_programs(sections_of: SectionsOf) -> None:
    before = os.umask(0o022)
    try:
        folder, umask = sections_of("unpack", "umask")
    finally:
        os.umask(before)
    assert int(umask.text, 8) == 0o077
    for path in (Path(folder.text), Path(folder.text).parent):
        assert path.stat().st_mode & 0o777 == 0o700


def test_a_process_whose_owner_is_gone_ends_and_removes_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    first = {"bytes": 2 << 30, "seconds": 5, "options": {}, "folder": str(folder)}
    first["registry"] = ("samples.hostile_readers", "registry")
    asked = {"path": str(write_text(tmp_path / "file.txt", "unpack")), "name": "file.txt"}
    requests, sending = os.pipe()
    receiving, answers = os.pipe()
    for message in (first, asked):
        send_frame(sending, message)
    os.close(sending)
    command = [sys.executable, "-I", "-c", PROGRAM, str(requests), str(answers)]
    subprocess.run([*command, str(PACKAGES), str(TESTS)], pass_fds=(requests, answers), check=True)
    os.close(requests)
    os.close(answers)
    frames = FrameReader(lambda: os.read(receiving, 1 << 16))
    assert frames.next() == {"ready": True}
    assert str(folder) in json.dumps(frames.next())
    os.close(receiving)
    assert not folder.exists()


def test_an_abandoned_reading_takes_its_process_with_it(sections_of: SectionsOf) -> None:
    before = children()
    sections = sections_of(*["word"] * 100_000)
    next(sections)
    assert len(children() - before) == 1
    sections.close()  # type: ignore[attr-defined]
    assert children() == before


def test_a_process_reads_far_ahead_of_its_consumer(sections_of: SectionsOf) -> None:
    folders = set(Path(tempfile.gettempdir()).glob("carrel-reading-*"))
    lines = READ_AHEAD // 2 // 1000
    sections = sections_of("first", *["x" * 900] * lines, "unpack", "last")
    assert next(sections).text == "first"
    [folder] = set(Path(tempfile.gettempdir()).glob("carrel-reading-*")) - folders
    wait_for(lambda: list(folder.iterdir()))
    texts = [section.text for section in sections]
    assert len(texts) == lines + 2
    assert texts[-1] == "last"


def test_files_are_read_side_by_side(sections_of: SectionsOf) -> None:
    one, other = sections_of("who", "a"), sections_of("who", "b")
    assert next(one) != next(other)
    assert [next(one).text, next(other).text] == ["a", "b"]


def test_after_the_end_nothing_is_left_running(
    readers: SandboxedReaders, sections_of: SectionsOf
) -> None:
    before = children()
    sections = sections_of("one", "two")
    next(sections)
    readers.close()
    assert [section.text for section in sections] == ["two"]
    assert children() == before


@pytest.mark.parametrize("end", ["limit", "interrupt", "kill"])
def test_a_program_that_a_reader_started_ends_with_its_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    numbers = tmp_path / "numbers"
    script = (
        "#!/bin/sh\n"
        "sleep 1000 &\n"
        f"echo $PPID $$ $! > {numbers}.new; mv {numbers}.new {numbers}\n"
        "wait\n"
    )
    program = write_converter(tmp_path / "programs", script)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    modern = write_docx(tmp_path / "modern.docx", ["text"])
    path = write_old_office(tmp_path / "a.doc", "WordDocument", modern)
    readers = SandboxedReaders(ReadingLimits(seconds=4 if end == "limit" else 60, bytes=2 << 30))
    reader = readers.reader_for(path, path.name)
    failures: list[str] = []

    def read() -> None:
        with pytest.raises(UnreadableDocument) as caught:
            list(reader.read(path))
        failures.append(str(caught.value))

    thread = Thread(target=read)
    thread.start()
    wait_for(numbers.exists)
    reading, *started = map(int, numbers.read_text().split())
    if end == "interrupt":
        readers.interrupt(reader)
    elif end == "kill":
        os.kill(reading, signal.SIGKILL)
    thread.join(60)
    assert not any(lives(each) for each in [reading, *started])
    assert ("could not be read in 4 seconds" if end == "limit" else "broke down") in failures[0]


def test_settings_reach_the_readers(tmp_path: Path) -> None:
    readers = SandboxedReaders(LIMITS, {"ocr": "never", "ocr_languages": "eng"})
    path = write_picture(tmp_path / "a.png", "Alpha")
    with pytest.raises(UnreadableDocument, match="--ocr"):
        list(readers.reader_for(path, path.name).read(path))
    readers.close()


def test_the_real_readers_work_there(tmp_path: Path) -> None:
    readers = SandboxedReaders(LIMITS)
    path = write_pdf(tmp_path / "a.pdf", ["first page", "second page"])
    assert list(readers.reader_for(path, path.name).read(path)) == [
        Section("first page", page=1),
        Section("second page", page=2),
    ]
    with pytest.raises(UnsupportedFormat, match="cannot be read: Carrel reads"):
        list(readers.reader_for(path, "a.xyz").read(path))
    assert readers.supports("a.pdf")
    assert ".pdf" in readers.suffixes()
    readers.close()
