from __future__ import annotations

from pathlib import Path

import pytest

from carrel.core.documents import Section
from carrel.core.errors import UnreadableDocument
from carrel.ingest.web.web import WebReader
from samples.documents import write_html


def read_body(tmp_path: Path, body: str, title: str = "") -> list[Section]:
    return list(WebReader().read(write_html(tmp_path / "a.html", body, title)))


def text_of(tmp_path: Path, body: str) -> str:
    return "\n".join(section.text for section in read_body(tmp_path, body))


def test_headings_begin_sections_and_the_title_heads_what_is_before(tmp_path: Path) -> None:
    body = "<p>intro</p><h1>One <i>two</i></h1><p>a</p><p>b</p><h2>Three</h2>c"
    assert read_body(tmp_path, body, title="The title") == [
        Section("intro", heading="The title"),
        Section("One two\na\nb", heading="One two"),
        Section("Three\nc", heading="Three"),
    ]


def test_blocks_are_on_lines_of_their_own_and_inline_elements_do_not(tmp_path: Path) -> None:
    body = "<div>one<div>two</div>th<b>re</b>e<br>four</div><ul><li>five<li>six</ul>  se \n ven "
    assert text_of(tmp_path, body) == "one\ntwo\nthree\nfour\nfive\nsix\nse ven"


def test_the_label_of_a_control_is_seen_also_where_it_is_not_said(tmp_path: Path) -> None:
    body = (
        '<label aria-hidden="true">Main menu</label><p>Fares<span aria-hidden="true">*</span></p>'
        '<button aria-hidden="true">Buy</button><label aria-hidden="true" hidden>no</label>'
    )
    assert text_of(tmp_path, body).split() == ["Main", "menu", "Fares", "Buy"]


def test_menus_are_read_once_and_behind_the_text(tmp_path: Path) -> None:
    menu = "<h2>Site</h2><ul><li>Home<li>Prices</ul><nav>Down</nav>"
    body = (
        f"<header>Top<nav>{menu}</nav></header><h1>Ferries</h1><p>They <b role=navigation>Skip</b>"
        f" sail.</p><nav class=small>{menu}</nav><nav aria-hidden=true>no</nav><footer>End</footer>"
    )
    path = write_html(tmp_path / "a.html", body)
    assert list(WebReader().read(path)) == [
        Section("Top"),
        Section("Ferries\nThey sail.\nEnd", heading="Ferries"),
        Section("Site\nHome\nPrices\nDown\nSkip", heading="Navigation"),
    ]


def test_what_is_not_shown_is_left_out_and_the_text_behind_it_is_not(tmp_path: Path) -> None:
    body = (
        "<script>a</script>1<style>b</style>2<nav hidden>c</nav>3<noscript>d</noscript>4"
        '<p hidden>e</p>5<span style="color:red; Display : None">f</span>6'
        '<i aria-hidden="true">g</i>7<template>h</template>8<!-- i -->9'
        '<div role="navigation" style="display:none">j</div>0'
    )
    assert "".join(text_of(tmp_path, body).split()) == "1234567890"


def test_tables_read_row_by_row(tmp_path: Path) -> None:
    body = (
        "before<table><caption>Sales</caption><thead><tr><th>Year</th><th>Sum</th></tr></thead>"
        "<tr><td><p>2020</p></td><td>1<br>5</td></tr><tr><td></td><td>x</td></tr></table>after"
    )
    assert text_of(tmp_path, body) == (
        "before\nSales\nYear | Sum\nYear: 2020; Sum: 1 5\nSum: x\nafter"
    )


def test_cells_of_a_layout_table_are_blocks_and_the_table_inside_has_rows(tmp_path: Path) -> None:
    body = (
        "<table><tr><td>left</td><td><h2>Right</h2>"
        "<table><tr><td>a</td><td>b</td></tr></table></td></tr></table>"
    )
    assert read_body(tmp_path, body) == [
        Section("left"),
        Section("Right\na | b", heading="Right"),
    ]


def test_preformatted_text_keeps_its_lines(tmp_path: Path) -> None:
    assert text_of(tmp_path, "<pre>a\n  b\n\nc</pre><p>d\ne</p>") == "a\n  b\n\nc\nd e"


