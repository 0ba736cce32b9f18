"""The viewer: the cited page with the quote highlighted, or the passage in its context."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import gradio as gr

from carrel.core.documents import PageView
from carrel.core.errors import CarrelError, PlaceNotFound
from carrel.services.application import Services
from carrel.services.citations.page_previews import has_pictures
from carrel.ui.i18n.texts import ENGLISH, Texts
from carrel.ui.shell.actions import actions_script, chosen
from carrel.ui.shell.events import Guard, Updates
from carrel.ui.shell.render import error_line
from carrel.ui.state.errors import describe
from carrel.ui.state.preview import Preview, preview_of, sources_beside
from carrel.ui.state.session import Session
from carrel.ui.viewer.render_preview import (
    beside_html,
    chunks_html,
    head_html,
    passage_html,
    picture_html,
    properties_html,
)
from carrel.ui.viewer.render_turning import chunks_turner_html, passages_turner_html

ARRIVED = "watch('value', () => window.carrel?.placeArrived());"
LONGEST_NUMBER = 6
"""Maximum digits of a page, passage or chunk number."""

NOT_SHOWN = "That document is not shown any more: open the source again."


class Viewer:
    """Builds the panel; ``wire`` connects it to the parts of the page that have sources."""

    def __init__(self, services: Services, session: gr.State, guard: Guard) -> None:
        self._services = services
        self._session = session
        self._guard = guard
        with gr.Column(elem_id="viewer", min_width=0, scale=0):
            self._head = gr.HTML(
                head_html(ENGLISH), elem_id="viewer-head", apply_default_css=False, js_on_load=None
            )
            self.content = gr.HTML(
                "",
                elem_id="viewer-content",
                apply_default_css=False,
                js_on_load=ARRIVED
                + actions_script("turn_page", "turn_passage", "turn_chunks", "open_place"),
            )

    def wire(self, *parts: Any, documents: Any) -> None:
        """Connect the buttons that open a place, and the table of ``documents``."""
        events = [(part.open_place, self.show) for part in (*parts, self.content)]
        own = [
            (documents.open_document, self.show_document),
            (self.content.turn_page, self.turn),
            (self.content.turn_passage, self.turn_passage),
            (self.content.turn_chunks, self.turn_chunks),
        ]
        for event, handler in [*events, *own]:
            event(
                self._guard.once(handler),
                inputs_kwargs={"session": self._session},
                outputs=[self._guard.notice, self.content],
                queue=False,
                api_visibility="private",
                show_progress="hidden",
            )

    def in_language(self, texts: Texts) -> Updates:
        """Return the static parts in a language."""
        return {self._head: head_html(texts)}

    async def again(self, session: Session) -> Updates:
        """Render the current place again, in another language."""
        if session.viewing is None:
            return {}
        try:
            shown = await self._opened(Preview(*session.viewing), session)
        except CarrelError as error:
            shown = error_line(describe(error))
        return self._arrived(shown)

    async def show(self, event: gr.EventData, *, session: Session) -> Updates:
        """Show the place that a button names; an error is shown in the panel."""
        session.viewing = None
        try:
            shown = await self._opened(preview_of(chosen(event), session), session)
        except CarrelError as error:
            shown = error_line(describe(error))
        return self._arrived(shown)

    async def show_document(self, event: gr.EventData, *, session: Session) -> Updates:
        """Show a document of the listed collection."""
        session.viewing = None
        try:
            record = await self._services.collections.document(
                session.collection, chosen(event), session.principal
            )
            shown = await self._opened(Preview.of_document(record, session.collection), session)
        except CarrelError as error:
            shown = error_line(describe(error))
        return self._arrived(shown)

    async def turn(self, event: gr.EventData, *, session: Session) -> Updates:
        """Show another page of the current document."""
        [page] = _numbers(chosen(event), 1)
        return await self._turned(lambda place: self._page(place, page, session), session)

    async def turn_passage(self, event: gr.EventData, *, session: Session) -> Updates:
        """Show another passage of the current document."""
        [number] = _numbers(chosen(event), 1)
        return await self._turned(lambda place: self._passage(place, number, session), session)

    async def turn_chunks(self, event: gr.EventData, *, session: Session) -> Updates:
        """Show other chunks of the current document, below its page."""
        first, *pages = _numbers(chosen(event), 2)

        async def shown(place: Preview) -> str:
            if pages:
                return await self._page(place, pages[0], session, first)
            return await self._chunks(place, session, first)

        return await self._turned(shown, session)

    async def _turned(self, show: Callable[[Preview], Awaitable[str]], session: Session) -> Updates:
        if session.viewing is None:
            raise PlaceNotFound(NOT_SHOWN)
        try:
            shown = await show(Preview(*session.viewing))
        except CarrelError as error:
            shown = error_line(describe(error))
        return self._arrived(shown)

    def _arrived(self, shown: str) -> Updates:
        # Changes even if the same place is opened again: the script waits for it.
        return {self.content: f'<div data-opened="{uuid4().hex}">{shown}</div>'}

    async def _opened(self, place: Preview, session: Session) -> str:
        source = place.source
        session.viewing = (source, place.quote, place.identity)
        if source.page is not None and has_pictures(source.document):
            return await self._page(place, source.page, session)
        if place.is_document:
            return await self._chunks(place, session)
        return await self._passage(place, None, session)

    async def _passage(self, place: Preview, number: int | None, session: Session) -> str:
        """Return the cited passage of a document, or another one of it."""
        source, places, texts = place.source, self._services.places, session.preferences.texts
        of = (source.collection, source.document_id)
        cited = await places.passage(*of, place.quote or source.text, session.principal)
        passage = cited
        if number not in (None, cited.number):
            passage = await places.numbered_passage(*of, number, session.principal)
        turner = passages_turner_html(passage.number, passage.count, cited.number, texts)
        shown = passage_html(place, passage, texts, turner)
        return shown + beside_html(place, sources_beside(place, session), texts)

    async def _page(
        self, place: Preview, page: int, session: Session, first: int | None = None
    ) -> str:
        source, texts = place.source, session.preferences.texts
        view = PageView(page, quote=place.quote if page == source.page else "")
        picture = await self._services.places.picture(
            source.collection, source.document_id, view, session.principal
        )
        about = await self._about(place, session)
        shown = picture_html(place, picture, page, texts, about)
        if place.is_document:
            return shown + await self._chunks(place, session, first, page)
        return shown + beside_html(place, sources_beside(place, session), texts)

    async def _chunks(
        self, place: Preview, session: Session, first: int | None = None, page: int | None = None
    ) -> str:
        """Return the chunks of a document; below the image of a ``page`` they are folded."""
        source = place.source
        chunks = await self._services.places.chunks(
            source.collection, source.document_id, session.principal
        )
        texts = session.preferences.texts
        turner = chunks_turner_html(first or 0, len(chunks), page, texts)
        if page is not None:
            return chunks_html(place, chunks, folded=True, first=first, turner=turner, texts=texts)
        about = await self._about(place, session)
        return chunks_html(
            place, chunks, folded=False, first=first, turner=turner, texts=texts, about=about
        )

    async def _about(self, place: Preview, session: Session) -> str:
        """Return the properties of a whole document."""
        if not place.is_document:
            return ""
        record = await self._services.collections.document(
            place.source.collection, place.source.document_id, session.principal
        )
        return properties_html(record.properties, session.preferences.texts)


def _numbers(identity: str, most: int) -> list[int]:
    """Return the numbers of a button's name, which is untrusted input.

    Raises:
        PlaceNotFound: it has none, or more than ``most``.
    """
    words = identity.split(".")
    if len(words) > most or not all(
        each.isascii() and each.isdecimal() and len(each) <= LONGEST_NUMBER for each in words
    ):
        raise PlaceNotFound(NOT_SHOWN)
    return [int(each) for each in words]
