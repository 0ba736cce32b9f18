"""Summaries and extractions as HTML. Pure functions that escape all that is not ours."""

from __future__ import annotations

from html import escape

from carrel.core.summaries import (
    DigestProgress,
    DigestStyle,
    Extracted,
    Pages,
    Summarized,
)
from carrel.ui.markdown import markdown_to_html
from carrel.ui.render import counted, time_left

HOW = {
    DigestStyle.WRITTEN: "written by the model",
    DigestStyle.EXCERPTS: "the documents' own sentences",
}


def progress_html(progress: DigestProgress | None) -> str:
    """Return a line with a bar; None is before the first part."""
    if progress is None:
        return '<p class="state busy" role="status">Reading documents…</p>'
    done = f"{progress.parts_done:,} of {counted(progress.parts_total, 'part')}"
    parts = [done if progress.level == 1 else f"joining: {done}"]
    if progress.seconds_left is not None and progress.parts_done < progress.parts_total:
        parts.append(time_left(progress.seconds_left))
    share = progress.parts_done / progress.parts_total if progress.parts_total else 1.0
    return (
        f'<section class="upload"><p class="upload-state" role="status">{" · ".join(parts)}</p>'
        f'<progress max="1" value="{share:.3f}">{share:.0%}</progress></section>'
    )


def writing_html(text: str) -> str:
    """Return a summary that is being written."""
    return f'<div class="answer writing">{markdown_to_html(text)}</div>' if text else ""


def stopped_html(text: str) -> str:
    """Return what there was of a summary when it was stopped."""
    return f'{writing_html(text)}<p class="state" role="status">stopped by you</p>'


def summary_html(summary: Summarized) -> str:
    """Return a summary, how it was made, and what was read, each part with its pages."""
    state = [HOW[summary.style], counted(len(summary.parts), "part")]
    if summary.cut:
        state.append("cut at the length limit")
    parts = "".join(
        f'<li>{_place(each.document, each.pages)}<p class="part-text">{escape(each.text)}</p></li>'
        for each in summary.parts
    )
    text = markdown_to_html(summary.text) or "<p>The documents hold no sentences.</p>"
    return (
        f'<section class="digest"><div class="answer">{text}</div>'
        f'<p class="state" role="status">{" · ".join(state)}</p>'
        f'<details class="more-sources"><summary>What was read</summary>'
        f'<ol class="digest-parts">{parts}</ol></details></section>'
    )


def extraction_html(extracted: Extracted) -> str:
    """Return what was found, each item with its place and quote."""
    state = [HOW[extracted.style], counted(len(extracted.items), "item")]
    if extracted.unsupported:
        state.append(f"{extracted.unsupported:,} left out that no document says")
    items = "".join(_item(*each) for each in _told(extracted))
    found = f'<ol class="digest-items">{items}</ol>' if items else ""
    nothing = "" if items else "<p>The documents say nothing of it.</p>"
    return (
        f'<section class="digest">{found}{nothing}'
        f'<p class="state" role="status">{" · ".join(state)}</p></section>'
    )


def _told(extracted: Extracted) -> list[tuple[str, str, str]]:
    """Return text, place and quote of each item; no quote where the text is the quote."""
    told = []
    for each in extracted.items:
        pages = (each.page, each.page) if each.page is not None else None
        quote = "" if " ".join(each.quote.split()) == each.text else each.quote
        told.append((each.text, _place(each.document, pages), quote))
    return told


def _item(text: str, place: str, quote: str) -> str:
    quoted = f'<blockquote class="source-quote">{escape(quote)}</blockquote>' if quote else ""
    return f'<li><p class="part-text">{escape(text)}</p>{quoted}{place}</li>'


def _place(document: str, pages: Pages | None) -> str:
    name = f'<span class="source-file" title="{escape(document)}">{escape(document)}</span>'
    if pages is None:
        return f'<div class="source-head">{name}</div>'
    first, last = pages
    shown = f"page {first}" if first == last else f"pages {first}–{last}"
    return f'<div class="source-head">{name}<span class="source-page">{shown}</span></div>'
