"""What files state about themselves arrives through the sandbox, from every format that has it."""

from __future__ import annotations

import datetime
import io
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import docx
import olefile
import openpyxl
import pptx
import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from carrel.core.document_properties import NOTHING_STATED, DocumentProperties
from carrel.core.errors import UnreadableDocument
from carrel.ingest.properties.of_file import properties_of
from carrel.ingest.properties.stated import Stated, iso_date
from carrel.ingest.sandbox.sandbox import ReadingLimits, SandboxedReaders, _section
from samples.damaged_files import zip_of
from samples.documents import write_text
from samples.messages import message, write_eml, write_mbox, write_mhtml
from samples.old_documents import write_rtf_body, write_xls
from samples.open_documents import write_epub, write_odp, write_ods, write_odt
from samples.open_xml import parts_of
from samples.outlook import compound_file, write_msg

MOMENT = datetime.datetime(2024, 5, 14, 9, 30)
TITLE, AUTHORS, KEYWORDS = "Brückenplan", ("Zoë Müller", "李明"), ("bridge", "吊り橋")
ZOE = "Zo\\'eb M\\'fcller; \\u26446?\\u26126?"
META = """<office:document-meta xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:meta="urn:oasis:names:tc:opendocument:xmlns:meta:1.0"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><office:meta><dc:title>Brückenplan</dc:title>
<meta:initial-creator>Zoë Müller; 李明</meta:initial-creator><dc:creator>Somebody</dc:creator>
<meta:keyword>bridge</meta:keyword><meta:keyword>吊り橋</meta:keyword>
<meta:creation-date>2024-05-14T09:30:00.123</meta:creation-date><dc:date>2024-06-01T10:00:00</dc:date>
<dc:language>de-AT</dc:language></office:meta></office:document-meta>"""
HEAD = """<html lang="de-AT"><head><title>Brückenplan</title>
<meta name="author" content="Zoë Müller">
<meta name="author" content="李明"><meta name="keywords" content="bridge, 吊り橋">
<meta property="article:published_time" content="2024-05-14T09:30:00">
<meta name="dcterms.modified" content="2024-06-01"></head><body><p>Bolts</p></body></html>"""
XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmp:CreateDate="2024-05-14T09:30:00" xmp:ModifyDate="2024-06-01">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">Brückenplan</rdf:li></rdf:Alt></dc:title>
<dc:creator><rdf:Seq><rdf:li>Zoë Müller</rdf:li><rdf:li>李明</rdf:li></rdf:Seq></dc:creator>
<dc:subject><rdf:Bag><rdf:li>bridge</rdf:li><rdf:li>吊り橋</rdf:li></rdf:Bag></dc:subject>
<dc:language><rdf:Bag><rdf:li>de-AT</rdf:li></rdf:Bag></dc:language>
</rdf:Description></rdf:RDF></x:xmpmeta>"""


def office(path: Path) -> None:
    if path.suffix == ".docx":
        made = docx.Document()
        made.add_paragraph("Bolts")
        properties = made.core_properties
    elif path.suffix == ".pptx":
        made = pptx.Presentation()
        made.slides.add_slide(made.slide_layouts[5]).shapes.title.text = "Bolts"
        properties = made.core_properties
    else:
        made = openpyxl.Workbook()
        made.active["A1"] = "Bolts"
        properties = made.properties
    properties.title, properties.keywords = TITLE, "bridge, 吊り橋"
    properties.created, properties.language = MOMENT, "de-AT"
    properties.modified = datetime.datetime(2024, 6, 1)
    setattr(properties, "creator" if path.suffix == ".xlsx" else "author", "; ".join(AUTHORS))
    made.save(str(path))


def open_document(path: Path) -> None:
    if path.suffix == ".odt":
        write_odt(path, ["Bolts"])
    elif path.suffix == ".ods":
        write_ods(path, {"S": [["Bolts"]]})
    else:
        write_odp(path, [("Bolts", "", "")])
    path.write_bytes(zip_of(parts_of(path) | {"meta.xml": META.encode()}))


def book(path: Path) -> None:
    write_epub(path, {"a": "<p>Bolts</p>"})
    parts = parts_of(path)
    name = next(each for each in parts if each.endswith(".opf"))
    metadata = f"""<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{TITLE}</dc:title>
