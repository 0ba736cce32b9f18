"""Glyphs without an outline: fonts that are not there, and invisible ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from carrel.ingest.pdf.pdf import PdfReader
from samples.pdfs import FIRST_FREE, drawn_font, stream, write_page

LATIN = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"


LATIN_LINE = b"BT /F2 12 Tf 72 650 Td (Latin 2016) Tj ET\n"


def write_single_glyphs(
    path: Path, text: str, encoding: str, ordering: str, codec: str, advance: int = 17
) -> Path:
    """Write each character as a text of its own, in a font that is not embedded."""
    content = LATIN_LINE
    for place, each in enumerate(text):
        if each != " ":
            code = each.encode(codec).hex().encode()
            content += b"BT /F1 16 Tf %d 700 Td <%s> Tj ET\n" % (72 + advance * place, code)
    return write_in_absent_font(path, content, encoding.encode(), ordering)


def write_in_absent_font(path: Path, content: bytes, name: bytes, ordering: str) -> Path:
    objects = [
        b"<</Type/Font/Subtype/Type0/BaseFont/Absent/Encoding/%s/DescendantFonts[6 0 R]>>" % name,
        b"<</Type/Font/Subtype/CIDFontType2/BaseFont/Absent/DW 1000/FontDescriptor 7 0 R"
        b"/CIDSystemInfo<</Registry(Adobe)/Ordering(%s)/Supplement 2>>>>" % ordering.encode(),
        b"<</Type/FontDescriptor/FontName/Absent/Flags 4/FontBBox[0 -200 1000 900]"
        b"/ItalicAngle 0/Ascent 859/Descent -141/CapHeight 700/StemV 80>>",
        LATIN,
    ]
    return write_page(path, content, b"/F1 5 0 R/F2 8 0 R", objects)


@pytest.mark.parametrize(
    ("text", "encoding", "ordering", "codec"),
    [
        ("本公司二零一六年度报告", "GBK-EUC-H", "GB1", "gbk"),
        ("最初の列です", "UniJIS-UTF16-H", "Japan1", "utf-16-be"),
        ("연간보고서", "KSCms-UHC-H", "Korea1", "cp949"),
        ("年度報告書", "ETen-B5-H", "CNS1", "big5"),
    ],
    ids=["Chinese", "Japanese", "Korean", "traditional"],
)
def test_single_glyphs_of_a_font_that_is_not_embedded_are_read(
    tmp_path: Path, text: str, encoding: str, ordering: str, codec: str
) -> None:
    path = write_single_glyphs(tmp_path / "a.pdf", text, encoding, ordering, codec)
    (section,) = PdfReader().read(path)
    assert set(section.text.split("\n")) == {text, "Latin 2016"}


def test_spaced_ideographs_are_one_word_and_korean_words_are_apart(tmp_path: Path) -> None:
    path = write_single_glyphs(
        tmp_path / "a.pdf", "年度報告書", "UniCNS-UTF16-H", "CNS1", "utf-16-be", 21
    )
    (section,) = PdfReader().read(path)
    assert "年度報告書" in section.text.split("\n")
    path = write_single_glyphs(
        tmp_path / "b.pdf", "둘째 줄", "UniKS-UTF16-H", "Korea1", "utf-16-be"
    )
    (section,) = PdfReader().read(path)
    assert "둘째 줄" in section.text.split("\n")


def test_vertical_lines_follow_each_other_from_the_right(tmp_path: Path) -> None:
    lines = [(400, "縦書きの最初の列"), (370, "次の列です"), (340, "終わりの列")]
    content = b"".join(
        b"BT /F1 16 Tf %d 700 Td <%s> Tj ET\n" % (x, text.encode("utf-16-be").hex().encode())
        for x, text in reversed(lines)
    )
    path = write_in_absent_font(tmp_path / "a.pdf", content, b"UniJIS-UTF16-V", "Japan1")
    (section,) = PdfReader().read(path)
    assert section.text.split("\n") == [text for _, text in lines]


def test_single_invisible_letters_of_a_recognised_scan_are_read(tmp_path: Path) -> None:
    codes = {65: "a", 66: "5", 67: "b", 68: "o", 69: "t"}
    font = drawn_font(codes, FIRST_FREE)
    font[2] = stream(b"600 0 0 0 0 0 d1")
    words = [(72, b"A"), (120, b"CDE"), (190, b"B")]
    content = b"".join(b"BT 3 Tr /F1 20 Tf %d 700 Td (%s) Tj ET\n" % (x, word) for x, word in words)
    (section,) = PdfReader().read(write_page(tmp_path / "a.pdf", content, b"/F1 5 0 R", font))
    assert section.text.split() == ["a", "bot", "5"]
