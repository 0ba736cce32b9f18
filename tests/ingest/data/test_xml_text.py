from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from carrel.core.documents import Section
from carrel.core.errors import EmptyDocument, UnreadableDocument
from carrel.ingest.data.xml_text import MOST_MARKUP_BYTES, XmlReader
from samples.documents import write_text


def read(tmp_path: Path, text: str, encoding: str = "utf-8") -> list[Section]:
    return list(XmlReader().read(write_text(tmp_path / "a.xml", text, encoding)))


def text_of(tmp_path: Path, text: str) -> str:
    (section,) = read(tmp_path, text)
    return section.text


def test_elements_are_lines_with_their_names(tmp_path: Path) -> None:
    text = (
        '<?xml version="1.0"?>\n<!-- note --><shop xmlns:x="urn:y">\n'
        "  <item id='1'><x:name>Blue  lamp</x:name><price>12.50</price></item>\n"
        "  <item><name>Größe &amp; <![CDATA[<Maß>]]></name><empty/></item>\n</shop>"
    )
    assert read(tmp_path, text) == [
        Section("item (id: 1)\nname: Blue lamp\nprice: 12.50\nname: Größe & <Maß>")
    ]


def test_attributes_follow_the_name_of_their_element(tmp_path: Path) -> None:
    text = (
        '<o:shop xmlns:o="urn:o"><o:item sku="AB-1029/7" price="3.50">'
        '<o:name xml:lang="en">Gasket</o:name></o:item><o:item sku="Z9" price="8"/></o:shop>'
    )
    assert text_of(tmp_path, text) == (
        "item (sku: AB-1029/7; price: 3.50)\nname: Gasket\nitem (sku: Z9; price: 8)"
    )
    page = '<alto><String CONTENT="Größe" WC=" "/><sum currency="CHF">12</sum></alto>'
    assert text_of(tmp_path, page) == "String (CONTENT: Größe)\nsum (currency: CHF): 12"


def test_attributes_in_running_text_are_read_where_an_element_has_nothing_else(
    tmp_path: Path,
) -> None:
    text = '<d><p n="1">See <ref target="X-12"/> and <b class="c">this</b>.</p><q>z</q></d>'
    assert text_of(tmp_path, text) == "p (n: 1): See ref (target: X-12) and this.\nq: z"


def test_running_text_stays_on_its_line(tmp_path: Path) -> None:
    assert text_of(tmp_path, "<d><p>a <b>c</b> <i>d</i> e</p><p>next</p></d>") == "a c d e\np: next"
    assert text_of(tmp_path, "<d><p><b>Bold</b> start</p><q><r>x</r></q></d>") == "Bold start\nr: x"
    assert text_of(tmp_path, "<p>only <b><i>deep</i></b></p>") == "only deep"


@pytest.mark.parametrize(
    "declaration",
    [
        '<!ENTITY a SYSTEM "file:///etc/passwd">',
        '<!ENTITY % p SYSTEM "http://127.0.0.1/x.dtd"> %p;',
    ],
)
def test_entities_of_other_files_are_refused_and_nothing_is_fetched(
    tmp_path: Path, declaration: str
) -> None:
    with pytest.raises(UnreadableDocument, match="declares an entity"):
        read(tmp_path, f"<!DOCTYPE d [{declaration}]><d>&a;</d>")


def test_short_entities_are_resolved(tmp_path: Path) -> None:
    declarations = '<!ENTITY co "Mühle &amp; Söhne"><!ENTITY full "&co; AG">'
    text = f"<!DOCTYPE d [{declarations}]><d><p>The firm is &full; in <b>Bern</b></p></d>"
    assert text_of(tmp_path, text) == "The firm is Mühle & Söhne AG in Bern"


def test_pictures_declared_as_entities_do_no_harm(tmp_path: Path) -> None:
    declarations = '<!NOTATION TIF SYSTEM "tif"><!ENTITY D01 SYSTEM "US1-D01.TIF" NDATA TIF>'
    text = f'<!DOCTYPE d SYSTEM "x.dtd" [{declarations}]><d><img file="D01"/><p>claim</p></d>'
    assert text_of(tmp_path, text) == "img (file: D01)\np: claim"


def test_characters_of_html_need_no_declaration(tmp_path: Path) -> None:
    assert text_of(tmp_path, "<d><p>caf&eacute;&nbsp;&mdash; &own;</p></d>") == "p: café — &own;"


def test_a_billion_laughs_end_while_they_are_declared(tmp_path: Path) -> None:
    laughs = '<!ENTITY l0 "ha">' + "".join(
        f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10)
    )
    with pytest.raises(UnreadableDocument, match=r"\(l4\) of more than 10,000"):
        read(tmp_path, f"<!DOCTYPE d [{laughs}]><d>&l9;</d>")


def test_a_document_type_that_is_only_named_does_no_harm(tmp_path: Path) -> None:
    text = '<!DOCTYPE d SYSTEM "http://127.0.0.1/missing.dtd"><d><e>x</e></d>'
    assert text_of(tmp_path, text) == "e: x"


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16"),
        ("cp1252", "iso-8859-1"),
        ("shift_jis", "Shift_JIS"),
        ("utf-8", "no-such"),
    ],
)
def test_encodings_are_followed(tmp_path: Path, encoding: str, declared: str) -> None:
    word = "売上高" if encoding == "shift_jis" else "Größe"
    text = f'\n<?xml version="1.0" encoding="{declared}"?><d><e>{word}</e></d>'
    assert read(tmp_path, text, encoding) == [Section(f"e: {word}")]


def test_broken_xml_is_named_with_line_and_column(tmp_path: Path) -> None:
    with pytest.raises(UnreadableDocument, match=r"broken in line 2, column 6$"):
        read(tmp_path, "<a>\n<b></c></a>")
    with pytest.raises(UnreadableDocument, match="broken in line 1"):
        read(tmp_path, "<a><b>cut")
    with pytest.raises(UnreadableDocument, match=r"broken in line 1, column 1$"):
        read(tmp_path, "no xml")


def test_deep_nesting_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableDocument, match="nested too deeply"):
        read(tmp_path, "<a>" * 100_000)


@pytest.mark.parametrize("opening", ["<", "<!--", '<a x="'])
def test_markup_without_an_end_is_not_read_to_the_end(tmp_path: Path, opening: str) -> None:
    with pytest.raises(UnreadableDocument, match="never closed, or too long"):
        read(tmp_path, f"<d>{opening}" + "a" * (MOST_MARKUP_BYTES + 1_000_000))


def test_a_text_may_be_longer_than_markup(tmp_path: Path) -> None:
    for text in ("x" * (MOST_MARKUP_BYTES + 1), f"<![CDATA[{'x' * (MOST_MARKUP_BYTES + 1)}]]>"):
        assert len(text_of(tmp_path, f"<d>{text}</d>")) == len("d: ") + MOST_MARKUP_BYTES + 1


def test_elements_without_text_are_empty(tmp_path: Path) -> None:
    for text in (" \n", "<a><b/> \n</a>"):
        with pytest.raises(EmptyDocument):
            read(tmp_path, text)


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    item = f"<item><name>{'Blue lamp of the shop. ' * 9}</name><price>12.50</price></item>\n"
    path = write_text(tmp_path / "a.xml", f"<shop>{item * 30_000}</shop>")
    tracemalloc.start()
    try:
        count = sum(section.text.count("price: 12.50") for section in XmlReader().read(path))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 30_000
    assert peak < path.stat().st_size / 3
