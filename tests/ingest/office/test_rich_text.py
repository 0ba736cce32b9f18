from __future__ import annotations

import io
import tracemalloc
from pathlib import Path

import pytest

from carrel.core.documents import Section
from carrel.core.errors import UnreadableDocument
from carrel.ingest.office.rich_text import RichTextReader
from carrel.ingest.office.rich_text_tokens import Token, tokens
from samples.old_documents import write_rtf, write_rtf_body


def read(path: Path) -> list[Section]:
    return list(RichTextReader().read(path))


def read_body(path: Path, body: str) -> str:
    write_rtf_body(path, body)
    return "\n".join(section.text for section in read(path))


def read_bytes(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    return "\n".join(section.text for section in read(path))


def test_paragraphs_tables_and_headings_come_in_document_order(tmp_path: Path) -> None:
    path = write_rtf(
        tmp_path / "a.rtf",
        ["Intro", ("Sales", 1), "Before", [["Year", "Sum"], ["2020", "3"]], "After", ("End", 2)],
    )
    assert read(path) == [
        Section("Intro"),
        Section("Sales\nBefore\nYear | Sum\nYear: 2020; Sum: 3\nAfter", heading="Sales"),
        Section("End", heading="End"),
    ]


def test_a_style_that_builds_on_a_heading_and_an_outline_level_are_headings(
    tmp_path: Path,
) -> None:
    head = (
        r"{\rtf1\ansi{\stylesheet{\s3 Heading 3;}{\s9\sbasedon3 Chapter of ours;}"
        r"{\*\cs4\additive Heading 4 Char;}{\cs5 Heading 5 Char;}{\s8\sbasedon8 Itself;}}"
    )
    body = (
        r"\pard\s9 Boats\par\pard\s8 They float.\par\pard\outlinelevel2 Rafts\par"
        r"\pard\outlinelevel9 They too.\par"
    )
    assert read(write_rtf_body(tmp_path / "a.rtf", body, head)) == [
        Section("Boats\nThey float.", heading="Boats"),
        Section("Rafts\nThey too.", heading="Rafts"),
    ]


def test_characters_are_read_in_every_form(tmp_path: Path) -> None:
    body = (
        r"caf\'e9 \u8364?100 \{a\\b\} non\_break\~space so\-ft\tab x\line y \lquote q\rquote"
        r" \u-10179?\u-8704? \emdash\uc2 \u960pi\uc0\u931 !"
    )
    text = read_body(tmp_path / "a.rtf", body)
    assert text == "café €100 {a\\b} non-break\xa0space soft\tx\ny ‘q’\U0001f600 —πΣ!"


def test_fonts_say_in_which_encoding_bytes_are(tmp_path: Path) -> None:
    head = (
        r"{\rtf1\ansi\ansicpg1250\deff0{\fonttbl{\f0 Arial;}{\f1\fcharset204 Arial Cyr;}"
        r"{\f2\fcharset128 MS Mincho;}{\f3\cpg1253 Other;}}"
    )
    body = r"\'b9 {\f1 \'cf\'f0}{\f2 \'8c\'a9\'83e} {\f3\'e1} \f1\'e4\plain\'e8"
    write_rtf_body(tmp_path / "a.rtf", body, head)
    assert [each.text for each in read(tmp_path / "a.rtf")] == ["ą Пр見テ α дč"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (r"\mac", "é"),
        (r"\pc", "Ä"),
        (r"\ansi\ansicpg1251", "Ћ"),
        (r"\ansi\ansicpg99999", "Ž"),
    ],
)
def test_the_head_says_in_which_encoding_bytes_are(
    tmp_path: Path, words: str, expected: str
) -> None:
    write_rtf_body(tmp_path / "a.rtf", r"\'8e", rf"{{\rtf1{words}")
    assert [each.text for each in read(tmp_path / "a.rtf")] == [expected]


def test_raw_bytes_beyond_ascii_are_read_in_the_encoding_of_the_document(tmp_path: Path) -> None:
    data = b"{\\rtf1\\ansi\\ansicpg1252 caf\xe9}"
    assert read_bytes(tmp_path / "a.rtf", data) == "café"


def test_what_is_not_text_of_the_document_is_left_out(tmp_path: Path) -> None:
    body = (
        r"{\info{\title Title}}{\header head}{\footerl foot}{\*\generator Writer;}"
        r"{\pict\pngblip 89504e470d0a}{\*\unknown {inner {\footnote not this}}}"
        r"kept {\v hidden}{\deleted old}{\field{\*\fldinst HYPERLINK x}{\fldrslt link}}"
        r"{\xe entry}{\annotation remark}{\object{\*\objdata 0105}{\result shown}}"
        r"{\upr{ansi}{\*\ud{unicode}}}"
    )
    assert read_body(tmp_path / "a.rtf", body) == "kept linkshownunicode"


