"""Saved chats in the sidebar: find, rename, pin, delete, export and import."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import gradio as gr

from carrel.core.errors import InvalidRequest
from carrel.services.application import Services
from carrel.services.history.chat_files import file_name, from_json, to_json, to_markdown
from carrel.ui.i18n.texts import ENGLISH, Texts
from carrel.ui.shell.actions import actions_script, chosen, entered, typing_script
from carrel.ui.shell.events import Guard, Updates
from carrel.ui.shell.render import search_field_html
from carrel.ui.sidebar.render_chats import chat_tools_html, chats_html, deleted_html
from carrel.ui.state.listed_chats import PAGE
from carrel.ui.state.session import Session

Thread = Callable[[Session], Awaitable[Updates]]
"""Renders the whole chat of a session."""

TOOLS = (
    "rename_chat",
    "pin_chat",
    "unpin_chat",
    "delete_chat",
    "export_markdown",
    "export_json",
    "import_chat",
)
LONGEST_SEARCH = 200
"""Maximum characters of a query."""

SHOW_TOAST = "watch('value', () => window.carrel?.showToast(element));" + actions_script(
    "undo_delete"
)


class ChatList:
    """Builds the filter, the list, and the menu of a chat.

    Opening a chat is connected in the chat view.
    """

    def __init__(self) -> None:
        self.find = gr.HTML(
            _find_html(ENGLISH),
            elem_id="find-chat",
            apply_default_css=False,
            js_on_load=typing_script("find_chats"),
        )
        self.chats = gr.HTML(
            "",
            elem_id="chats",
            apply_default_css=False,
            js_on_load=actions_script("open_chat", "more_chats"),
        )
        self.tools = gr.HTML(
            chat_tools_html(ENGLISH),
            elem_id="chat-tools",
            apply_default_css=False,
            js_on_load=actions_script(*TOOLS),
        )
        self.toast = gr.HTML("", elem_id="toast", apply_default_css=False, js_on_load=SHOW_TOAST)
        self._exported = gr.Textbox(visible=False)

    def in_language(self, texts: Texts) -> Updates:
        """Return the static parts in a language."""
        return {
            self.find: _find_html(texts),
            self.tools: chat_tools_html(texts),
        }

    def wire(self, services: Services, guard: Guard, session: gr.State) -> None:
        """Connect the events that change only the list."""
        self._services = services
        private: dict[str, Any] = {
            "api_visibility": "private",
            "show_progress": "hidden",
            "queue": False,
        }
        own = {"session": session}
        listed = [guard.notice, self.chats]
        self.find.find_chats(
            guard.once(self.find_chats),
            inputs_kwargs=own,
            outputs=listed,
            trigger_mode="always_last",
            **private,
        )
        for event, handler, changed in (
            (self.chats.more_chats, self.more_chats, listed),
            (self.tools.rename_chat, self.rename_chat, listed),
            (self.tools.pin_chat, self.pin_chat, listed),
            (self.tools.unpin_chat, self.unpin_chat, listed),
        ):
            event(guard.once(handler), inputs_kwargs=own, outputs=changed, **private)
        for event, handler in (
            (self.tools.export_markdown, self.export_markdown),
            (self.tools.export_json, self.export_json),
        ):
            event(
                guard.once(handler),
                inputs_kwargs=own,
                outputs=[guard.notice, self._exported],
                **private,
            ).success(
                None,
                inputs=self._exported,
                js="(file) => { window.carrel.keepFile(file); }",
                api_visibility="private",
            )

    def wire_thread(
        self, guard: Guard, inputs: dict[str, Any], thread: Thread, shown: list[Any]
    ) -> None:
        """Connect the events that may change the open chat, which ``thread`` renders."""
        self._thread = thread
        for event, handler, changed in (
            (self.tools.delete_chat, self.delete_chat, [*shown, self.toast]),
            (self.toast.undo_delete, self.undo_delete, [*shown, self.toast]),
            (self.tools.import_chat, self.import_chat, shown),
        ):
            event(
                guard.once(handler),
                inputs_kwargs=inputs,
                outputs=changed,
                queue=False,
                show_progress="hidden",
                api_visibility="private",
            )

    async def html(self, session: Session) -> str:
        """Return the list of this tab."""
        listed, options = session.listed, session.preferences
        chats = await self._services.history.list(session.principal, listed.words, listed.most + 1)
        return chats_html(
            chats[: listed.most],
            session.conversation_id,
            options.today(),
            texts=options.texts,
            words=listed.words,
            more=len(chats) > listed.most,
        )

    async def find_chats(self, event: gr.EventData, *, session: Session) -> Updates:
        """List the chats that contain the words."""
        session.listed.find(" ".join(chosen(event)[:LONGEST_SEARCH].split()))
        return {self.chats: await self.html(session)}

    async def more_chats(self, *, session: Session) -> Updates:
        """List more chats."""
        session.listed.most += PAGE
        return {self.chats: await self.html(session)}

    async def rename_chat(self, event: gr.EventData, *, session: Session) -> Updates:
        """Rename a chat."""
        title = entered(event, "title")
        if not title.strip():
            raise InvalidRequest("A chat needs a title: enter one.")
        await self._services.history.rename(session.principal, chosen(event), title)
        return {self.chats: await self.html(session)}

    async def pin_chat(self, event: gr.EventData, *, session: Session) -> Updates:
        """Pin a chat."""
        await self._services.history.pin(session.principal, chosen(event), True)
        return {self.chats: await self.html(session)}

    async def unpin_chat(self, event: gr.EventData, *, session: Session) -> Updates:
        """Unpin a chat."""
        await self._services.history.pin(session.principal, chosen(event), False)
        return {self.chats: await self.html(session)}

    async def delete_chat(self, event: gr.EventData, *, session: Session) -> Updates:
        """Delete a saved chat, leave it if it is open, and offer to undo."""
        conversation_id = chosen(event)
        chat = await self._services.history.chat(session.principal, conversation_id)
        if conversation_id == session.conversation_id:
            session.leave_chat()
        await self._services.history.delete(session.principal, conversation_id)
        session.listed.forget(chat)
        line = deleted_html(chat.conversation, session.preferences.texts)
        return {**await self._thread(session), self.toast: line}

    async def undo_delete(self, event: gr.EventData, *, session: Session) -> Updates:
        """Restore the last deleted chat."""
        chat = session.listed.take_deleted()
        if chat is None:
            raise InvalidRequest(session.preferences.texts("chats.undo.late"))
        await self._services.history.add(session.principal, chat)
        return {**await self._thread(session), self.toast: ""}

    async def import_chat(self, event: gr.EventData, *, session: Session) -> Updates:
        """Store the chat of a file, and open it."""
        chat = await asyncio.to_thread(from_json, entered(event, "content"))
        stored = await self._services.history.add(session.principal, chat)
        await session.open_chat(await self._services.history.chat(session.principal, stored.id))
        return await self._thread(session)

    async def export_markdown(self, event: gr.EventData, *, session: Session) -> Updates:
        """Send a chat to the browser as a Markdown file."""
        chat = await self._services.history.chat(session.principal, chosen(event))
        name = file_name(chat.conversation.title, "md")
        return self._file(name, "text/markdown", to_markdown(chat))

    async def export_json(self, event: gr.EventData, *, session: Session) -> Updates:
        """Send a chat to the browser as a JSON file for import."""
        chat = await self._services.history.chat(session.principal, chosen(event))
        name = file_name(chat.conversation.title, "json")
        return self._file(name, "application/json", to_json(chat))

    def _file(self, name: str, kind: str, text: str) -> Updates:
        return {self._exported: json.dumps({"name": name, "type": kind, "text": text})}


def _find_html(texts: Texts) -> str:
    return search_field_html(texts.html("chats.find"))