def test_entities_are_characters_and_no_file_is_read_for_them(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("private words")
    path = tmp_path / "a.html"
    path.write_text(
        f'<!DOCTYPE html [<!ENTITY file SYSTEM "{secret.as_uri()}">]>'
        "<p>&lt;caf&eacute;&gt; &#8364; &file;</p>"
    )
    text = "".join(section.text for section in WebReader().read(path))
    assert "<café> €" in text
    assert "private words" not in text


@pytest.mark.parametrize(
    "encoding", ["utf-8", "windows-1252", "iso-8859-1", "iso-8859-15", "utf-16"]
)
def test_western_pages_are_read_in_their_encoding(tmp_path: Path, encoding: str) -> None:
    path = write_html(tmp_path / "a.html", "<p>Où est l'été ? Größe, señor</p>", encoding=encoding)
    (section,) = WebReader().read(path)
    assert section.text == "Où est l'été ? Größe, señor"


@pytest.mark.parametrize("encoding", ["shift_jis", "euc-jp", "utf-8"])
def test_japanese_pages_are_read_in_their_encoding(tmp_path: Path, encoding: str) -> None:
    path = write_html(tmp_path / "a.html", "<p>売上高は増加した。</p>", encoding=encoding)
    (section,) = WebReader().read(path)
    assert section.text == "売上高は増加した。"


@pytest.mark.parametrize("encoding", ["utf-16-le", "no-such-encoding"])
def test_a_wrong_declaration_does_not_spoil_the_text(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.html"
    path.write_bytes(f'<meta charset="{encoding}"><p>Größe</p>'.encode())
    (section,) = WebReader().read(path)
    assert section.text == "Größe"


def test_xhtml_with_an_encoding_declaration_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    xhtml = "http://www.w3.org/1999/xhtml"
    path.write_text(
        f'<?xml version="1.0" encoding="iso-8859-1"?><html xmlns="{xhtml}"><p>été</p></html>',
        encoding="iso-8859-1",
    )
    (section,) = WebReader().read(path)
    assert section.text == "été"


def test_deep_nesting_is_read_and_absurd_nesting_is_named(tmp_path: Path) -> None:
    assert text_of(tmp_path, "<div>" * 1000 + "deep" + "</div>" * 1000) == "deep"
    with pytest.raises(UnreadableDocument, match="nested too deeply"):
        text_of(tmp_path, "<div>" * 50_000 + "deep")


def test_what_buttons_and_folded_parts_say_is_read(tmp_path: Path) -> None:
    body = (
        "<h2><button>How is it reset?</button></h2><div>Hold the key.</div>"
        "<details><summary>Warranty</summary>Two years.</details>"
    )
    assert text_of(tmp_path, body) == ("How is it reset?\nHold the key.\nWarranty\nTwo years.")


def test_form_fields_show_their_values(tmp_path: Path) -> None:
    body = (
        "<p>Model <select><option>red</option><option selected>blue</option></select>"
        "<select><option>first</option><option>second</option></select>"
        "<input value='Order 9913'> <input type=hidden value=token>"
        "<input type=password value=secret><input type=checkbox checked>yes"
        "<input type=radio>no <textarea>Remark 42</textarea> <input type=submit value=Send></p>"
    )
    assert text_of(tmp_path, body) == ("Model blue first Order 9913 ☑ yes ☐ no Remark 42 Send")


def test_pictures_and_drawings_show_their_words(tmp_path: Path) -> None:
    body = (
        "<p>Look: <img src=x alt='Closed on Mondays'><img src=y alt=''>"
        "<svg><title>Load</title><g><text>Peak <tspan>77 kW</tspan></text></g></svg> end</p>"
    )
    assert text_of(tmp_path, body) == "Look: Closed on Mondays Load Peak 77 kW end"


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        ("<mi>A</mi><mo>=</mo><mn>3</mn><mi>r</mi>", "A=3r"),
        ("<mi>E</mi><mo>=</mo><mi>m</mi><msup><mi>c</mi><mn>2</mn></msup>", "E=mc^2"),
        ("<mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mn>2</mn></mfrac>", "(a+b)/2"),
        ("<msqrt><mi>x</mi><mo>-</mo><mn>1</mn></msqrt>", "√(x-1)"),
        ("<mroot><mi>x</mi><mn>3</mn></mroot>", "∛x"),
        (
            "<munderover><mo>∑</mo><mrow><mi>i</mi><mo>=</mo><mn>1</mn></mrow><mi>n</mi>"
            "</munderover><msub><mi>x</mi><mi>i</mi></msub>",
            "∑_(i=1)^nx_i",
        ),
        (
            "<semantics><mtable><mtr><mtd><mi>a</mi></mtd><mtd><mi>b</mi></mtd></mtr></mtable>"
            "<annotation>LaTeX</annotation></semantics>",
            "■(a&b)",
        ),
    ],
)
def test_formulas_are_one_line_of_text(tmp_path: Path, formula: str, text: str) -> None:
    assert text_of(tmp_path, f"<p>It is <math>{formula}</math>.</p>") == f"It is {text} ."


def test_items_of_ordered_lists_have_their_numbers(tmp_path: Path) -> None:
    body = (
        "<ol start=2><li><p>Rent</p></li><li>Pets<ol type=a><li>dogs</li><li>cats</li></ol></li>"
        "</ol><ol reversed start=2><li value=9>x</li><li>y</li></ol><ul><li>plain</li></ul>"
    )
    assert text_of(tmp_path, body) == "2. Rent\n3. Pets\na. dogs\nb. cats\n9. x\n8. y\nplain"


def test_readings_of_characters_are_in_parentheses(tmp_path: Path) -> None:
    body = "<ruby>東京<rt>とうきょう</rt></ruby>へ<ruby>行<rp>(</rp><rt>い</rt><rp>)</rp></ruby>く"
    assert text_of(tmp_path, body) == "東京(とうきょう)へ行(い)く"
