"""Summaries and extractions of the documents' own sentences."""

from __future__ import annotations

from carrel.core.documents import Chunk
from carrel.core.protocols.adapters import Embedder
from carrel.core.summaries import Extracted, SummarizationProgress, SummarizationStyle, Summarized
from carrel.services.summaries.extractive_summary import ExtractiveSummary
from carrel.services.summaries.whole_sentences import whole_sentences
from carrel.services.text.reading_order import DocumentText

PAGES = [
    "The Harbour Trust runs three ferries on the west coast of the country.\n"
    "In 2023 the ferries carried 412,000 passengers between the two harbours.\n"
    "Revenue 2023 18.4 16.9 2022 15.1 14.0 3.3 2.9\nRoute . . . . . . . . . . 4",
    "The new pier at Kilbride was built of oak and granite over two years.\n"
    "Its cost of 4.1 million euros was paid from the surplus of the trust.\n"
    "It was opened by Dr.\nLind and the mayor of Kilbride in the spring.",
    "The staff canteen serves soup on Mondays and fish on every Friday.\n"
    "In 2023 the ferries carried 412,000 passengers between the two harbours.",
]


def report() -> DocumentText:
    chunks = (Chunk(f"c{n}", "d", n, text, n + 1) for n, text in enumerate(PAGES))
    return DocumentText("report.pdf", "d", tuple(chunks))


def test_only_whole_sentences_are_candidates_and_none_twice() -> None:
    texts = [each.text for each in whole_sentences(report())]
    assert len(texts) == len(set(texts)) == 6
    assert not [each for each in texts if "Revenue" in each or "Route" in each]
    assert [each for each in texts if "Lind" in each] == [PAGES[1].split("\n", 2)[2]]


def test_a_document_without_sentences_gives_its_lines() -> None:
    table = DocumentText("t.csv", "t", (Chunk("c", "t", 0, "ship: Aurora\nport: Oslo", None),))
    assert [each.text for each in whole_sentences(table)] == ["ship: Aurora", "port: Oslo"]


async def test_a_summary_is_verbatim_in_order_and_names_the_pages(embedder: Embedder) -> None:
    events = [each async for each in ExtractiveSummary([report()], embedder, "", 200).summary()]
    assert isinstance(events[0], SummarizationProgress)
    assert (events[0].parts_done, events[0].parts_total) == (0, 1)
    summary = events[-1]
    assert isinstance(summary, Summarized)
    assert (summary.style, summary.model) == (SummarizationStyle.EXCERPTS, None)
    [part] = summary.parts
    assert (part.document, part.document_id, part.pages) == ("report.pdf", "d", (1, 3))
    whole = " ".join(" ".join(PAGES).split())
    places = [
        whole.index(each.strip() + ".")
        for each in summary.text.split(".")
        if each.strip() and each.strip() + "." in whole
    ]
    assert places == sorted(places)
    assert len(places) >= 3


async def test_max_tokens_limits_a_summary(embedder: Embedder) -> None:
    *_, summary = [each async for each in ExtractiveSummary([report()], embedder, "", 20).summary()]
    assert isinstance(summary, Summarized)
    assert summary.text.count(".") == 1


async def test_a_focus_finds_what_is_about_it_and_leaves_out_the_rest(embedder: Embedder) -> None:
    summary = ExtractiveSummary([report()], embedder, "What did the pier cost?", 200)
    *_, extracted = [each async for each in summary.extraction()]
    assert isinstance(extracted, Extracted)
    texts = [each.text for each in extracted.items]
    assert "Its cost of 4.1 million euros was paid from the surplus of the trust." in texts
    assert not [each for each in texts if "soup" in each]
    for item in extracted.items:
        assert item.page is not None
        assert item.quote in PAGES[item.page - 1]


async def test_what_no_sentence_is_about_is_not_extracted(embedder: Embedder) -> None:
    summary = ExtractiveSummary([report()], embedder, "quantum chromodynamics", 200)
    *_, extracted = [each async for each in summary.extraction()]
    assert isinstance(extracted, Extracted)
    assert extracted.items == ()
