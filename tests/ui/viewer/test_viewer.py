"""What a mark opens: only what the session was shown, as a page or as a passage."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from carrel.core.document_properties import NOTHING_STATED, DocumentProperties
from carrel.core.documents import (
    Chunk,
    DocumentRecord,
    DocumentStatus,
    PagePicture,
    Passage,
    RetrievedChunk,
    Source,
)
from carrel.core.errors import PlaceNotFound
from carrel.services.citations.attribution import cite_answer
from carrel.ui.documents.originals import original_address
from carrel.ui.i18n.texts import ENGLISH, LANGUAGES
from carrel.ui.search.render_search import found_html, with_words_marked
from carrel.ui.state.exchange import Exchange
from carrel.ui.state.preview import Preview, preview_of, sources_beside
from carrel.ui.state.session import Session
from carrel.ui.viewer.render_preview import (
    beside_html,
    chunks_html,
    passage_html,
    picture_html,
    properties_html,
)
from carrel.ui.viewer.render_turning import MOST_CHUNKS, chunks_turner_html, passages_turner_html

HOSTILE = "<img src=x onerror=alert(1)>"
SOURCE = Source(4, f"{HOSTILE}.pdf", "d", "U", 3, 0.5, f"One. {HOSTILE} two.", f"{HOSTILE} two.")


@pytest.fixture
def session() -> Session:
    chunk = RetrievedChunk(Chunk("c", "d", 0, "Ferries sail. Costs rose.", 7), "a.pdf", "U", 0.5)
    cited = cite_answer("?", "Costs rose.", [chunk])
    answered = Exchange("?", "Costs rose.", cited.sources, sentences=cited.sentences)
    return Session(exchanges=[Exchange("first"), answered], found=[replace(SOURCE, index=1)])


def test_marks_sources_and_findings_are_found_by_their_names(session: Session) -> None:
    assert preview_of("answer.1.0.0", session).quote == "Costs rose."
    assert preview_of("source.1.1", session).source.document == "a.pdf"
    assert preview_of("found.1", session).source.document_id == "d"


@pytest.mark.parametrize(
    "name",
    ["", "answer", "answer.1.0.9", "answer.-1.0.0", "answer.9.0.0", "source.1.2", "source.0.1",
     "found.2", "found.x", "other.1", "found.¹"],
)  # fmt: skip
def test_nothing_else_can_be_named(session: Session, name: str) -> None:
    with pytest.raises(PlaceNotFound, match="not shown any more"):
        preview_of(name, session)


def test_a_page_is_a_picture_with_a_note_where_nothing_is_marked() -> None:
    place = Preview(SOURCE, SOURCE.quote)
    html = picture_html(place, PagePicture(b"png", 9, True), 3)
    assert 'src="data:image/png;base64,cG5n"' in html
    assert "page 3 / 9" in html
    assert "nothing is marked" not in html
    assert "<img src=x" not in html
    assert 'class="source-quote"' in html
    assert "Back to page" not in html
    assert "nothing is marked" in picture_html(place, PagePicture(b"png", 9, False), 3)


def test_other_pages_have_a_way_back_and_nothing_of_the_quote() -> None:
    place = Preview(SOURCE, SOURCE.quote)
    html = picture_html(place, PagePicture(b"png", 9, False), 9)
    assert "page 9 / 9" in html and "Back to page 3" in html
    assert "nothing is marked" not in html and 'class="source-quote"' not in html
    assert 'data-id="8" aria-label="Page before" title="Page before">' in html
    assert 'data-id="10" aria-label="Page after" title="Page after" disabled>' in html
    first = picture_html(place, PagePicture(b"png", 9, False), 1)
    assert 'data-id="0" aria-label="Page before" title="Page before" disabled>' in first


def test_the_original_is_named_by_its_document_and_collection() -> None:
    source = replace(SOURCE, collection="R&D /ä", document_id="d1")
    assert original_address(source) == "original?collection=R%26D+%2F%C3%A4&document=d1"
    assert 'href="original?collection=R%26D+%2F%C3%A4&amp;document=d1"' in passage_html(
        Preview(source, "x"), Passage("x", 0, 1, None, None)
    )


def test_a_passage_has_its_quote_marked_and_escaped() -> None:
    html = passage_html(
        Preview(SOURCE, "x"), Passage(f"{HOSTILE}abc", 0, len(HOSTILE), None, "Head")
    )
    assert "<mark>&lt;img src=x onerror=alert(1)&gt;</mark>abc" in html
    assert "<img" not in html
    assert "Head" in html


def test_words_are_marked_in_all_their_endings_and_common_ones_are_not() -> None:
    marked = with_words_marked("The ferry costs more; <b> costing ferries.", "What does the cost?")
    assert marked == ("The ferry <mark>costs</mark> more; &lt;b&gt; <mark>costing</mark> ferries.")


def test_findings_are_numbered_scored_and_escaped() -> None:
    html = found_html("two", [replace(SOURCE, index=1), replace(SOURCE, index=2)])
    assert "2 passages, best first" in html
    assert 'data-id="found.2"' in html
    assert "0.50" in html
    assert "<img" not in html
    assert "Nothing was found" in found_html("two", [])


def test_a_document_is_looked_at_without_a_quote_and_with_its_chunks() -> None:
    record = DocumentRecord(
        "d", "c", f"{HOSTILE}.pdf", "0" * 64, 9, DocumentStatus.READY, datetime.now(UTC)
    )
    place = Preview.of_document(record, "U")
    html = picture_html(place, PagePicture(b"png", 9, False), 4)
    assert "page 4 / 9" in html
    for absent in (
        "source-number",
        "Back to page",
        "nothing is marked",
        "source-quote",
        "<img src=x",
    ):
        assert absent not in html
    chunks = [Chunk(str(n), "d", n, HOSTILE, n, "R&D") for n in range(MOST_CHUNKS + 2)]
    turner = chunks_turner_html(0, len(chunks), 4, ENGLISH)
    html = chunks_html(place, chunks, folded=True, turner=turner)
    assert f'<details class="chunks"><summary>{MOST_CHUNKS + 2} chunks</summary>' in html
    assert html.count("<li>") == MOST_CHUNKS
    assert "1–200 of 202" in html and 'data-id="200.4"' in html
    assert "page 7 · R&amp;D" in html and "<img" not in html
    last = chunks_html(place, chunks, folded=True, first=MOST_CHUNKS)
    assert '<details class="chunks" open>' in last and last.count("<li>") == 2
    whole = chunks_html(place, chunks[:1], folded=False)
    assert "1 chunk<" in whole and "Save the original" in whole
    assert chunks_turner_html(0, MOST_CHUNKS, None, ENGLISH) == ""


def test_a_turner_leads_nowhere_beyond_the_ends() -> None:
    german = LANGUAGES["de"]
    html = chunks_turner_html(200, 202, None, german)
    assert "201–202 von 202" in html
    assert 'data-id="0" aria-label="Vorige Abschnitte"' in html
    assert html.count(" disabled>") == 1
    html = passages_turner_html(1, 17, 4, ENGLISH)
    assert "Passage 1 of 17" in html and "Back to passage 4" in html
    assert 'data-id="2" aria-label="Passage after"' in html
    assert html.count(" disabled>") == 1
    cited = passages_turner_html(17, 17, 17, ENGLISH)
    assert "Back to" not in cited and cited.count(" disabled>") == 1


def test_the_sources_beside_a_place_are_those_of_its_answer(session: Session) -> None:
    place = preview_of("answer.1.0.0", session)
    assert list(sources_beside(place, session)) == ["source.1.1"]
    assert list(sources_beside(preview_of("found.1", session), session)) == ["found.1"]
    session.exchanges.clear()
    assert sources_beside(place, session) == {}


def test_the_source_that_is_shown_is_marked_among_the_others() -> None:
    place = Preview(SOURCE, "x")
    html = beside_html(place, {"source.0.4": SOURCE, "source.0.5": replace(SOURCE, index=5)})
    assert "2 sources" in html and html.count("aria-current") == 1
    assert 'data-id="source.0.4" aria-current="true"' in html
    assert "<img" not in html
    assert beside_html(place, {"source.0.4": SOURCE}) == ""


def test_a_document_is_shown_with_what_it_states_about_itself() -> None:
    stated = DocumentProperties(HOSTILE, ("Ada", "李"), "2024-05-14T09:30:00Z", "2024-06")
    html = properties_html(stated, ENGLISH)
    assert "<img" not in html
    assert "<dt>Authors</dt><dd>Ada, 李</dd>" in html
    assert f"<dt>Created</dt><dd>{ENGLISH.day(datetime(2024, 5, 14, tzinfo=UTC))}</dd>" in html
    assert "<dt>Modified</dt><dd>2024-06</dd>" in html
    assert "Language" not in html
    assert properties_html(NOTHING_STATED, ENGLISH) == ""
    record = DocumentRecord("d", "c", "a.pdf", "0", 9, DocumentStatus.READY, datetime.now(UTC))
    place = Preview.of_document(record, "U")
    assert html in picture_html(place, PagePicture(b"png", 9, False), 4, ENGLISH, html)
    assert html in chunks_html(place, [], folded=False, about=html)