def test_notes_and_text_boxes_follow_their_paragraph(tmp_path: Path) -> None:
    body = (
        r"Boats{\super\chftn{\footnote\pard\plain {\super\chftn} Without\par rafts.}} sold"
        r"{\shp{\*\shpinst\shpleft1{\sp{\sn name}{\sv value}}{\shptxt\pard boxed\par}}"
        r"{\shprslt{\*\do{\dptxbxtext boxed}}}}.\par Next\par"
    )
    assert read_body(tmp_path / "a.rtf", body) == "Boats sold.\nWithout\nrafts.\nboxed\nNext"


def test_numbers_of_a_list_are_read_and_pictured_bullets_are_not(tmp_path: Path) -> None:
    body = (
        r"{\listtext\pard 3.2\tab}Delivery\par{\listtext\pard\u-3944\'3f\tab}Boats\par"
        r"{\listtext\pard\f0 \u61623 ?\tab}Rafts\par"
    )
    assert read_body(tmp_path / "a.rtf", body) == "3.2\tDelivery\nBoats\nRafts"


def test_a_cell_of_several_paragraphs_and_a_table_in_it_are_one_line(tmp_path: Path) -> None:
    body = (
        r"\trowd\pard\intbl one\par two\cell a{\nestcell}b{\nonesttables\par}"
        r"{\*\nesttableprops\trowd\nestrow}\cell\cell\row\pard after\par"
    )
    assert read_body(tmp_path / "a.rtf", body) == "one two | a b\nafter"


def test_a_table_of_many_rows_keeps_its_heads(tmp_path: Path) -> None:
    rows = [["Tank", "Litres"], *([f"T{number}", str(number)] for number in range(4_500))]
    lines = "\n".join(each.text for each in read(write_rtf(tmp_path / "a.rtf", [rows]))).split("\n")
    assert lines[0] == "Tank | Litres"
    assert lines[1:] == [f"Tank: T{number}; Litres: {number}" for number in range(4_500)]


def test_raised_digits_are_no_digits_of_a_number(tmp_path: Path) -> None:
    body = r"{10\super 6} bolts, 240\super 1\nosupersub , 3 m{\up6 2}, H{\sub 2}O, {5\dn4\plain 6}"
    text = "10^6 bolts, 240[1], 3 m^2, H2O, 56"
    assert read_body(tmp_path / "a.rtf", body) == text


def test_a_row_without_end_is_read(tmp_path: Path) -> None:
    assert read_body(tmp_path / "a.rtf", r"\intbl a\cell b\cell") == "a | b"


def test_pictures_in_raw_bytes_are_passed_over(tmp_path: Path) -> None:
    picture = b"}{\\par\x00" * 40_000
    data = b"{\\rtf1 before{\\pict\\bin%d %s}after}" % (len(picture), picture)
    assert read_bytes(tmp_path / "a.rtf", data) == "beforeafter"


def test_a_picture_longer_than_the_file_ends_it(tmp_path: Path) -> None:
    data = b"{\\rtf1 before{\\pict\\bin2000000000 abc}after}"
    assert read_bytes(tmp_path / "a.rtf", data) == "before"


def test_braces_that_do_not_match_do_no_harm(tmp_path: Path) -> None:
    assert read_bytes(tmp_path / "a.rtf", b"{\\rtf1 a}}} b{c\\par d\\") == "a bc\nd"


def test_groups_without_end_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableDocument, match="nested too deeply"):
        read_bytes(tmp_path / "a.rtf", b"{\\rtf1 " + b"{" * 2_000)


def test_a_token_is_whole_wherever_a_block_ends() -> None:
    body = b"word \\control-123 \\'e9{\\b x}" * 9_000
    expected = [
        Token(text=b"word "),
        Token("control", -123),
        Token(text=b"\xe9", symbol="'"),
        Token(symbol="{"),
        Token("b"),
        Token(text=b"x"),
        Token(symbol="}"),
    ]
    found: list[Token] = []
    for token in tokens(io.BytesIO(body)):
        # A run of text may be cut.
        if found and found[-1].text and token.text and not (found[-1].symbol or token.symbol):
            found[-1] = Token(text=found[-1].text + token.text)
        else:
            found.append(token)
    assert found == expected * 9_000


def test_memory_does_not_grow_with_the_document(tmp_path: Path) -> None:
    def peak(repeats: int) -> int:
        write_rtf_body(tmp_path / "a.rtf", "some words of text without an end " * repeats)
        tracemalloc.start()
        try:
            for _ in RichTextReader().read(tmp_path / "a.rtf"):
                pass
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(10)
    assert peak(60_000) < 1.5 * peak(15_000)
