"""Exports of a wiki, article by article, without their markup."""

from pathlib import Path

import pytest

from carrel.core.documents import Section
from carrel.core.errors import EmptyDocument, UnreadableDocument
from carrel.ingest.registry import default_registry
from carrel.ingest.wiki.wiki_markup import (
    MOST_PIECE_CHARACTERS,
    article_parts,
    pieces,
    without_comments,
)
from samples.wiki import END, HEAD, wiki_page, write_wiki

AACHEN = """{{Infobox city|name=Aachen|population={{formatnum:250000}}}}
[[Datei:Dom.jpg|thumb|The [[cathedral]]]]
'''Aachen''' ({{IPA|aːxn̩}}) is a ''spa'' [[city]] in [[Germany|the west of Germany]].<ref>A
note.</ref> It is {{convert|5|km}} from {{lang|nl|Vaals}}.<!-- checked -->

== History ==
It was settled&nbsp;early.<ref name="x" />
=== Middle Ages ===
Charlemagne <span style="color:red">resided</span> here; see [https://a.example the palace].
==== ====
* baths
* hills
== References ==
<references />
== Population ==
{| class="wikitable"
! Year !! People
|-
| 1900 || 135,245
|-
| 2020 || [[Census|248,960]]
|}
[[Kategorie:Spa towns]]
"""


def read(path: Path) -> list[Section]:
    return list(default_registry().reader_for(path, path.name).read(path))


def parts(text: str) -> list[tuple[str, str]]:
    return list(article_parts(text, {"file", "category"}))


def test_an_article_is_read_without_markup_under_its_title_and_sections(tmp_path: Path) -> None:
    path = write_wiki(tmp_path / "a.xml", [wiki_page("Aachen", AACHEN)])
    assert read(path) == [
        Section(
            "Aachen\n\nAachen is a spa city in the west of Germany. It is 5 km from Vaals.",
            heading="Aachen",
        ),
        Section("Aachen — History\n\nIt was settled early.", heading="Aachen — History"),
        Section(
            "Aachen — History — Middle Ages\n\nCharlemagne resided here; see the palace.",
            heading="Aachen — History — Middle Ages",
        ),
        Section(
            "Aachen — History — Middle Ages\n\n- baths\n- hills",
            heading="Aachen — History — Middle Ages",
        ),
        Section(
            "Aachen — Population\n\nYear | People\n1900 | 135,245\n2020 | 248,960",
            heading="Aachen — Population",
        ),
    ]


def test_only_articles_are_read(tmp_path: Path) -> None:
    pages = [
        wiki_page("Moved", "#REDIRECT [[Elsewhere]]", redirect=True),
        wiki_page("Talk:Rain", "Discussed.", namespace=1),
        wiki_page("Blank", " \n"),
        wiki_page("Data", '{"a": 1}', model="json"),
        wiki_page("Größe & Maß", "Text, 中文."),
    ]
    found = read(write_wiki(tmp_path / "a.xml", pages))
    assert found == [Section("Größe & Maß\n\nText, 中文.", heading="Größe & Maß")]


def test_an_export_without_articles_is_empty(tmp_path: Path) -> None:
    with pytest.raises(EmptyDocument, match=r"^it holds no text$"):
        read(write_wiki(tmp_path / "a.xml", []))


def test_the_last_of_several_revisions_is_read(tmp_path: Path) -> None:
    page = wiki_page("Rain", "old")
    newer = page[page.index("    <revision>") : page.index("  </page>")].replace("old", "new")
    path = write_wiki(tmp_path / "a.xml", [page.replace("  </page>", f"{newer}  </page>")])
    assert [section.text for section in read(path)] == ["Rain\n\nnew"]


def test_a_broken_page_is_left_out_and_the_next_one_read(tmp_path: Path) -> None:
    deep = wiki_page("Deep", "x").replace("<comment>", "<a>" * 30).replace("</comment>", "")
    nameless = wiki_page("", "x")
    entity = wiki_page("Bomb", "x").replace("<comment>", "<comment>&lol;")
    path = write_wiki(tmp_path / "a.xml", [deep, nameless, entity, wiki_page("Rain", "Falls.")])
    assert [section.heading for section in read(path)] == ["Rain"]


def test_entities_that_an_export_declares_are_never_unpacked(tmp_path: Path) -> None:
    bomb = f'<!DOCTYPE a [<!ENTITY lol "lol"><!ENTITY b "{"&lol;" * 10}">]>{HEAD}'
    pages = [wiki_page("Bomb", "x").replace("<comment>", "<comment>&b;"), wiki_page("Rain", "y")]
    path = write_wiki(tmp_path / "a.xml", pages, head=bomb)
    assert [section.text for section in read(path)] == ["Rain\n\ny"]


def test_an_export_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    path = write_wiki(tmp_path / "a.xml", [wiki_page("Rain", "Falls.")])
    path.write_text(path.read_text().removesuffix(END))
    with pytest.raises(UnreadableDocument, match=r"^it is cut short: download it again"):
        read(path)


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("[[:Category:Rain|the rain]]", "the rain"),
        ("[[Category:Rain]] and [[File:a.png|x]]on", "and on"),
        ("a<br />b", "a\nb"),
        ("{{nowrap|a b}} {{abbr|m|metre}} {{unknown|c}}", "a b m"),
        ("&lt;b&gt; &amp; &#8364;", "<b> & €"),
        ("<nowiki>[[a]]</nowiki> <math>x^2</math>", "[[a]] x^2"),
        ("__NOTOC__ x [http://a.example] http://b.example", "x http://b.example"),
        ("{|\n|+ Towns\n|-\n| a\n|-\n|\n{|\n| b || c\n|}\n|}", "Towns\na\nb | c"),
        ("{{never closed", "{{never closed"),
    ],
)
def test_markup_shows_what_a_reader_of_the_wiki_sees(markup: str, text: str) -> None:
    assert parts(markup) == [("", text)]


def test_comments_are_removed_and_one_never_closed_is_text() -> None:
    assert without_comments("a<!-- b -->c<!-- d") == "ac<!-- d"


def test_long_texts_reach_the_parser_in_pieces_between_paragraphs() -> None:
    paragraph = "{{a\n\nb}} " + "word " * 2000
    text = "\n\n".join([paragraph] * 20)
    cut = list(pieces(text))
    assert len(cut) > 5
    assert "\n\n".join(cut) == text
    assert all(piece.count("{{") == piece.count("}}") for piece in cut)


@pytest.mark.parametrize("mark", ["{|\n", "<div>", "[http://a ", "[[a|{{b|", "<!--", "<a "])
def test_what_is_never_closed_and_too_long_for_the_parser_is_left_out(mark: str) -> None:
    hostile = mark * (2 * MOST_PIECE_CHARACTERS // len(mark))
    assert list(pieces(hostile)) == []
    assert parts(f"Before.\n== A ==\n{hostile}\n== B ==\nAfter.") == [
        ("", "Before."),
        ("B", "After."),
    ]
