"""Summaries and extractions as HTML. Pure functions that escape all that is not ours."""

from __future__ import annotations

from html import escape

from carrel.core.summaries import (
    DigestProgress,
    Extracted,
    Pages,
    Summarized,
)
from carrel.ui.markdown import markdown_to_html
from carrel.ui.render import time_left
from carrel.ui.texts import ENGLISH, Texts


def progress_html(progress: DigestProgress | None, texts: Texts = ENGLISH) -> str:
    """Return a line with a bar; None is before the first part."""
    if progress is None:
        reading = texts.html("answer.stage.reading_documents")
        return f'<p class="state busy" role="status">{reading}</p>'
    total = texts.counted("count.part", progress.parts_total)
    done = texts("digest.done", done=texts.number(progress.parts_done), parts=total)
    parts = [done if progress.level == 1 else texts("digest.joining", done=done)]
    if progress.seconds_left is not None and progress.parts_done < progress.parts_total:
        parts.append(time_left(progress.seconds_left, texts))
    share = progress.parts_done / progress.parts_total if progress.parts_total else 1.0
    return (
        '<section class="upload"><p class="upload-state" role="status">'
        f'{escape(" · ".join(parts))}</p><progress max="1" value="{share:.3f}">'
        f"{escape(texts.percent(share))}</progress></section>"
    )


def writing_html(text: str, texts: Texts = ENGLISH) -> str:
    """Return a summary that is being written."""
    return f'<div class="answer writing">{markdown_to_html(text, texts)}</div>' if text else ""


def stopped_html(text: str, texts: Texts = ENGLISH) -> str:
    """Return what there was of a summary when it was stopped."""
    state = f'<p class="state" role="status">{texts.html("stopped")}</p>'
    return f"{writing_html(text, texts)}{state}"


def summary_html(summary: Summarized, texts: Texts = ENGLISH) -> str:
    """Return a summary, how it was made, and what was read, each part with its pages."""
    how = texts(f"digest.{summary.style.value}")
    state = [how, texts.counted("count.part", len(summary.parts))]
    if summary.cut:
        state.append(texts("answer.cut.length"))
    parts = "".join(
        f"<li>{_place(each.document, each.pages, texts)}"
        f'<p class="part-text">{escape(each.text)}</p></li>'
        for each in summary.parts
    )
    nothing = f"<p>{texts.html('digest.no_sentences')}</p>"
    text = markdown_to_html(summary.text, texts) or nothing
    return (
        f'<section class="digest"><div class="answer">{text}</div>'
        f'<p class="state" role="status">{escape(" · ".join(state))}</p>'
        f'<details class="more-sources"><summary>{texts.html("digest.read")}</summary>'
        f'<ol class="digest-parts">{parts}</ol></details></section>'
    )


def extraction_html(extracted: Extracted, texts: Texts = ENGLISH) -> str:
    """Return what was found, each item with its place and quote."""
    how = texts(f"digest.{extracted.style.value}")
    state = [how, texts.counted("count.item", len(extracted.items))]
    if extracted.unsupported:
        state.append(texts("digest.unsupported", count=texts.number(extracted.unsupported)))
    items = "".join(_item(*each) for each in _told(extracted, texts))
    found = f'<ol class="digest-items">{items}</ol>' if items else ""
    nothing = "" if items else f"<p>{texts.html('digest.nothing')}</p>"
    return (
        f'<section class="digest">{found}{nothing}'
        f'<p class="state" role="status">{" · ".join(state)}</p></section>'
    )


def _told(extracted: Extracted, texts: Texts) -> list[tuple[str, str, str]]:
    """Return text, place and quote of each item; no quote where the text is the quote."""
    told = []
    for each in extracted.items:
        pages = (each.page, each.page) if each.page is not None else None
        quote = "" if " ".join(each.quote.split()) == each.text else each.quote
        told.append((each.text, _place(each.document, pages, texts), quote))
    return told


def _item(text: str, place: str, quote: str) -> str:
    quoted = f'<blockquote class="source-quote">{escape(quote)}</blockquote>' if quote else ""
    return f'<li><p class="part-text">{escape(text)}</p>{quoted}{place}</li>'


def _place(document: str, pages: Pages | None, texts: Texts) -> str:
    name = f'<span class="source-file" title="{escape(document)}">{escape(document)}</span>'
    if pages is None:
        return f'<div class="source-head">{name}</div>'
    first, last = pages
    shown = texts("source.page", page=first)
    if first != last:
        shown = texts("source.pages", first=first, last=last)
    place = f'<span class="source-page">{escape(shown)}</span>'
    return f'<div class="source-head">{name}{place}</div>'
