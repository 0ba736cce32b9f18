"""What the panel shows: a page with the quote marked, a passage, a document's chunks, as HTML."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape

from carrel.core.documents import Chunk, PagePicture, Passage, Source
from carrel.ui.originals import original_address
from carrel.ui.place import Place
from carrel.ui.render import counted
from carrel.ui.render_turning import MOST_CHUNKS

NOT_MARKED = "The words were not found on this page, so that nothing is marked."


def picture_html(place: Place, picture: PagePicture, page: int) -> str:
    """Return the picture of a page below the name of its file, and the way to the others.

    The quote stands below its own page.
    """
    cited = place.cited_page
    data = base64.b64encode(picture.content).decode("ascii")
    label = escape(f"Page {page} of {place.source.document}")
    missed = place.quote and page == cited and not picture.marked
    note = f'<p class="viewer-note">{NOT_MARKED}</p>' if missed else ""
    return (
        f"{_title(place, f'page {page} / {picture.pages}')}{_turner(page, picture.pages, cited)}"
        f'{note}<figure class="page-picture">'
        f'<img src="data:image/png;base64,{data}" alt="{label}"></figure>'
        f"{_quote(place) if page == cited else ''}{_original(place)}"
    )


def passage_html(place: Place, passage: Passage, turner: str = "") -> str:
    """Return the text around a quote, the quote marked in it; ``turner`` leads to the others."""
    before, after = passage.text[: passage.start], passage.text[passage.end :]
    quote = passage.text[passage.start : passage.end]
    marked = f"<mark>{escape(quote)}</mark>" if quote else ""
    return (
        f"{_title(place, passage.heading or _page(passage.page))}{turner}"
        f'<p class="viewer-passage">{escape(before)}{marked}{escape(after)}</p>'
        f"{_original(place)}"
    )


def chunks_html(
    place: Place,
    chunks: Sequence[Chunk],
    *,
    folded: bool,
    first: int | None = None,
    turner: str = "",
) -> str:
    """Return a document's chunks; ``folded`` behind a line, else below the name of the file.

    Of very many some are shown, from ``first`` on; ``turner`` leads to the others. With a ``first``
    they are unfolded.
    """
    start = first or 0
    shown = "".join(_chunk(each) for each in chunks[start : start + MOST_CHUNKS])
    number = counted(len(chunks), "chunk")
    body = f'{turner}<ol class="viewer-chunks">{shown}</ol>{turner}'
    if folded:
        opened = "" if first is None else " open"
        return f'<details class="chunks"{opened}><summary>{number}</summary>{body}</details>'
    return f"{_title(place, number)}{body}{_original(place)}"


def beside_html(place: Place, sources: Mapping[str, Source]) -> str:
    """Return the sources of the same answer or search, by their names; this one is marked."""
    items = "".join(_beside(name, each, place) for name, each in sources.items())
    number = counted(len(sources), "source")
    return (
        f'<section class="viewer-sources"><h3>{number}</h3><ol>{items}</ol></section>'
        if len(sources) > 1
        else ""
    )


def _beside(name: str, source: Source, place: Place) -> str:
    current = ' aria-current="true"' if source.index == place.source.index else ""
    return (
        f'<li><button data-action="open_place" data-id="{escape(name)}"{current}>'
        f'<span class="source-number">{source.index}</span>'
        f'<span class="viewer-file">{escape(source.document)}</span>'
        f'<span class="source-page">{_page(source.page)}</span>'
        f'<span class="source-score">{source.score:.2f}</span></button></li>'
    )


def _chunk(chunk: Chunk) -> str:
    parts = [each for each in (_page(chunk.page), chunk.heading) if each]
    where = f'<p class="source-page">{escape(" · ".join(parts))}</p>' if parts else ""
    return f'<li>{where}<p class="viewer-passage">{escape(chunk.text)}</p></li>'


def _page(page: int | None) -> str:
    return f"page {page}" if page is not None else ""


def _turner(page: int, pages: int, cited: int | None) -> str:
    """Return the buttons that lead to the pages before and after, and back to the cited one."""

    def button(to: int, icon: str, label: str) -> str:
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
            f"Back to page {cited}</button>"
        )
    return (
        '<div class="page-turner" role="group" aria-label="Pages">'
        f"{button(page - 1, 'previous', 'Page before')}"
        f"{button(page + 1, 'next', 'Page after')}{back}</div>"
    )


def _original(place: Place) -> str:
    address = escape(original_address(place.source))
    name = escape(place.source.document)
    return (
        f'<p class="viewer-original"><a href="{address}" download '
        f'aria-label="Save the original, {name}">Save the original</a></p>'
    )


def _title(place: Place, part: str) -> str:
    name = escape(place.source.document)
    number = "" if place.is_document else f'<span class="source-number">{place.source.index}</span>'
    return (
        f'<p class="viewer-title">{number}'
        f'<span class="viewer-file" title="{name}">{name}</span>'
        f'<span class="source-page">{escape(part)}</span></p>'
    )


def _quote(place: Place) -> str:
    return f'<blockquote class="source-quote">{escape(place.quote)}</blockquote>'
