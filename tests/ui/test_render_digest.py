"""Summaries and extractions as HTML: what they tell, and that nothing of theirs is markup."""

from __future__ import annotations

from carrel.core.summaries import (
    DigestProgress,
    DigestStyle,
    Extracted,
    ExtractedItem,
    Summarized,
    SummaryPart,
)
from carrel.ui.render_digest import (
    extraction_html,
    progress_html,
    stopped_html,
    summary_html,
)

HOSTILE = "<script>alert(1)</script>"


def test_a_summary_names_its_parts_with_their_pages() -> None:
    parts = (
        SummaryPart("a.pdf", "a", (1, 9), "First."),
        SummaryPart(HOSTILE, "b", (3, 3), HOSTILE),
        SummaryPart("c.txt", "c", None, "Third."),
    )
    shown = summary_html(Summarized(f"All. {HOSTILE}", parts, DigestStyle.WRITTEN, "m", cut=True))
    assert "pages 1–9" in shown and "page 3<" in shown
    assert "written by the model · 3 parts · cut at the length limit" in shown
    assert "<script" not in shown


def test_an_item_shows_its_quote_only_where_it_says_more() -> None:
    items = (
        ExtractedItem("Sales fell", "a.pdf", "a", 5, f"Sales were down {HOSTILE}"),
        ExtractedItem("One line", "a.pdf", "a", 6, "One\nline"),
    )
    shown = extraction_html(Extracted(items, DigestStyle.EXCERPTS, None, 2))
    assert shown.count("<blockquote") == 1
    assert "2 items" in shown and "2 left out that no document says" in shown
    assert "page 5" in shown and "page 6" in shown
    assert "<script" not in shown


def test_nothing_found_and_nothing_yet_are_said() -> None:
    assert "say nothing of it" in extraction_html(Extracted((), DigestStyle.EXCERPTS))
    assert "Reading documents" in progress_html(None)
    assert "stopped by you" in stopped_html("")


def test_progress_has_a_bar_and_the_time_left() -> None:
    shown = progress_html(DigestProgress(1, 3, 12, 90.0))
    assert "3 of 12 parts · about 2 min left" in shown
    assert 'value="0.250"' in shown
    assert "joining: 1 of 1 part<" in progress_html(DigestProgress(2, 1, 1, 0.0))