<dc:creator>{AUTHORS[0]}</dc:creator><dc:creator>{AUTHORS[1]}</dc:creator>
<dc:subject>bridge</dc:subject><dc:subject>吊り橋</dc:subject><dc:date>2024-05-14</dc:date>
<meta property="dcterms:modified">2024-06-01T00:00:00Z</meta><dc:language>de-AT</dc:language>
</metadata><manifest"""
    text = parts[name].decode().replace("<manifest", metadata, 1)
    path.write_bytes(zip_of(parts | {name: text.encode()}))


def pdf(path: Path) -> None:
    canvas = Canvas(str(path), invariant=True)
    canvas.setTitle("Draft 7")
    canvas.drawString(72, 700, "Bolts")
    canvas.save()
    path.write_bytes(path.read_bytes() + XMP.encode())


def old_workbook(path: Path) -> None:
    write_xls(path, {"S": [["Bolts"]]})
    workbook = path.read_bytes()
    path.write_bytes(compound_file({"Workbook": workbook_stream(workbook), **summary()}))


def workbook_stream(container: bytes) -> bytes:
    with olefile.OleFileIO(io.BytesIO(container)) as opened:
        return bytes(opened.openstream("Workbook").read())


def summary() -> dict[str, bytes]:
    def text(value: str) -> bytes:
        data = value.encode() + b"\0"
        return struct.pack("<II", 0x1E, len(data)) + data.ljust(-(-len(data) // 4) * 4, b"\0")

    def moment(*when: int) -> bytes:
        passed = datetime.datetime(*when) - datetime.datetime(1601, 1, 1)  # type: ignore[arg-type]
        return struct.pack("<IQ", 0x40, int(passed.total_seconds()) * 10_000_000)

    values = {
        1: struct.pack("<Ihxx", 2, 65001 - 65536),
        2: text(TITLE),
        4: text("; ".join(AUTHORS)),
        5: text(", ".join(KEYWORDS)),
        12: moment(2024, 5, 14, 9, 30),
        13: moment(2024, 6, 1),
    }
    place, index, body = 8 + 8 * len(values), b"", b""
    for number, value in values.items():
        index += struct.pack("<II", number, place + len(body))
        body += value
    section = struct.pack("<II", place + len(body), len(values)) + index + body
    head = struct.pack("<HHI16sI", 0xFFFE, 0, 0, bytes(16), 1) + bytes(16) + struct.pack("<I", 48)
    return {"\x05SummaryInformation": head + section}


def mail(path: Path) -> None:
    made = message("Bolts", subject=TITLE)
    made.replace_header("From", '"Zoë Müller" <zoe@example.org>, 李明 <li@example.org>')
    made["Keywords"] = ", ".join(KEYWORDS)
    write_eml(path, made)


def rich_text(path: Path) -> None:
    info = (
        r"{\info{\title Br\'fcckenplan}{\author " + ZOE + r"}{\keywords bridge, "
        r"\u21514?\u12426?\u27211?}{\creatim\yr2024\mo5\dy14\hr9\min30}{\revtim\yr2024\mo6\dy1}}"
    )
    write_rtf_body(path, r"\pard Bolts\par", r"{\rtf1\ansi\ansicpg1252\deff0" + info)


def picture(path: Path) -> None:
    made = Image.new("RGB", (40, 20), "white")
    exif = made.getexif()
    exif[0x010E], exif[0x013B], exif[0x0132] = "Bridge", "Zoe; Li", "2024:06:01 00:00:00"
    exif.get_ifd(0x8769)[0x9003] = "2024:05:14 09:30:00"
    made.save(path, exif=exif)


def marked_up(text: str) -> Callable[[Path], None]:
    return lambda path: path.write_text(text, encoding="utf-8") and None


FRONT = f"---\ntitle: {TITLE}\nauthors: [{AUTHORS[0]}, {{name: {AUTHORS[1]}}}]\ndate: 2024-05-14\n"
FRONT += "lastmod: 2024-06-01T00:00:00Z\ntags: [bridge, 吊り橋]\nlang: de_AT\n---\n\nBolts\n"
ORG = f"#+TITLE: {TITLE}\n#+AUTHOR: {'; '.join(AUTHORS)}\n#+DATE: <2024-05-14 Tue>\n"
ORG += "#+FILETAGS: :bridge:吊り橋:\n#+LANGUAGE: de-AT\n* Bolts\n"
REST = f"{TITLE}\n===========\n\n:Authors: {'; '.join(AUTHORS)}\n:Date: 2024/5/14\n\nBolts\n"

DAY, LATER = "2024-05-14", "2024-06-01"
SAMPLES: dict[str, tuple[Callable[[Path], object], str, str, str]] = {
    ".docx": (office, f"{DAY}T09:30:00Z", f"{LATER}T00:00:00Z", "de-AT"),
    ".pptx": (office, f"{DAY}T09:30:00Z", f"{LATER}T00:00:00Z", "de-AT"),
    ".xlsx": (office, f"{DAY}T09:30:00Z", "", "de-AT"),
    ".odt": (open_document, f"{DAY}T09:30:00", f"{LATER}T10:00:00", "de-AT"),
    ".ods": (open_document, f"{DAY}T09:30:00", f"{LATER}T10:00:00", "de-AT"),
    ".odp": (open_document, f"{DAY}T09:30:00", f"{LATER}T10:00:00", "de-AT"),
    ".epub": (book, DAY, f"{LATER}T00:00:00Z", "de-AT"),
    ".pdf": (pdf, f"{DAY}T09:30:00", LATER, "de-AT"),
    ".xls": (old_workbook, f"{DAY}T09:30:00Z", f"{LATER}T00:00:00Z", ""),
    ".html": (marked_up(HEAD), f"{DAY}T09:30:00", LATER, "de-AT"),
    ".mhtml": (lambda path: write_mhtml(path, HEAD), f"{DAY}T09:30:00", LATER, "de-AT"),
    ".rtf": (rich_text, f"{DAY}T09:30:00", LATER, ""),
    ".md": (marked_up(FRONT), DAY, f"{LATER}T00:00:00Z", "de-AT"),
    ".org": (marked_up(ORG), DAY, "", "de-AT"),
}


@pytest.fixture(scope="module")
def readers() -> Iterator[SandboxedReaders]:
    made = SandboxedReaders(ReadingLimits(seconds=60, bytes=2 << 30), {"ocr": "never"})
    yield made
    made.close()


def stated(readers: SandboxedReaders, path: Path) -> DocumentProperties:
    first, *others = readers.reader_for(path, path.name).read(path)
    assert not any(each.properties for each in others)
    return first.properties


@pytest.mark.parametrize("suffix", sorted(SAMPLES))
def test_title_authors_dates_keywords_and_language_are_as_stated(
    suffix: str, tmp_path: Path, readers: SandboxedReaders
) -> None:
    write, created, modified, language = SAMPLES[suffix]
    path = tmp_path / f"a{suffix}"
    write(path)
    found = stated(readers, path)
    assert (found.title, found.authors, found.keywords) == (TITLE, AUTHORS, KEYWORDS)
    assert (found.created, found.language) == (created, language or None)
    # openpyxl writes the time of saving.
    assert found.modified == (modified or None) or suffix == ".xlsx"


def test_a_mail_has_its_subject_senders_and_date(tmp_path: Path, readers: SandboxedReaders) -> None:
    mail(tmp_path / "a.eml")
    assert stated(readers, tmp_path / "a.eml") == DocumentProperties(
        TITLE,
        ("Zoë Müller <zoe@example.org>", "李明 <li@example.org>"),
        "2026-03-02T09:30:00+01:00",
        keywords=KEYWORDS,
    )
    outlook = write_msg(tmp_path / "a.msg", "Bolts", subject=TITLE)
    found = stated(readers, outlook)
    assert found.title == TITLE
    assert found.authors == ("Ada <ada@example.org>",)


def test_the_fields_of_rest_and_the_exif_of_a_picture(tmp_path: Path) -> None:
    rest = write_text(tmp_path / "a.rst", REST)
    found = properties_of(rest, rest.name)
    assert (found.authors, found.created) == (AUTHORS, DAY)
    picture(tmp_path / "a.jpg")
    assert properties_of(tmp_path / "a.jpg", "a.jpg") == DocumentProperties(
        "Bridge", ("Zoe", "Li"), f"{DAY}T09:30:00", f"{LATER}T00:00:00"
    )


def test_properties_are_those_of_the_file_and_not_of_one_inside(
    tmp_path: Path, readers: SandboxedReaders
) -> None:
    open_document(tmp_path / "a.odt")
    archive = tmp_path / "a.zip"
    archive.write_bytes(zip_of({"a.odt": (tmp_path / "a.odt").read_bytes()}))
    assert stated(readers, archive) == NOTHING_STATED
    assert stated(readers, write_mbox(tmp_path / "a.mbox", [message("one")])) == NOTHING_STATED
    assert stated(readers, write_text(tmp_path / "a.md", "---\n\ntitle: rule\n")) == NOTHING_STATED


@pytest.mark.parametrize("suffix", [".odt", ".pdf", ".rtf", ".html", ".xls", ".md"])
def test_damaged_properties_are_no_failure(
    suffix: str, tmp_path: Path, readers: SandboxedReaders
) -> None:
    path = tmp_path / f"a{suffix}"
    if suffix == ".odt":
        write_odt(path, ["Bolts"])
        path.write_bytes(zip_of(parts_of(path) | {"meta.xml": META[:300].encode()}))
    elif suffix == ".md":
        write_text(path, "---\ntitle: [\n---\n\nBolts\n")
    elif suffix == ".xls":
        write_xls(path, {"S": [["Bolts"]]})
        parts = {"\x05SummaryInformation": b"\xff" * 60}
        path.write_bytes(compound_file({"Workbook": workbook_stream(path.read_bytes()), **parts}))
    elif suffix == ".rtf":
        write_rtf_body(path, r"Bolts\par", r"{\rtf1{\info{\creatim\yr99999\mo77}{\title \u-1?}}")
    elif suffix == ".html":
        write_text(
            path, '<meta name=date content="31.31.2024"><meta name=language content=" - ">Bolts'
        )
    else:
        pdf(path)
        path.write_bytes(path.read_bytes().replace(b"<rdf:RDF", b"<rdf:R", 1))
    assert any("Bolts" in each.text for each in readers.reader_for(path, path.name).read(path))
    assert stated(readers, path).created is None or suffix == ".pdf"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("D:20240514093000+02'00'", "2024-05-14T09:30:00+02:00"),
        ("D:20240514093000Z00'00'", "2024-05-14T09:30:00Z"),
        ("D:20240514", "2024-05-14"),
        ("2024", "2024"),
        ("2024-05", "2024-05"),
        ("20240514T093000Z", "2024-05-14T09:30:00Z"),
        ("2024-05-14T09:30:00.5-03:00", "2024-05-14T09:30:00-03:00"),
        ("Tue, 14 May 2024 09:30:00 +0200 (CEST)", "2024-05-14T09:30:00+02:00"),
        ("2024/5/14", "2024-05-14"),
        ("D:20241314", ""),
        ("1601-01-01T00:00:00Z", ""),
        ("0000-00-00", ""),
        ("yesterday", ""),
        ("99999-77-01", ""),
        ("", ""),
    ],
)
def test_dates_are_in_iso_8601_as_exact_as_they_were(written: str, expected: str) -> None:
    assert iso_date(written) == expected


def test_properties_are_short_and_few() -> None:
    made = Stated()
    made.title("long " * 10_000)
    made.author(*(f"author {number}" for number in range(200)))
    made.keywords("a\ud800, \x00b, ,a\ud800")
    found = made.properties()
    assert len(found.title or "") <= 500
    assert len(found.authors) == 50
    assert found.keywords == ("a", "b")
    assert DocumentProperties.of(found.values()) == found


@pytest.mark.parametrize(
    "values",
    [
        {"title": 1},
        {"title": "x" * 501},
        {"authors": "Ada"},
        {"keywords": [1]},
        {"authors": [""] * 51},
    ],
)
def test_what_a_broken_process_sends_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="a property is no"):
        DocumentProperties.of(values)


def test_a_broken_answer_fails_the_file() -> None:
    with pytest.raises(UnreadableDocument):
        _section({"section": ["a", None, None, None, []], "properties": ["title"]})
