"""The scope chooser: collections, single documents, or no documents."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

import gradio as gr
from gradio.blocks import Block

from carrel.core.documents import DocumentRecord, DocumentStatus
from carrel.core.errors import InvalidRequest
from carrel.services.application import Services
from carrel.services.document_filter import parse_filter
from carrel.ui.i18n.texts import ENGLISH, Texts
from carrel.ui.scope.render_scope import (
    OfferedDocuments,
    collections_html,
    documents_html,
    scope_button_html,
    scope_line_html,
)
from carrel.ui.shell.actions import actions_script, chosen, typing_script
from carrel.ui.shell.events import Guard, Updates
from carrel.ui.shell.render import search_field_html
from carrel.ui.state.choices import scope_of
from carrel.ui.state.scope import ChosenScope
from carrel.ui.state.session import Session

MOST_OFFERED = 50
"""Maximum listed documents; others are found by name."""

LONGEST_NAME = 200
"""Maximum characters of a name filter."""

DRAWN = "watch('value', () => window.carrel?.scopeDrawn());"
COLLECTION_CHOICES = ("choose_collection", "only_collection", "no_documents")
DOCUMENT_CHOICES = ("choose_document", "choose_found")

Chosen = Callable[[Session], Awaitable[Updates]]
"""Returns what changes on the page with the scope."""


class ScopeChooser:
    """Builds the panel; ``build_button`` builds the button that opens it, and ``build_line`` the
    line that shows the scope elsewhere.

    The scope is stored in the session.
    """

    button: gr.HTML
    line: gr.HTML

    def __init__(self, services: Services) -> None:
        self._services = services
        with gr.Column(elem_id="scope-panel"):
            self.collections = self._part("scope-collections", COLLECTION_CHOICES)
            self.find = gr.HTML(
                _find_html(ENGLISH),
                elem_id="find-document",
                apply_default_css=False,
                js_on_load=typing_script("find_documents"),
            )
            self.documents = self._part("scope-documents", DOCUMENT_CHOICES)

    def _part(self, name: str, actions: Sequence[str]) -> gr.HTML:
        script = DRAWN + actions_script(*actions)
        return gr.HTML("", elem_id=name, apply_default_css=False, js_on_load=script)

    def build_button(self) -> None:
        """Build the button in the current place."""
        self.button = gr.HTML(
            "", elem_id="scope", apply_default_css=False, js_on_load=DRAWN + actions_script("offer")
        )

    def build_line(self) -> None:
        """Build the line in the current place."""
        self.line = gr.HTML("", elem_id="scope-line", apply_default_css=False, js_on_load=None)

    @property
    def outputs(self) -> list[gr.HTML]:
        """The components that ``shown`` fills."""
        return [self.button, self.line, self.collections, self.documents]

    def in_language(self, texts: Texts) -> Updates:
        """Return the static parts in a language."""
        return {self.find: _find_html(texts)}

    def wire(self, guard: Guard, session: gr.State, chosen: Chosen, *changed: Block) -> None:
        """Connect the events; ``chosen`` returns the updates of the components ``changed``."""
        self._chosen = chosen
        self._changed = [guard.notice, *self.outputs, *changed]
        named: dict[str, Any] = {
            "inputs_kwargs": {"session": session},
            "queue": False,
            "api_visibility": "private",
            "show_progress": "hidden",
        }
        for event, handler in (
            (self.collections.choose_collection, self.choose_collection),
            (self.collections.only_collection, self.only_collection),
            (self.collections.no_documents, self.no_documents),
            (self.documents.choose_document, self.choose_document),
            (self.documents.choose_found, self.choose_found),
        ):
            event(guard.once(handler), outputs=self._changed, **named)
        listed = [guard.notice, self.collections, self.documents]
        self.button.offer(guard.once(self.offer, clears=False), outputs=listed, **named)
        self.find.find_documents(
            guard.once(self.find_documents), outputs=listed, trigger_mode="always_last", **named
        )

    def wire_table(self, guard: Guard, session: gr.State, table: gr.HTML) -> None:
        """Connect the button of the document table that asks only one document."""
        table.ask_document(
            guard.once(self.ask_document),
            inputs_kwargs={"session": session},
            outputs=self._changed,
            queue=False,
            api_visibility="private",
            show_progress="hidden",
        )

    async def ask_document(self, event: gr.EventData, *, session: Session) -> Updates:
        """Select only one document of the listed collection."""
        collection = session.collection
        record = await self._services.collections.document(
            collection, chosen(event), session.principal
        )
        scope = ChosenScope((collection,)).with_document(record, collection)
        return await self._choose(scope, session)

    async def choose_collection(self, event: gr.EventData, *, session: Session) -> Updates:
        """Toggle a collection."""
        name = chosen(event)
        scope = await scope_of(session, self._services)
        if name not in scope.collections:
            await self._services.collections.get(name, session.principal)
        return await self._choose(scope.with_collection(name), session)

    async def only_collection(self, event: gr.EventData, *, session: Session) -> Updates:
        """Select only one collection."""
        name = chosen(event)
        await self._services.collections.get(name, session.principal)
        return await self._choose(ChosenScope((name,)), session)

    async def no_documents(self, *, session: Session) -> Updates:
        """Select no documents."""
        return await self._choose(ChosenScope(), session)

    async def choose_document(self, event: gr.EventData, *, session: Session) -> Updates:
        """Toggle a document; without any, all of the collections are selected."""
        document_id = chosen(event)
        scope = await scope_of(session, self._services)
        for collection, record in await self._documents(scope, session):
            if record.id == document_id:
                return await self._choose(scope.with_document(record, collection), session)
        return await self._choose(scope.without_document(document_id), session)

    async def choose_found(self, *, session: Session) -> Updates:
        """Select only the documents that are found; none, if they are selected."""
        scope = await scope_of(session, self._services)
        chosen = replace(scope, documents=())
        passes = _passing(session.finding)
        for collection, record in await self._documents(scope, session):
            if passes(record):
                chosen = chosen.with_document(record, collection)
        is_same = set(chosen.documents) == set(scope.documents)
        return await self._choose(replace(scope, documents=()) if is_same else chosen, session)

    async def offer(self, *, session: Session) -> Updates:
        """Refresh the lists: others may have added documents."""
        return await self._list(session)

    async def find_documents(self, event: gr.EventData, *, session: Session) -> Updates:
        """List the documents whose names contain the words, or that match a filter."""
        session.finding = chosen(event)[:LONGEST_NAME].strip()
        return await self._list(session)

    async def shown(self, session: Session) -> Updates:
        """Return the button and the panel for the session's scope."""
        scope = await scope_of(session, self._services)
        return {
            self.button: scope_button_html(scope, session.preferences.texts),
            self.line: scope_line_html(scope, session.preferences.texts),
            **await self._list(session),
        }

    async def _choose(self, scope: ChosenScope, session: Session) -> Updates:
        session.scope = scope
        return {**await self.shown(session), **await self._chosen(session)}

    async def _list(self, session: Session) -> Updates:
        scope, texts = await scope_of(session, self._services), session.preferences.texts
        collections = {
            each.name: contents.ready
            for each, contents in await self._services.collections.overview(session.principal)
        }
        passes, alone = _passing(session.finding), {each.id for each in scope.documents}
        ready = [each for _, each in await self._documents(scope, session)]
        found = [each for each in ready if passes(each)]
        # Selected documents are always listed.
        listed = [at for at, each in enumerate(found) if at < MOST_OFFERED or each.id in alone]
        offered = OfferedDocuments(
            [found[at] for at in listed], len(found), len(ready), is_narrowed=bool(session.finding)
        )
        return {
            self.collections: collections_html(scope, collections, texts),
            self.documents: documents_html(scope, offered, texts),
        }

    async def _documents(
        self, scope: ChosenScope, session: Session
    ) -> list[tuple[str, DocumentRecord]]:
        """Return the documents that can be asked, each with its collection."""
        service = self._services.collections
        readable = {each.name for each in await service.list(session.principal)}
        return [
            (collection, each)
            for collection in scope.collections
            if collection in readable
            for each in await service.documents(collection, session.principal)
            if each.status is DocumentStatus.READY
        ]


def _passing(finding: str) -> Callable[[DocumentRecord], bool]:
    """Return what lets documents pass; words that are no filter, or not yet, are of the name."""
    try:
        return parse_filter(finding).matches
    except InvalidRequest:
        words = finding.casefold()
        return lambda record: words in record.name.casefold()


def _find_html(texts: Texts) -> str:
    return search_field_html(texts.html("scope.find"), texts.html("scope.find.help"))
