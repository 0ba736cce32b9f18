"""The panel beside the text: the cited page with the quote marked, or the passage around it."""

from __future__ import annotations

import base64
from html import escape
from typing import Any
from uuid import uuid4

import gradio as gr

from carrel.core.documents import PagePicture, PageView, Passage
from carrel.core.errors import CarrelError, PlaceNotFound
from carrel.services.application import Services
from carrel.services.places import has_pictures
from carrel.ui.actions import actions_script, chosen
from carrel.ui.events import Guard, Updates, describe
from carrel.ui.originals import original_address
from carrel.ui.place import Place, place_of
from carrel.ui.render import error_line
from carrel.ui.session import Session

HEAD = (
    '<div class="viewer-head"><h2>Source</h2>'
    '<button id="close-viewer" class="icon-button" aria-label="Close the source">'
    '<span class="glyph icon-close"></span></button></div>'
    '<p class="viewer-opening" role="status">Opening the page…</p>'
)
ARRIVED = "watch('value', () => window.carrel?.placeArrived());"
LONGEST_NUMBER = 6
"""Digits of a page."""

NOT_MARKED = "The words were not found on this page, so that nothing is marked."


class Viewer:
    """Builds the panel; ``wire`` connects it to the parts of the page that have sources."""

    def __init__(self, services: Services, session: gr.State, guard: Guard) -> None:
        self._services = services
        self._session = session
        self._guard = guard
        with gr.Column(elem_id="viewer", min_width=0, scale=0):
            gr.HTML(HEAD, elem_id="viewer-head", apply_default_css=False, js_on_load=None)
            self.content = gr.HTML(
                "",
                elem_id="viewer-content",
                apply_default_css=False,
                js_on_load=ARRIVED + actions_script("turn_page"),
            )

    def wire(self, *parts: Any) -> None:
        """Connect the parts whose buttons open a place."""
        events = [(part.open_place, self.show) for part in parts]
        for event, handler in [*events, (self.content.turn_page, self.turn)]:
            event(
                self._guard.once(handler),
                inputs_kwargs={"session": self._session},
                outputs=[self._guard.notice, self.content],
                queue=False,
                api_visibility="private",
                show_progress="hidden",
            )

    async def show(self, event: gr.EventData, *, session: Session) -> Updates:
        """Show the place that a button names; an error is shown in the panel."""
        session.viewing = None
        try:
            place = place_of(chosen(event), session)
            session.viewing = (place.source, place.quote)
            shown = await self._place(place, session)
        except CarrelError as error:
            shown = error_line(describe(error))
        return self._arrived(shown)

    async def turn(self, event: gr.EventData, *, session: Session) -> Updates:
        """Show another page of the document that is shown."""
        number = chosen(event)
        if session.viewing is None or not number.isdecimal() or len(number) > LONGEST_NUMBER:
            raise PlaceNotFound("That document is not shown any more: open the source again.")
        place = Place(*session.viewing)
        try:
            shown = await self._page(place, int(number), session)
        except CarrelError as error:
            shown = error_line(describe(error))
        return self._arrived(shown)

    def _arrived(self, shown: str) -> Updates:
        # Unlike the one before, also where the same place is opened again: the script waits for it.
        return {self.content: f'<div data-opened="{uuid4().hex}">{shown}</div>'}

    async def _place(self, place: Place, session: Session) -> str:
        source = place.source
        if source.page is not None and has_pictures(source.document):
            return await self._page(place, source.page, session)
        quote = place.quote or source.text
        passage = await self._services.places.passage(
            source.collection, source.document_id, quote, session.principal
        )
        return passage_html(place, passage)

    async def _page(self, place: Place, page: int, session: Session) -> str:
        source = place.source
        view = PageView(page, quote=place.quote if page == source.page else "")
        picture = await self._services.places.picture(
            source.collection, source.document_id, view, session.principal
        )
        return picture_html(place, picture, page)


def picture_html(place: Place, picture: PagePicture, page: int) -> str:
    """Return the picture of a page below the name of its file, and the way to the others.

    The quote stands below its own page.
    """
    cited = place.source.page
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


def passage_html(place: Place, passage: Passage) -> str:
    """Return the text around a quote, the quote marked in it."""
    before, after = passage.text[: passage.start], passage.text[passage.end :]
    quote = passage.text[passage.start : passage.end]
    part = passage.heading or (f"page {passage.page}" if passage.page is not None else "")
    return (
        f"{_title(place, part)}"
        f'<p class="viewer-passage">{escape(before)}<mark>{escape(quote)}</mark>{escape(after)}</p>'
        f"{_original(place)}"
    )


def _title(place: Place, part: str) -> str:
    name = escape(place.source.document)
    return (
        f'<p class="viewer-title"><span class="source-number">{place.source.index}</span>'
        f'<span class="viewer-file" title="{name}">{name}</span>'
        f'<span class="source-page">{escape(part)}</span></p>'
    )


def _quote(place: Place) -> str:
    return f'<blockquote class="source-quote">{escape(place.quote)}</blockquote>'
