"""Names of files inside files: every one is read, none leads out, none is shown with its tricks."""

from __future__ import annotations

import io
import tarfile
import tempfile
import zipfile
from collections.abc import Set
from pathlib import Path

import pytest

from carrel.core.documents import Section
from carrel.ingest.registry import default_registry
from samples.documents import write_text
from samples.hostile_names import HOSTILE_NAMES


@pytest.fixture
def unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The parent of all temporary folders, deep enough to climb out of."""
    folder = tmp_path / "a" / "b" / "c"
    folder.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def read(path: Path) -> dict[str, str]:
    """Return the headings by their texts."""
    sections: list[Section] = list(default_registry().reader_for(path, path.name).read(path))
    return {section.text: section.heading or "" for section in sections}


def require_harmless(read: dict[str, str], titles: Set[str], tmp_path: Path) -> None:
    assert {text.removeprefix("It is called ") for text in read} == titles
    for heading in read.values():
        assert heading.isprintable()
        assert len(heading) <= 200
    assert not list(tmp_path.rglob("outside*"))


def test_members_of_archives(unpacked: Path, tmp_path: Path) -> None:
    zipped, tarred = tmp_path / "a.zip", tmp_path / "a.tar"
    with zipfile.ZipFile(zipped, "w") as archive, tarfile.open(tarred, "w") as tape:
        for title, name in HOSTILE_NAMES.items():
            text = f"It is called {title}".encode()
            archive.writestr(zipfile.ZipInfo(name), text)
            member = tarfile.TarInfo(name)
            member.size = len(text)
            tape.addfile(member, io.BytesIO(text))
    # A zero ends a name in both, so that its ending is not known.
    titles = HOSTILE_NAMES.keys() - {"zero"}
    require_harmless(read(zipped), titles, tmp_path)
    require_harmless(read(tarred), titles, tmp_path)
    assert not list(unpacked.iterdir())


def test_attachments(unpacked: Path, tmp_path: Path) -> None:
    # By hand, because the library refuses to write some of them.
    parts = ["Content-Type: text/plain\n\ntext\n"]
    for title, name in HOSTILE_NAMES.items():
        packed = "".join(f"%{byte:02X}" for byte in name.encode())
        parts.append(
            f"Content-Disposition: attachment; filename*=utf-8''{packed}\n"
            f"Content-Type: application/octet-stream\n\nIt is called {title}\n"
        )
    mail = "From: ada@example.org\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n"
    mail += "".join(f"--x\n{part}" for part in parts) + "--x--\n"
    found = read(write_text(tmp_path / "a.eml", mail))
    (head,) = [text for text in found if text.startswith("From:")]
    assert head.replace("\n", "").replace("\u200d", "").isprintable()
    del found[head]
    require_harmless(found, HOSTILE_NAMES.keys(), tmp_path)
    assert not list(unpacked.iterdir())
