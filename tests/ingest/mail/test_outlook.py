from __future__ import annotations

from pathlib import Path

import pytest

from carrel.core.documents import Section
from carrel.core.errors import EmptyDocument, UnreadableDocument
from carrel.ingest.detection.content import Content, identify
from carrel.ingest.registry import default_registry
from samples.documents import write_docx
from samples.outlook import compound_file, write_msg

HEAD = 'From: "Ada" <ada@example.org>\nTo: Bob\nSubject: Alpha\n'


def read(path: Path) -> list[Section]:
    return list(default_registry().reader_for(path, path.name).read(path))


def test_headers_come_first_and_the_subject_is_the_heading(tmp_path: Path) -> None:
    path = write_msg(tmp_path / "a.msg", "Schöne Grüße.\r\n\r\nBye.", html=b"<p>page</p>")
    assert read(path) == [Section(HEAD + "\nSchöne Grüße.\n\nBye.", heading="Alpha")]


def test_a_page_is_read_where_there_is_no_text(tmp_path: Path) -> None:
    page = "<h1>Häuser</h1><p>one <b>two</b></p>".encode()
    path = write_msg(tmp_path / "a.msg", html=page)
    assert read(path) == [Section(HEAD + "\nHäuser\none two", heading="Alpha")]


def test_attachments_are_read_by_their_readers_and_cited_by_name(tmp_path: Path) -> None:
    letter = write_docx(tmp_path / "l.docx", [("Terms", 1), "Pay soon."]).read_bytes()
    files = {"Brief Ä.docx": letter, "logo.png": b"\x89PNG\r\n\x1a\n", "n.txt": b"note"}
    assert read(write_msg(tmp_path / "a.msg", "See below.", attachments=files)) == [
        Section(HEAD + "Attachments: Brief Ä.docx, logo.png, n.txt\n\nSee below.", heading="Alpha"),
        Section("Terms\nPay soon.", heading="Brief Ä.docx: Terms"),
        Section("note", heading="n.txt"),
    ]


def test_a_message_in_a_message_is_an_attachment_like_others(tmp_path: Path) -> None:
    inner = write_msg(tmp_path / "i.msg", "inside", subject="Beta").read_bytes()
    sections = read(write_msg(tmp_path / "a.msg", "outside", attachments={"b.msg": inner}))
    assert [section.heading for section in sections] == ["Alpha", "b.msg: Beta"]
    assert sections[1].text.endswith("Subject: Beta\n\ninside")


def test_a_message_attached_as_a_message_is_read(tmp_path: Path) -> None:
    inner = {"Beta": "inside", "Gamma": "also inside"}
    path = write_msg(tmp_path / "a.msg", "outside", attachments={"n.txt": b"note"}, inner=inner)
    assert read(path) == [
        Section(HEAD + "Attachments: n.txt, Beta, Gamma\n\noutside", heading="Alpha"),
        Section("note", heading="n.txt"),
        Section("Subject: Beta\n\ninside", heading="Beta: Beta"),
        Section("Subject: Gamma\n\nalso inside", heading="Gamma: Gamma"),
    ]


def test_a_message_is_distinguished_from_the_old_documents_that_it_holds(tmp_path: Path) -> None:
    word = compound_file({"WordDocument": b"x" * 5000})
    path = write_msg(tmp_path / "a.msg", "text", attachments={"a.doc": word})
    assert identify(path) is Content.OUTLOOK
    path.write_bytes(word)
    assert identify(path) is Content.OLD_WORD
    path.write_bytes(compound_file({"WordDocument": b"x", "Object": {"__nameid_version1.0": {}}}))
    assert identify(path) is Content.OLD_WORD


def test_a_message_without_anything_is_empty(tmp_path: Path) -> None:
    with pytest.raises(EmptyDocument):
        read(write_msg(tmp_path / "a.msg", subject=""))


def test_parts_that_claim_more_than_the_file_holds_are_refused(tmp_path: Path) -> None:
    path = write_msg(tmp_path / "a.msg", attachments={"a.txt": b"x" * 5_000})
    size = (5_000).to_bytes(8, "little")
    data = path.read_bytes()
    path.write_bytes(data.replace(size, (1 << 30).to_bytes(8, "little")))
    with pytest.raises(UnreadableDocument, match="claim to be larger"):
        read(path)
