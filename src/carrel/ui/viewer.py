"""The panel beside the text: the cited page with the quote marked, or the passage around it."""

from __future__ import annotations

import base64
from html import escape
from typing import Any
from uuid import uuid4

import gradio as gr

from carrel.core.documents import PagePicture, PageView, Passage
from carrel.core.errors import CarrelError
from carrel.services.application import Services
from carrel.services.places import has_pictures
from carrel.ui.actions import chosen
from carrel.ui.events import Guard, Updates, describe
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
                "", elem_id="viewer-content", apply_default_css=False, js_on_load=ARRIVED
            )

    def wire(self, *parts: Any) -> None:
        """Connect the parts whose buttons open a place."""
        for part in parts:
            part.open_place(
                self._guard.once(self.show),
                inputs_kwargs={"session": self._session},
                outputs=[self._guard.notice, self.content],
                queue=False,
                api_visibility="private",
                show_progress="hidden",
            )

    async def show(self, event: gr.EventData, *, session: Session) -> Updates:
        """Show the place that a button names; an error is shown in the panel."""
        try:
            shown = await self._place(place_of(chosen(event), session), session)
        except CarrelError as error:
            shown = error_line(describe(error))
        # Unlike the one before, also where the same place is opened again: the script waits for it.
        return {self.content: f'<div data-opened="{uuid4().hex}">{shown}</div>'}

    async def _place(self, place: Place, session: Session) -> str:
        source, places = place.source, self._services.places
        where = (source.collection, source.document_id)
        if source.page is not None and has_pictures(source.document):
            view = PageView(source.page, quote=place.quote)
            return picture_html(place, await places.picture(*where, view, session.principal))
        quote = place.quote or source.text
        return passage_html(place, await places.passage(*where, quote, session.principal))


def picture_html(place: Place, picture: PagePicture) -> str:
    """Return the picture of a page below the name of its file, and the quote below it."""
    source = place.source
    data = base64.b64encode(picture.content).decode("ascii")
    label = escape(f"Page {source.page} of {source.document}")
    note = "" if picture.marked else f'<p class="viewer-note">{NOT_MARKED}</p>'
    return (
        f"{_title(place, f'page {source.page} / {picture.pages}')}{note}"
        f'<figure class="page-picture"><img src="data:image/png;base64,{data}" alt="{label}">'
        f"</figure>{_quote(place)}"
    )


def passage_html(place: Place, passage: Passage) -> str:
    """Return the text around a quote, the quote marked in it."""
    before, after = passage.text[: passage.start], passage.text[passage.end :]
    quote = passage.text[passage.start : passage.end]
    part = passage.heading or (f"page {passage.page}" if passage.page is not None else "")
    return (
        f"{_title(place, part)}"
        f'<p class="viewer-passage">{escape(before)}<mark>{escape(quote)}</mark>{escape(after)}</p>'
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
