from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import psutil
import pytest

from carrel.core.documents import Section
from carrel.core.errors import UnreadableDocument, UnsupportedFormat
from carrel.ingest.detection.content import Content
from carrel.ingest.office.old_office import OldOfficeReader
from carrel.ingest.office.presentation import PresentationReader
from carrel.ingest.office.word import WordReader
from samples.documents import write_docx, write_pptx
from samples.old_documents import write_converter, write_old_office

OFFICE = shutil.which("soffice")


def read(path: Path, seconds: float = 60.0) -> list[Section]:
    reader = OldOfficeReader(Content.OLD_WORD, ".docx", WordReader(), seconds)
    return list(reader.read(path))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The parent of all temporary folders."""
    made = tmp_path / "temporary"
    made.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(made))
    return made


@pytest.fixture
def document(tmp_path: Path) -> Path:
    """An old document as stored: its name has no suffix."""
    modern = write_docx(tmp_path / "modern.docx", ["Intro", ("Sales", 1), "Boats"])
    return write_old_office(tmp_path / "0a1b2c", "WordDocument", modern)


def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str | None = None) -> None:
    """Put a stand-in for LibreOffice where programs are looked for."""
    program = write_converter(tmp_path / "programs", script)
    monkeypatch.setenv("PATH", str(program.parent))


@pytest.mark.parametrize(
    ("content", "modern", "message"),
    [
        (
            Content.OLD_WORD,
            ".docx",
            "it is an old Word document (.doc): install LibreOffice, or save it as .docx and add"
            " that",
        ),
        (
            Content.OLD_PRESENTATION,
            ".pptx",
            "it is an old PowerPoint presentation (.ppt): install LibreOffice, or save it as .pptx"
            " and add that",
        ),
    ],
)
def test_without_libreoffice_the_message_says_what_to_do(
    document: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    content: Content,
    modern: str,
    message: str,
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    with pytest.raises(UnsupportedFormat) as caught:
        list(OldOfficeReader(content, modern, WordReader()).read(document))
    assert str(caught.value) == message


def test_the_modern_form_is_read_and_nothing_is_left_behind(
    document: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch)
    assert read(document) == [Section("Intro"), Section("Sales\nBoats", heading="Sales")]
    assert list(folder.iterdir()) == []


def test_an_abandoned_reading_leaves_nothing_behind(
    document: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch)
    sections = OldOfficeReader(Content.OLD_WORD, ".docx", WordReader()).read(document)
    next(sections)
    assert len(list(folder.iterdir())) == 1
    sections.close()  # type: ignore[attr-defined]
    assert list(folder.iterdir()) == []


def test_the_program_gets_a_profile_of_its_own_that_forbids_macros_and_no_secrets(
    document: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = tmp_path / "seen"
    script = (
        "#!/bin/sh\n"
        f'for each in "$@"; do echo "$each" >> {seen}; done\n'
        f"env >> {seen}\n"
        f"cat profile/user/registrymodifications.xcu >> {seen}\n"
    )
    install(tmp_path, monkeypatch, script)
    monkeypatch.setenv("CARREL_API_KEY", "secret words")
    with pytest.raises(UnreadableDocument):
        read(document)
    lines = seen.read_text().split("\n")
    assert lines[0].startswith(f"-env:UserInstallation={folder.as_uri()}/carrel-")
    assert "--headless" in lines
    assert lines[lines.index("--convert-to") + 1] == "docx"
    assert any("DisableMacrosExecution" in line for line in lines)
    assert not any("secret words" in line for line in lines)


def test_a_document_that_cannot_be_converted_is_unreadable(
    document: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, "#!/bin/sh\nexit 0\n")
    with pytest.raises(UnreadableDocument, match=r"^LibreOffice cannot convert it"):
        read(document)
    assert list(folder.iterdir()) == []


def test_a_conversion_that_does_not_end_is_ended_with_all_its_processes(
    document: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = tmp_path / "numbers"
    script = (
        f"#!/bin/sh\nsleep 1000 &\necho $$ $! > {numbers}.new\nmv {numbers}.new {numbers}\nwait\n"
    )
    install(tmp_path, monkeypatch, script)
    with pytest.raises(UnreadableDocument, match="does not finish converting it within 2 seconds"):
        read(document, seconds=2.0)
    parent, child = map(int, numbers.read_text().split())
    assert not psutil.pid_exists(parent)
    # The child has nobody to wait for it, so that it may be left as a zombie for a moment.
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE
    assert list(folder.iterdir()) == []


@pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed")
@pytest.mark.parametrize("kind", ["doc", "ppt"])
def test_libreoffice_itself_converts_a_real_document(tmp_path: Path, kind: str) -> None:
    assert OFFICE is not None
    if kind == "doc":
        content: list[str | tuple[str, int] | list[list[str]]] = [
            "Intro",
            ("Sales", 1),
            [["Year", "Sum"], ["2020", "3"]],
            "After",
        ]
        modern = write_docx(tmp_path / "a.docx", content)
        reader = OldOfficeReader(Content.OLD_WORD, ".docx", WordReader())
        expected = [
            Section("Intro"),
            Section("Sales\nYear | Sum\nYear: 2020; Sum: 3\nAfter", heading="Sales"),
        ]
    else:
        modern = write_pptx(tmp_path / "a.pptx", [("Boats", "They float.", "Smile")])
        reader = OldOfficeReader(Content.OLD_PRESENTATION, ".pptx", PresentationReader())
        expected = [Section("Boats\nThey float.\nNotes:\nSmile", page=1, heading="Boats")]
    subprocess.run(
        [
            OFFICE,
            f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}",
            *("--headless", "--convert-to", kind, "--outdir", str(tmp_path), str(modern)),
        ],
        check=True,
        env={"HOME": str(tmp_path), "PATH": os.defpath},
        capture_output=True,
        timeout=300,
    )
    assert list(reader.read(tmp_path / f"a.{kind}")) == expected
