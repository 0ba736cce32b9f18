"""Forms to select, create, rename and delete collections."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import gradio as gr

from carrel.services.application import Services
from carrel.ui.i18n.texts import ENGLISH, Texts
from carrel.ui.scope.scope_chooser import ScopeChooser
from carrel.ui.shell.actions import chosen, entered
from carrel.ui.shell.events import Guard, Updates
from carrel.ui.state.choices import collection_names, first_collection, scope_of
from carrel.ui.state.session import Session


class CollectionForms:
    """Builds the chooser and the form of a new collection; ``wire`` connects them to the services.

    ``scope`` is the chat's chooser: it is updated after renaming.
    """

    def __init__(
        self, services: Services, session: gr.State, guard: Guard, scope: ScopeChooser
    ) -> None:
        self._services = services
        self._session = session
        self._guard = guard
        self._scope = scope
        with gr.Row(elem_id="collection-row"):
            self.chosen = gr.Dropdown(
                elem_id="collection",
                label=ENGLISH("collection.label"),
                filterable=False,
                min_width=200,
            )
            self._new = gr.Accordion(
                ENGLISH("collection.new"), open=False, elem_id="new-collection"
            )
            with self._new:
                self._name = gr.Textbox(
                    label=ENGLISH("collection.name"),
                    max_lines=1,
                    elem_id="collection-name",
                    max_length=200,
                )
                self._shared = gr.Checkbox(label=ENGLISH("collection.shared"), value=True)
                self._create = gr.Button(
                    ENGLISH("collection.create"), variant="primary", elem_id="create-button"
                )

    def in_language(self, texts: Texts) -> Updates:
        """Return the static parts in a language."""
        return {
            self.chosen: gr.update(label=texts("collection.label")),
            self._new: gr.update(label=texts("collection.new")),
            self._name: gr.update(label=texts("collection.name")),
            self._shared: gr.update(label=texts("collection.shared")),
            self._create: gr.update(value=texts("collection.create")),
        }

    def wire(self, table: gr.HTML, content: Callable[[str, Session], Awaitable[str]]) -> None:
        """Connect the events.

        ``table`` shows a collection and sends the clicks on its actions; ``content`` renders it.
        """
        self._table = table
        self._content = content
        private: dict[str, Any] = {
            "api_visibility": "private",
            "show_progress": "hidden",
            "queue": False,
        }
        choosers = [self._guard.notice, self.chosen, *self._scope.outputs, table]
        self.chosen.input(
            self._guard.once(self.show),
            inputs_kwargs={"collection": self.chosen, "session": self._session},
            outputs=[self._guard.notice, table],
            **private,
        )
        gr.on(
            [self._create.click, self._name.submit],
            self._guard.once(self.create),
            inputs_kwargs={"name": self._name, "shared": self._shared, "session": self._session},
            outputs=[*choosers, self._name],
            **private,
        )
        for event, handler in (
            (table.rename_collection, self.rename),
            (table.delete_collection, self.delete),
        ):
            event(
                self._guard.once(handler),
                inputs_kwargs={"session": self._session},
                outputs=choosers,
                **private,
            )

    async def show(self, *, collection: str, session: Session) -> Updates:
        """Show the documents of a collection."""
        session.collection = collection
        return {self._table: await self._content(collection, session)}

    async def create(self, *, name: str, shared: bool, session: Session) -> Updates:
        """Create a collection and select it here; it is added to the chat's chooser, too."""
        created = await self._services.collections.create(name, shared, session.principal)
        session.collection = created.name
        return {**await self._choosers(session), self._name: ""}

    async def rename(self, event: gr.EventData, *, session: Session) -> Updates:
        """Rename a collection, and set its visibility."""
        old = chosen(event)
        renamed = await self._services.collections.rename(
            old,
            entered(event, "name"),
            session.principal,
            entered(event, "shared") != "",
        )
        session.collection = renamed.name
        session.scope = (await scope_of(session, self._services)).renamed(old, renamed.name)
        return await self._choosers(session)

    async def delete(self, event: gr.EventData, *, session: Session) -> Updates:
        """Delete a collection with all its documents, and show another one."""
        gone = chosen(event)
        await self._services.collections.delete(gone, session.principal)
        names = await collection_names(self._services, session.principal)
        session.collection = first_collection(self._services.settings, names)
        left = (await scope_of(session, self._services)).without_collection(gone)
        # If nothing of the scope is left, the settings' default is used.
        session.scope = left if left.collections else None
        return await self._choosers(session)

    async def _choosers(self, session: Session) -> Updates:
        """Update both choosers."""
        names = await collection_names(self._services, session.principal)
        return {
            self.chosen: gr.Dropdown(choices=names, value=session.collection),
            **await self._scope.shown(session),
            self._table: await self._content(session.collection, session),
        }
