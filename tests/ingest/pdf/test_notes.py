"""Notes on pages, and attached files."""

from __future__ import annotations

from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from carrel.core.errors import EmptyDocument
from carrel.ingest.pdf.pdf import PdfReader
from carrel.ingest.registry import default_registry
from samples.pdfs import stream, write_page

FONT = b"/F1 5 0 R"
HELVETICA = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"
LINE = b"BT /F1 11 Tf 72 742 Td (The draft budget is 500.) Tj ET"


def utf_16(text: str) -> bytes:
    return b"<feff%s>" % text.encode("utf-16-be").hex().encode()


def note(kind: bytes, text: str, more: bytes = b"") -> bytes:
    return b"<</Type/Annot/Subtype/%s/Rect[72 662 400 692]/F 4/Contents %s%s>>" % (
        kind,
        utf_16(text),
        more,
    )


@pytest.mark.parametrize(
    ("annotation", "line"),
    [
        (note(b"FreeText", "Correction: the budget is 750"), "Correction: the budget is 750"),
        (note(b"Text", "ask the treasurer"), "Note: ask the treasurer"),
        (note(b"Highlight", "Größe prüfen", b"/T(Ada)"), "Note by Ada: Größe prüfen"),
        (note(b"Stamp", "承認済み"), "Note: 承認済み"),
    ],
)
def test_a_note_follows_the_text_of_its_page(tmp_path: Path, annotation: bytes, line: str) -> None:
    path = write_page(tmp_path / "a.pdf", LINE, FONT, [HELVETICA, annotation], b"/Annots[6 0 R]")
    (section,) = PdfReader().read(path)
    assert section.text == f"The draft budget is 500.\n\n{line}"
    assert section.page == 1


def test_links_and_hidden_notes_are_no_notes(tmp_path: Path) -> None:
    hidden = note(b"Text", "hidden").replace(b"/F 4", b"/F 2")
    objects = [HELVETICA, hidden, note(b"Link", "a link"), note(b"Popup", "twice")]
    page = b"/Annots[6 0 R 7 0 R 8 0 R]"
    (section,) = PdfReader().read(write_page(tmp_path / "a.pdf", LINE, FONT, objects, page))
    assert section.text == "The draft budget is 500."


def write_attachments(path: Path, files: dict[str, bytes], content: bytes = LINE) -> Path:
    names, objects = b"", [HELVETICA]
    for name, data in files.items():
        objects.append(stream(data, b"/Type/EmbeddedFile"))
        names += b"(%s)<</Type/Filespec/EF<</F %d 0 R>>/F(%s)/UF(%s)>>" % (
            name.encode(),
            4 + len(objects),
            name.encode(),
            name.encode(),
        )
    catalog = b"/Names<</EmbeddedFiles<</Names[%s]>>>>" % names
    return write_page(path, content, FONT, objects, catalog=catalog)


def test_attached_files_are_read_by_their_readers(tmp_path: Path) -> None:
    files = {
        "invoice.xml": b"<invoice><total>4711.50</total></invoice>",
        "notes.txt": b"Delivery to gate nine.",
        "prices.csv": b"Boat,Price\nArgo,12\n",
    }
    path = write_attachments(tmp_path / "a.pdf", files)
    sections = list(default_registry().reader_for(path, "a.pdf").read(path))
    assert sections[0].text == "The draft budget is 500."
    read = {section.heading: section.text for section in sections[1:]}
    assert "4711.50" in read["invoice.xml"]
    assert read["notes.txt"] == "Delivery to gate nine."
    assert "Argo" in read["prices.csv"]
    assert sections[-1].remarks == ()


def test_an_attachment_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = write_attachments(tmp_path / "a.pdf", {"tool.exe": b"MZ\0\1", "b.txt": b"A boat."})
    sections = list(default_registry().reader_for(path, "a.pdf").read(path))
    assert [section.text for section in sections] == ["The draft budget is 500.", "A boat."]
    (remark,) = sections[-1].remarks
    assert remark.startswith("tool.exe: files ending in .exe cannot be read")


def test_without_readers_attachments_are_named(tmp_path: Path) -> None:
    (section,) = PdfReader().read(write_attachments(tmp_path / "a.pdf", {"b.txt": b"A boat."}))
    assert section.remarks == ("b.txt: it is attached, and attachments are not read here",)


def test_a_page_without_text_may_carry_files(tmp_path: Path) -> None:
    path = write_attachments(tmp_path / "a.pdf", {"b.txt": b"A boat."}, b"")
    (section,) = default_registry().reader_for(path, "a.pdf").read(path)
    assert section.text == "A boat."
    empty = write_attachments(tmp_path / "c.pdf", {}, b"")
    with pytest.raises(EmptyDocument, match="no page has text"):
        list(default_registry().reader_for(empty, "c.pdf").read(empty))


def test_a_file_pinned_to_a_page_is_attached_once(tmp_path: Path) -> None:
    pinned = b"<</Type/Annot/Subtype/FileAttachment/Rect[9 9 20 20]/FS 8 0 R>>"
    file = b"<</Type/Filespec/EF<</F 7 0 R>>/F(b.txt)/UF(b.txt)>>"
    objects = [HELVETICA, pinned, stream(b"A boat.", b"/Type/EmbeddedFile"), file]
    catalog = b"/Names<</EmbeddedFiles<</Names[(b.txt) 8 0 R]>>>>"
    path = write_page(tmp_path / "a.pdf", LINE, FONT, objects, b"/Annots[6 0 R]", catalog)
    sections = list(default_registry().reader_for(path, "a.pdf").read(path))
    assert [section.text for section in sections] == ["The draft budget is 500.", "A boat."]


def test_notes_alone_are_the_text_of_a_page(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"))
    canvas.textAnnotation("Only a note", Rect=(72, 700, 90, 718))
    canvas.showPage()
    canvas.save()
    (section,) = PdfReader().read(tmp_path / "a.pdf")
    assert section.text.endswith("Only a note")
