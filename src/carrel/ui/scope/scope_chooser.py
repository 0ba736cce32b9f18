"""The chooser of what is asked: collections, single documents, or no documents."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import gradio as gr
from gradio.blocks import Block

from carrel.core.documents import DocumentRecord, DocumentStatus
from carrel.services.application import Services
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
"""Documents that are listed at once; a part of a name finds the others."""

LONGEST_NAME = 200
"""Characters of a name that is looked for; the field takes no more."""

DRAWN = "watch('value', () => window.carrel?.scopeDrawn());"
CHOICES = ("choose_collection", "only_collection", "no_documents", "choose_document")

Chosen = Callable[[Session], Awaitable[Updates]]
"""Returns what changes on the page once something else is asked."""


class ScopeChooser:
    """Builds the panel; ``build_button`` builds what names the choice and opens the panel, and
    ``build_line`` what names it elsewhere.

    What is chosen stands in the session.
    """

    button: gr.HTML
    line: gr.HTML

    def __init__(self, services: Services) -> None:
        self._services = services
        with gr.Column(elem_id="scope-panel"):
            self.collections = self._part("scope-collections", CHOICES[:-1])
            self.find = gr.HTML(
                _find_html(ENGLISH),
                elem_id="find-document",
                apply_default_css=False,
                js_on_load=typing_script("find_documents"),
            )
            self.documents = self._part("scope-documents", CHOICES[-1:])

    def _part(self, name: str, actions: Sequence[str]) -> gr.HTML:
        script = DRAWN + actions_script(*actions)
        return gr.HTML("", elem_id=name, apply_default_css=False, js_on_load=script)

    def build_button(self) -> None:
        """Build the button where the caller stands."""
        self.button = gr.HTML(
            "", elem_id="scope", apply_default_css=False, js_on_load=DRAWN + actions_script("offer")
        )

    def build_line(self) -> None:
        """Build the line that names the choice where the caller stands."""
        self.line = gr.HTML("", elem_id="scope-line", apply_default_css=False, js_on_load=None)

    @property
    def outputs(self) -> list[gr.HTML]:
        """What ``shown`` fills."""
        return [self.button, self.line, self.collections, self.documents]

    def in_language(self, texts: Texts) -> Updates:
        """Return the parts that stay, in a language."""
        return {self.find: _find_html(texts)}

    def wire(self, guard: Guard, session: gr.State, chosen: Chosen, *changed: Block) -> None:
        """Connect the events; ``chosen`` returns what changes of the components ``changed``."""
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
        ):
            event(guard.once(handler), outputs=self._changed, **named)
        listed = [guard.notice, self.collections, self.documents]
        self.button.offer(guard.once(self.offer, clears=False), outputs=listed, **named)
        self.find.find_documents(
            guard.once(self.find_documents), outputs=listed, trigger_mode="always_last", **named
        )

    def wire_table(self, guard: Guard, session: gr.State, table: gr.HTML) -> None:
        """Connect the table of documents, of which one is asked alone."""
        table.ask_document(
            guard.once(self.ask_document),
            inputs_kwargs={"session": session},
            outputs=self._changed,
            queue=False,
            api_visibility="private",
            show_progress="hidden",
        )

    async def ask_document(self, event: gr.EventData, *, session: Session) -> Updates:
        """Ask one document of the collection whose documents are listed, and nothing else."""
        collection = session.collection
        record = await self._services.collections.document(
            collection, chosen(event), session.principal
        )
        scope = ChosenScope((collection,)).with_document(record, collection)
        return await self._choose(scope, session)

    async def choose_collection(self, event: gr.EventData, *, session: Session) -> Updates:
        """Ask one more collection, or one less."""
        name = chosen(event)
        scope = await scope_of(session, self._services)
        if name not in scope.collections:
            await self._services.collections.get(name, session.principal)
        return await self._choose(scope.with_collection(name), session)

    async def only_collection(self, event: gr.EventData, *, session: Session) -> Updates:
        """Ask one collection and nothing else."""
        name = chosen(event)
        await self._services.collections.get(name, session.principal)
        return await self._choose(ChosenScope((name,)), session)

    async def no_documents(self, *, session: Session) -> Updates:
        """Ask the model alone."""
        return await self._choose(ChosenScope(), session)

    async def choose_document(self, event: gr.EventData, *, session: Session) -> Updates:
        """Ask one document more by itself, or one less; with none, all of the collections."""
        document_id = chosen(event)
        scope = await scope_of(session, self._services)
        for collection, record in await self._documents(scope, session):
            if record.id == document_id:
                return await self._choose(scope.with_document(record, collection), session)
        return await self._choose(scope.without_document(document_id), session)

    async def offer(self, *, session: Session) -> Updates:
        """List what there is now: others may have added some."""
        return await self._list(session)

    async def find_documents(self, event: gr.EventData, *, session: Session) -> Updates:
        """List the documents whose names hold the words."""
        session.finding = chosen(event)[:LONGEST_NAME].strip()
        return await self._list(session)

    async def shown(self, session: Session) -> Updates:
        """Return the button and the panel for what the session asks."""
        scope = await scope_of(session, self._services)
        return {
            self.button: scope_button_html(scope, session.options.texts),
            self.line: scope_line_html(scope, session.options.texts),
            **await self._list(session),
        }

    async def _choose(self, scope: ChosenScope, session: Session) -> Updates:
        session.scope = scope
        return {**await self.shown(session), **await self._chosen(session)}

    async def _list(self, session: Session) -> Updates:
        scope, texts = await scope_of(session, self._services), session.options.texts
        collections = {
            each.name: contents.ready
            for each, contents in await self._services.collections.overview(session.principal)
        }
        wanted, alone = session.finding.casefold(), {each.id for each in scope.documents}
        ready = [each for _, each in await self._documents(scope, session)]
        found = [each for each in ready if wanted in each.name.casefold()]
        # What is chosen is listed, however many there are.
        listed = [at for at, each in enumerate(found) if at < MOST_OFFERED or each.id in alone]
        offered = OfferedDocuments([found[at] for at in listed], len(found), len(ready))
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


def _find_html(texts: Texts) -> str:
    return search_field_html(texts.html("scope.find"))
