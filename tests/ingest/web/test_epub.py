from __future__ import annotations

from pathlib import Path

import pytest

from carrel.core.documents import Section
from carrel.core.errors import EncryptedDocument, UnreadableDocument
from carrel.ingest.web import epub
from carrel.ingest.web.epub import EPUBReader
from samples.damaged_files import zip_of
from samples.open_documents import OBFUSCATED_FONT, encryption_xml, write_epub
from samples.open_xml import parts_of

CHAPTERS = {"a.xhtml": "<h1>Alpha</h1><p>one</p>", "b.xhtml": "<p>two</p>"}
ENCRYPTION = "META-INF/encryption.xml"
AES = "http://www.w3.org/2001/04/xmlenc#aes128-cbc"


def read(path: Path) -> list[Section]:
    return list(EPUBReader().read(path))


def test_chapters_come_in_reading_order_each_heading_a_section(tmp_path: Path) -> None:
    path = write_epub(tmp_path / "a.epub", CHAPTERS, spine=["b.xhtml", "a.xhtml"])
    assert read(path) == [
        Section("two", heading="b.xhtml"),
        Section("Alpha\none", heading="Alpha"),
    ]


def test_the_contents_of_a_book_are_read_if_they_are_one_of_its_pages(tmp_path: Path) -> None:
    contents = '<h1>Inhalt</h1><nav><ol><li><a href="b.xhtml">Fähren</a></li></ol></nav>'
    path = write_epub(tmp_path / "a.epub", {"a.xhtml": contents, "b.xhtml": "<p>Text</p>"})
    parts = parts_of(path)
    [package] = [name for name in parts if name.endswith(".opf")]
    marked = parts[package].replace(b"<item ", b'<item properties="nav" ', 1)
    path.write_bytes(zip_of(parts | {package: marked}))
    assert read(path) == [
        Section("Inhalt", heading="Inhalt"),
        Section("1. Fähren", heading="Navigation"),
        Section("Text", heading="b.xhtml"),
    ]


def test_a_chapter_is_read_as_a_web_page_is(tmp_path: Path) -> None:
    body = (
        '<nav><a href="b">Contents</a></nav><h2><a id="x"/>One <i>two</i></h2>'
        "<script/><p>a&nbsp;b<br/>c<sup/>d</p><table><tr><td>e</td><td>f</td></tr></table>"
    )
    path = write_epub(tmp_path / "a.epub", {"a.xhtml": body})
    assert read(path) == [
        Section("One two\na b\ncd\ne | f", heading="One two"),
        Section("Contents", heading="Navigation"),
    ]


def test_a_name_with_a_space_is_found(tmp_path: Path) -> None:
    path = write_epub(tmp_path / "a.epub", {"chapter%20one.xhtml": "<p>text</p>"})
    assert [section.text for section in read(path)] == ["text"]


def test_a_chapter_that_the_order_names_a_thousand_times_is_read_once(tmp_path: Path) -> None:
    path = write_epub(tmp_path / "a.epub", CHAPTERS, spine=["b.xhtml"] * 1000)
    assert [section.text for section in read(path)] == ["two"]


def test_fonts_that_are_garbled_do_no_harm(tmp_path: Path) -> None:
    extra = {ENCRYPTION: encryption_xml(OBFUSCATED_FONT)}
    path = write_epub(tmp_path / "a.epub", CHAPTERS, extra=extra)
    assert len(read(path)) == 2


@pytest.mark.parametrize(
    ("part", "owner"),
    [
        ("META-INF/rights.xml", "Adobe DRM"),
        ("META-INF/license.lcpl", "Readium LCP"),
        ("META-INF/sinf.xml", "Apple FairPlay"),
        ("META-INF/other.xml", "encryption"),
    ],
)
def test_a_copy_protection_is_refused_by_name(tmp_path: Path, part: str, owner: str) -> None:
    extra = {ENCRYPTION: encryption_xml(OBFUSCATED_FONT, AES), part: "<rights/>"}
    path = write_epub(tmp_path / "a.epub", CHAPTERS, extra=extra)
    with pytest.raises(EncryptedDocument, match=rf"copy protected \({owner}\)"):
        read(path)


def test_an_encrypted_part_without_an_algorithm_is_refused(tmp_path: Path) -> None:
    xml = encryption_xml(AES).replace(f'<enc:EncryptionMethod Algorithm="{AES}"/>', "")
    assert "Method" not in xml
    path = write_epub(tmp_path / "a.epub", CHAPTERS, extra={ENCRYPTION: xml})
    with pytest.raises(EncryptedDocument, match="copy protected"):
        read(path)


def test_a_book_without_its_list_of_chapters_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "a.epub"
    path.write_bytes(zip_of({"META-INF/container.xml": b"<container/>"}))
    with pytest.raises(UnreadableDocument, match="list of chapters is missing"):
        read(path)


def test_a_chapter_of_absurd_size_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(epub, "MOST_PART_BYTES", 1 << 20)
    path = write_epub(tmp_path / "a.epub", {"a.xhtml": "x" * (1 << 20)})
    with pytest.raises(UnreadableDocument, match="more than 1 MB"):
        read(path)


def test_entities_that_multiply_in_the_list_of_chapters_are_refused(tmp_path: Path) -> None:
    entities = ['<!ENTITY e0 "' + "ha" * 500 + '">']
    for level in range(1, 9):
        entities.append(f'<!ENTITY e{level} "{f"&e{level - 1};" * 20}">')
    package = (
        f"<!DOCTYPE p [{''.join(entities)}]>"
        '<package xmlns="http://www.idpf.org/2007/opf">&e8;<manifest>'
        '<item id="a" href="text/a.xhtml" media-type="application/xhtml+xml"/></manifest>'
        '<spine><itemref idref="a"/></spine></package>'
    )
    path = write_epub(tmp_path / "a.epub", CHAPTERS, extra={"OEBPS/book.opf": package})
    with pytest.raises(UnreadableDocument, match="XML"):
        read(path)
