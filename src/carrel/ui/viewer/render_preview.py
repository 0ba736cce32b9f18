"""Renders the panel: a page or passage with the quote highlighted, or a document's chunks."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import date
from html import escape

from carrel.core.document_properties import DocumentProperties
from carrel.core.documents import Chunk, PagePicture, Passage, Source
from carrel.ui.documents.originals import original_address
from carrel.ui.i18n.texts import ENGLISH, Texts
from carrel.ui.state.preview import Preview
from carrel.ui.viewer.render_turning import MOST_CHUNKS

# The panel has a title, too.
_LABELS = {"title": "viewer.document_title"}
_DATES = frozenset(("created", "modified"))
_DAY_CHARACTERS = len("2024-12-31")


def head_html(texts: Texts) -> str:
    """Return the heading of the panel, with a placeholder until the page has arrived."""
    return (
        f'<div class="viewer-head"><h2>{texts.html("viewer.title")}</h2>'
        f'<button id="close-viewer" class="icon-button" aria-label="{texts.html("viewer.close")}">'
        '<span class="glyph icon-close"></span></button></div>'
        f'<p class="viewer-opening" role="status">{texts.html("viewer.opening")}</p>'
    )


def properties_html(properties: DocumentProperties, texts: Texts = ENGLISH) -> str:
    """Return what a document states about itself; empty if that is nothing."""
    rows = ""
    for name, value in properties.values().items():
        label = texts.html(_LABELS.get(name, f"viewer.{name}"))
        rows += f"<dt>{label}</dt><dd>{escape(_shown(name, value, texts))}</dd>"
    return f'<dl class="viewer-properties">{rows}</dl>' if rows else ""


def _shown(name: str, value: str | list[str], texts: Texts) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    if name not in _DATES:
        return value
    try:
        return texts.day(date.fromisoformat(value[:_DAY_CHARACTERS]))
    except ValueError:
        # A year, or a month of it.
        return value


def picture_html(
    place: Preview, picture: PagePicture, page: int, texts: Texts = ENGLISH, about: str = ""
) -> str:
    """Return the image of a page below its file name, and the page buttons.

    The quote is shown below its own page; ``about`` are the properties of a document.
    """
    cited = place.cited_page
    data = base64.b64encode(picture.content).decode("ascii")
    label = texts.html("viewer.picture", page=page, document=place.source.document)
    missed = place.quote and page == cited and not picture.marked
    note = f'<p class="viewer-note">{texts.html("viewer.not_marked")}</p>' if missed else ""
    title = _title(place, texts("viewer.page", page=page, pages=picture.pages))
    return (
        f"{title}{about}{_turner(page, picture.pages, cited, texts)}"
        f'{note}<figure class="page-picture">'
        f'<img src="data:image/png;base64,{data}" alt="{label}"></figure>'
        f"{_quote(place) if page == cited else ''}{_original(place, texts)}"
    )


def passage_html(place: Preview, passage: Passage, texts: Texts = ENGLISH, turner: str = "") -> str:
    """Return the text around a quote, with the quote highlighted; ``turner`` are its buttons."""
    before, after = passage.text[: passage.start], passage.text[passage.end :]
    quote = passage.text[passage.start : passage.end]
    marked = f"<mark>{escape(quote)}</mark>" if quote else ""
    return (
        f"{_title(place, passage.heading or _page(passage.page, texts))}{turner}"
        f'<p class="viewer-passage">{escape(before)}{marked}{escape(after)}</p>'
        f"{_original(place, texts)}"
    )


def chunks_html(
    place: Preview,
    chunks: Sequence[Chunk],
    *,
    folded: bool,
    first: int | None = None,
    turner: str = "",
    texts: Texts = ENGLISH,
    about: str = "",
) -> str:
    """Return a document's chunks; ``folded`` behind a line, else below the file name.

    Of very many only some are shown, from ``first`` on; ``turner`` leads to the others. With a
    ``first`` they are unfolded. ``about`` are the properties of the document.
    """
    start = first or 0
    shown = "".join(_chunk(each, texts) for each in chunks[start : start + MOST_CHUNKS])
    number = texts.counted("count.chunk", len(chunks))
    body = f'{turner}<ol class="viewer-chunks">{shown}</ol>{turner}'
    if folded:
        opened = "" if first is None else " open"
        summary = f"<summary>{escape(number)}</summary>"
        return f'<details class="chunks"{opened}>{summary}{body}</details>'
    return f"{_title(place, number)}{about}{body}{_original(place, texts)}"


def beside_html(place: Preview, sources: Mapping[str, Source], texts: Texts = ENGLISH) -> str:
    """Return the sources of the same answer or search; this one is highlighted."""
    items = "".join(_beside(name, each, place, texts) for name, each in sources.items())
    number = escape(texts.counted("count.source", len(sources)))
    return (
        f'<section class="viewer-sources"><h3>{number}</h3><ol>{items}</ol></section>'
        if len(sources) > 1
        else ""
    )


def _beside(name: str, source: Source, place: Preview, texts: Texts) -> str:
    current = ' aria-current="true"' if source.index == place.source.index else ""
    return (
        f'<li><button data-action="open_place" data-id="{escape(name)}"{current}>'
        f'<span class="source-number">{source.index}</span>'
        f'<span class="viewer-file">{escape(source.document)}</span>'
        f'<span class="source-page">{escape(_page(source.page, texts))}</span>'
        f'<span class="source-score">{texts.decimal(source.score, 2)}</span></button></li>'
    )


def _chunk(chunk: Chunk, texts: Texts) -> str:
    parts = [each for each in (_page(chunk.page, texts), chunk.heading) if each]
    where = f'<p class="source-page">{escape(" · ".join(parts))}</p>' if parts else ""
    return f'<li>{where}<p class="viewer-passage">{escape(chunk.text)}</p></li>'


def _page(page: int | None, texts: Texts) -> str:
    return texts("source.page", page=page) if page is not None else ""


def _turner(page: int, pages: int, cited: int | None, texts: Texts) -> str:
    """Return the buttons to the previous and next page, and back to the cited one."""

    def button(to: int, icon: str, key: str) -> str:
        label = texts.html(key)
        disabled = "" if 1 <= to <= pages else " disabled"
        return (
            f'<button class="icon-button" data-action="turn_page" data-id="{to}" '
            f'aria-label="{label}" title="{label}"{disabled}>'
            f'<span class="glyph icon-{icon}"></span></button>'
        )

    back = ""
    if cited is not None and page != cited:
        back = (
            f'<button class="quiet" data-action="turn_page" data-id="{cited}">'
            f"{texts.html('viewer.pages.back', page=cited)}</button>"
        )
    return (
        f'<div class="page-turner" role="group" aria-label="{texts.html("viewer.pages")}">'
        f"{button(page - 1, 'previous', 'viewer.pages.before')}"
        f"{button(page + 1, 'next', 'viewer.pages.after')}{back}</div>"
    )


def _original(place: Preview, texts: Texts) -> str:
    address = escape(original_address(place.source))
    label = texts.html("viewer.save.named", name=place.source.document)
    return (
        f'<p class="viewer-original"><a href="{address}" download aria-label="{label}">'
        f"{texts.html('viewer.save')}</a></p>"
    )


def _title(place: Preview, part: str) -> str:
    name = escape(place.source.document)
    number = "" if place.is_document else f'<span class="source-number">{place.source.index}</span>'
    return (
        f'<p class="viewer-title">{number}'
        f'<span class="viewer-file" title="{name}">{name}</span>'
        f'<span class="source-page">{escape(part)}</span></p>'
    )


def _quote(place: Preview) -> str:
    return f'<blockquote class="source-quote">{escape(place.quote)}</blockquote>'
