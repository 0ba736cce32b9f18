"""Buttons of the panel to the next and previous passages or chunks."""

from __future__ import annotations

from html import escape

from carrel.ui.i18n.texts import Texts

MOST_CHUNKS = 200
"""Chunks shown at once: about a hundred pages."""


def passages_turner_html(number: int, count: int, cited: int, texts: Texts) -> str:
    """Return the buttons to the previous and next passage, and back to the cited one."""
    back = ""
    if number != cited:
        label = texts.html("place.passage.back", number=texts.number(cited))
        back = (
            f'<button class="quiet" data-action="turn_passage" data-id="{cited}">{label}</button>'
        )
    before = number - 1 if number > 1 else None
    after = number + 1 if number < count else None
    where = texts.html("place.passage.of", number=texts.number(number), count=texts.number(count))
    return (
        f'<div class="page-turner" role="group" aria-label="{texts.html("place.passages")}">'
        f"{_button('turn_passage', before, 'previous', texts.html('place.passage.before'))}"
        f"{_button('turn_passage', after, 'next', texts.html('place.passage.after'))}"
        f'<span class="turner-where" role="status">{where}</span>{back}</div>'
    )


def chunks_turner_html(first: int, count: int, page: int | None, texts: Texts) -> str:
    """Return the buttons through the chunks of a document; nothing if all fit.

    ``first`` counts from 0. ``page`` is the one whose image is shown above them.
    """
    if count <= MOST_CHUNKS:
        return ""
    last = min(first + MOST_CHUNKS, count)

    def to(start: int) -> str | None:
        if not 0 <= start < count:
            return None
        return str(start) if page is None else f"{start}.{page}"

    where = texts.html(
        "place.chunks.of",
        first=texts.number(first + 1),
        last=texts.number(last),
        count=texts.number(count),
    )
    before, after = to(first - MOST_CHUNKS), to(first + MOST_CHUNKS)
    return (
        f'<div class="page-turner" role="group" aria-label="{texts.html("place.chunks")}">'
        f"{_button('turn_chunks', before, 'previous', texts.html('place.chunks.before'))}"
        f"{_button('turn_chunks', after, 'next', texts.html('place.chunks.after'))}"
        f'<span class="turner-where">{where}</span></div>'
    )


def _button(action: str, to: object | None, icon: str, label: str) -> str:
    """Return a button, disabled without a target. ``label`` is escaped already."""
    disabled = " disabled" if to is None else ""
    target = "" if to is None else escape(str(to))
    return (
        f'<button class="icon-button" data-action="{action}" data-id="{target}" '
        f'aria-label="{label}" title="{label}"{disabled}>'
        f'<span class="glyph icon-{icon}"></span></button>'
    )
