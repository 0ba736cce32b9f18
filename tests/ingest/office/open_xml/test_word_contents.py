"""What Word shows besides the words of paragraphs."""

from __future__ import annotations

import io
from pathlib import Path

import docx
import pytest
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml

from carrel.core.documents import Section
from carrel.ingest.office.word import WordReader
from carrel.ingest.text.list_numbers import list_number
from samples.damaged_files import zip_of
from samples.documents import write_docx
from samples.open_xml import parts_of, strict_form

NAMESPACES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:v="urn:schemas-microsoft-com:vml"'
)
A_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def read(path: Path) -> list[Section]:
    return list(WordReader().read(path))


def text_of(path: Path) -> str:
    return "\n".join(section.text for section in read(path))


def read_body(tmp_path: Path, xml: str, document: docx.document.Document | None = None) -> str:
    """Return the text of a document whose body holds the given XML."""
    document = document or docx.Document()
    body = document.element.body
    for position, element in enumerate(parse_xml(f"<w:body {NAMESPACES}>{xml}</w:body>")):
        body.insert(position, element)
    document.save(str(tmp_path / "a.docx"))
    return text_of(tmp_path / "a.docx")


def run(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def add_part(
    document: docx.document.Document, name: str, kind: str, data: bytes, relation: str
) -> str:
    part = Part(PackURI(name), kind, data, document.part.package)
    return document.part.relate_to(part, relation)


def test_symbols_ticks_and_choices_are_characters(tmp_path: Path) -> None:
    field = '<w:r><w:fldChar w:fldCharType="begin"><w:ffData>{}</w:ffData></w:fldChar></w:r>'
    xml = (
        f'<w:p>{run("Smoker ")}<w:r><w:sym w:font="Wingdings" w:char="F0FE"/></w:r>{run(" yes ")}'
        f'<w:r><w:sym w:font="Wingdings" w:char="F0A8"/></w:r>{run(" no, angle ")}'
        '<w:r><w:sym w:font="Symbol" w:char="F062"/></w:r></w:p>'
        "<w:p>"
        + field.format('<w:checkBox><w:default w:val="0"/><w:checked/></w:checkBox>')
        + run(" paid ")
        + field.format('<w:checkBox><w:default w:val="0"/></w:checkBox>')
        + run(" open, color ")
        + field.format(
            '<w:ddList><w:result w:val="1"/><w:listEntry w:val="amber"/>'
            '<w:listEntry w:val="violet"/></w:ddList>'
        )
        + "</w:p>"
    )
    assert read_body(tmp_path, xml) == "Smoker ☑ yes ☐ no, angle β\n☒ paid ☐ open, color violet"


@pytest.mark.parametrize(
    ("math", "text"),
    [
        (
            "<m:r><m:t>E=m</m:t></m:r><m:sSup><m:e><m:r><m:t>c</m:t></m:r></m:e>"
            "<m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup>",
            "E=mc^2",
        ),
        (
            "<m:f><m:num><m:r><m:t>a+b</m:t></m:r></m:num><m:den><m:r><m:t>2</m:t></m:r></m:den>"
            "</m:f><m:rad><m:deg/><m:e><m:r><m:t>x</m:t></m:r></m:e></m:rad>",
            "(a+b)/2√x",
        ),
        (
            '<m:nary><m:naryPr><m:chr m:val="∑"/></m:naryPr>'
            "<m:sub><m:r><m:t>i=1</m:t></m:r></m:sub>"
            "<m:sup><m:r><m:t>n</m:t></m:r></m:sup><m:e><m:r><m:t>i</m:t></m:r></m:e></m:nary>",
            "∑_(i=1)^n i",
        ),
        (
            "<m:m><m:mr><m:e><m:r><m:t>a</m:t></m:r></m:e><m:e><m:r><m:t>b</m:t></m:r></m:e></m:mr>"
            "<m:mr><m:e><m:r><m:t>c</m:t></m:r></m:e><m:e><m:r><m:t>d</m:t></m:r></m:e></m:mr></m:m>",
            "■(a&b@c&d)",
        ),
    ],
)
def test_equations_are_linear_text(tmp_path: Path, math: str, text: str) -> None:
    xml = f"<w:p>{run('Here ')}<m:oMath>{math}</m:oMath>{run(' holds.')}</w:p>"
    assert read_body(tmp_path, xml) == f"Here {text} holds."


def test_readings_follow_their_characters(tmp_path: Path) -> None:
    xml = (
        f"<w:p><w:r><w:ruby><w:rt>{run('とうきょう')}</w:rt><w:rubyBase>{run('東京')}</w:rubyBase>"
        f"</w:ruby></w:r>{run('は首都です。')}</w:p>"
    )
    assert read_body(tmp_path, xml) == "東京(とうきょう)は首都です。"


def test_alternative_texts_follow_their_paragraph(tmp_path: Path) -> None:
    xml = (
        f'<w:p>{run("Figure 1")}<w:r><w:drawing><wp:inline><wp:docPr id="1" name="Picture 1" '
        'descr="Map of the harbor"/></wp:inline></w:drawing></w:r></w:p>'
        f'<w:p><w:r><w:pict><v:shape alt="Plan of pier 7"/></w:pict></w:r>{run("Figure 2")}</w:p>'
    )
    expected = "Figure 1\nImage: Map of the harbor\nFigure 2\nImage: Plan of pier 7"
    assert read_body(tmp_path, xml) == expected


def test_of_alternatives_one_is_read(tmp_path: Path) -> None:
    def box(text: str) -> str:
        return f"<w:txbxContent><w:p>{run(text)}</w:p></w:txbxContent>"

    xml = (
        f"<mc:AlternateContent><mc:Choice><w:p>{run('new')}</w:p></mc:Choice>"
        f"<mc:Fallback><w:p>{run('old')}</w:p></mc:Fallback></mc:AlternateContent>"
        f"<w:p><w:r><mc:AlternateContent><mc:Choice/><mc:Fallback>{box('only here')}"
        "</mc:Fallback></mc:AlternateContent></w:r></w:p>"
    )
    assert read_body(tmp_path, xml) == "new\nonly here"


def test_headers_and_footers_come_last_and_once(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("The goods arrive in ten days.")
    first = document.sections[0]
    first.header.paragraphs[0].text = "Contract KX-4471"
    first.footer.paragraphs[0].text = "- 3 -"
    second = document.add_section()
    second.header.is_linked_to_previous = False
    second.header.paragraphs[0].text = "Contract KX-4471"
    second.footer.is_linked_to_previous = False
    second.footer.add_table(1, 2, 100).cell(0, 0).text = "Versión 3.2"
    document.save(str(tmp_path / "a.docx"))
    assert read(tmp_path / "a.docx") == [
        Section("The goods arrive in ten days."),
        Section("Header: Contract KX-4471\nFooter: Versión 3.2"),
    ]


def test_comments_follow_what_they_are_on(tmp_path: Path) -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("The rent is 900 euros.")
    document.add_comment(paragraph.runs, text="Raised to 950.", author="Zoë")
    table = document.add_table(1, 2)
    table.cell(0, 0).text = "Deposit"
    cell = table.cell(0, 1).paragraphs[0]
    cell.text = "300"
    document.add_comment(cell.runs, text="Paid in May.", author="")
    document.add_paragraph("End.")
    document.save(str(tmp_path / "a.docx"))
    assert text_of(tmp_path / "a.docx") == (
        "The rent is 900 euros.\nComment (Zoë): Raised to 950.\n"
        "Deposit | 300\nComment: Paid in May.\nEnd."
    )


def test_notes_follow_the_paragraph_that_refers_to_them(tmp_path: Path) -> None:
    document = docx.Document()
    xml = (
        f"<w:footnotes {NAMESPACES}>"
        f'<w:footnote w:id="1"><w:p>{run("Without rafts.")}</w:p></w:footnote></w:footnotes>'
    )
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
    relation = RELATIONSHIP_TYPE.FOOTNOTES
    add_part(document, "/word/footnotes.xml", kind, xml.encode(), relation)
    mark = '<w:r><w:footnoteReference w:id="1"/></w:r>'
    body = f"<w:p>{run('Boats')}{mark}</w:p><w:p>{run('End')}</w:p>"
    assert read_body(tmp_path, body, document) == "Boats\nWithout rafts.\nEnd"


LEVELS = (
    '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="{0}"/><w:lvlText w:val="%1."/></w:lvl>'
    '<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="{1}"/><w:lvlText w:val="{2}"/></w:lvl>'
)


@pytest.mark.parametrize(
    ("first", "second", "pattern", "expected"),
    [
        ("decimal", "decimal", "%1.%2", ["1.", "1.1", "1.2", "2.", "2.1"]),
        ("upperRoman", "lowerLetter", "(%2)", ["I.", "(a)", "(b)", "II.", "(a)"]),
        ("japaneseCounting", "aiueo", "%1-%2", ["一.", "一-ア", "一-イ", "二.", "二-ア"]),
        ("russianLower", "bullet", "•", ["а.", "", "", "б.", ""]),
    ],
)
def test_numbers_are_counted_as_word_counts(
    tmp_path: Path, first: str, second: str, pattern: str, expected: list[str]
) -> None:
    document = docx.Document()
    root = document.part.numbering_part.element
    for child in list(root):
        root.remove(child)
    levels = LEVELS.format(first, second, pattern)
    definition = f'<w:abstractNum w:abstractNumId="5">{levels}</w:abstractNum>'
    number = '<w:num w:numId="7"><w:abstractNumId w:val="5"/></w:num>'
    for element in parse_xml(f"<w:numbering {NAMESPACES}>{definition}{number}</w:numbering>"):
        root.append(element)
    xml = "".join(
        f'<w:p><w:pPr><w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="7"/></w:numPr></w:pPr>'
        f"{run('clause')}</w:p>"
        for level in (0, 1, 1, 0, 1)
    )
    lines = read_body(tmp_path, xml, document).split("\n")
    assert lines == [f"{number} clause".strip() for number in expected]


def test_styles_bring_their_numbers_and_another_list_its_own(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    document = docx.Document()
    for text in ("rent", "roof"):
        document.add_paragraph(text, style="List Number")
    document.add_paragraph("plain")
    document.add_paragraph("pets", style="List Number")
    document.save(str(path))
    assert text_of(path) == "1. rent\n2. roof\nplain\n3. pets"


@pytest.mark.parametrize(
    ("number", "kind", "text"),
    [
        (4, "lowerRoman", "iv"),
        (1994, "upperRoman", "MCMXCIV"),
        (28, "upperLetter", "BB"),
        (7, "decimalZero", "07"),
        (12, "thaiNumbers", "๑๒"),
        (21, "chineseCounting", "二十一"),
        (3, "hebrew2", "ג"),
        (3, "decimalEnclosedCircle", "③"),
        (99, "decimalEnclosedCircle", "99"),
        (5, "none", ""),
    ],
)
def test_numbers_are_written_as_their_format_asks(number: int, kind: str, text: str) -> None:
    assert list_number(number, kind) == text


def docx_bytes(text: str) -> bytes:
    stream = io.BytesIO()
    document = docx.Document()
    document.add_paragraph(text)
    document.save(stream)
    return stream.getvalue()


WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
ARCHIVE = b"Content-Type: text/html; charset=iso-8859-2\n\n<p>Przyk\xb3ad</p>"


@pytest.mark.parametrize(
    ("kind", "data", "text"),
    [
        ("text/html", b"<h1>Deposit</h1><p>300 francs</p>", "Deposit\n300 francs"),
        ("text/plain", "Kaution größer".encode("cp1252"), "Kaution größer"),
        ("application/rtf", rb"{\rtf1 300 francs}", "300 francs"),
        ("message/rfc822", ARCHIVE, "Przykład"),
        (WORD, docx_bytes("inner words"), "inner words"),
    ],
)
def test_embedded_documents_are_read_in_their_place(
    tmp_path: Path, kind: str, data: bytes, text: str
) -> None:
    document = docx.Document()
    key = add_part(document, "/word/chunk.bin", kind, data, f"{A_REL}/aFChunk")
    xml = f'<w:p>{run("Before")}</w:p><w:altChunk r:id="{key}"/><w:p>{run("After")}</w:p>'
    assert read_body(tmp_path, xml, document) == f"Before\n{text}\nAfter"


def test_an_embedded_document_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    document = docx.Document()
    key = add_part(document, "/word/chunk.bin", "image/wmf", b"x", f"{A_REL}/aFChunk")
    read_body(tmp_path, f'<w:p>{run("Before")}</w:p><w:altChunk r:id="{key}"/>', document)
    (section,) = read(tmp_path / "a.docx")
    assert section.text == "Before"
    assert section.remarks == (
        "a part of it is left out: an embedded document of type image/wmf cannot be read",
    )


def test_the_strict_form_is_read_like_the_ordinary_one(tmp_path: Path) -> None:
    path = write_docx(tmp_path / "a.docx", ["Alpha", ("Rent", 1), [["Year", "Sum"], ["2020", "3"]]])
    ordinary = read(path)
    path.write_bytes(zip_of(strict_form(parts_of(path))))
    assert read(path) == ordinary
