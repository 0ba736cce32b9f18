"""Saved chats in the sidebar: found, renamed, pinned, deleted, restored, exported, imported."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from carrel.core.access import Principal
from carrel.core.chat import Message, Role
from carrel.core.conversations import Conversation, SavedTurn
from carrel.services.history.history import Chat
from running.browsing import Visit
from running.live_server import LiveServer, live_server, settings_in

MANY = 500
HOSTILE = '<img src=x onerror=alert(1)> "quoted" {{7*7}}'


def save(server: LiveServer, chats: list[Chat], account: str = "local") -> None:
    async def add() -> None:
        for chat in chats:
            await server.services.history.add(Principal(account), chat)

    asyncio.run_coroutine_threadsafe(add(), server.loop).result(60)


def chat(name: str, title: str, *words: str, days: float = 0.0) -> Chat:
    at = datetime.now(UTC) - timedelta(days=days)
    roles = (Role.USER, Role.ASSISTANT)
    turns = [SavedTurn(Message(roles[each % 2], word)) for each, word in enumerate(words)]
    return Chat(Conversation(name, title, "", at), tuple(turns))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server with hundreds of chats, which the tests of this file share."""
    settings = settings_in(tmp_path_factory.mktemp("history"), langchain_mode="LLM")
    with live_server(settings, with_page=True) as running:
        save(running, [chat(f"m{at}", f"Old {at}", f"old {at}", days=9) for at in range(MANY)])
        save(running, [chat("stranger", "Of a stranger", "secret")], account="bob")
        yield running


def menu(visitor: Visit, title: str, entry: str) -> None:
    row = visitor.page.locator(".chat", has=visitor.page.get_by_text(title, exact=True))
    row.hover()
    row.get_by_role("button", name="Options for the chat").click()
    visitor.page.get_by_role("menuitem", name=entry).click()


def find(visitor: Visit, words: str) -> None:
    visitor.page.keyboard.press("Control+k")
    expect(visitor.page.locator("#find-chat input")).to_be_focused()
    visitor.page.keyboard.type(words)


def test_chats_are_grouped_found_and_opened_by_key(
    server: LiveServer, tab: Callable[..., Visit]
) -> None:
    save(server, [chat("g1", "Ferry of yesterday", "which one", "the Morning Star", days=1)])
    save(server, [chat("g2", HOSTILE, "who", "nobody")])
    visitor = tab(server)
    expect(visitor.page.locator("h2.chat-group")).to_have_text(["Today", "Yesterday", "Earlier"])
    expect(visitor.chats).to_have_count(60)
    expect(visitor.chats.first).to_have_text(HOSTILE)
    visitor.page.get_by_role("button", name="Show more chats").click()
    expect(visitor.chats).to_have_count(120)

    find(visitor, "mORNing star")
    expect(visitor.chats).to_have_text(["Ferry of yesterday"])
    visitor.page.keyboard.press("Enter")
    expect(visitor.answer).to_have_text("the Morning Star")
    find(visitor, "secret")
    expect(visitor.page.locator("#chats .sidebar-hint")).to_have_text("No chat holds “secret”.")
    visitor.page.keyboard.press("Escape")
    expect(visitor.chats).to_have_count(60)


def test_a_chat_is_renamed_pinned_deleted_and_brought_back(
    server: LiveServer, tab: Callable[..., Visit]
) -> None:
    save(server, [chat("r1", "To be renamed", "a question", "an answer")])
    visitor = tab(server, "#chat-r1")
    menu(visitor, "To be renamed", "Rename")
    visitor.page.keyboard.type("Renamed")
    visitor.page.keyboard.press("Enter")
    expect(visitor.chats.filter(has_text="Renamed")).to_have_count(1)
    menu(visitor, "Renamed", "Pin")
    expect(visitor.page.locator("h2.chat-group").first).to_have_text("Pinned")
    expect(visitor.chats.first).to_have_text("Renamed")

    menu(visitor, "Renamed", "Delete")
    asked = visitor.page.get_by_role("dialog", name="Delete the chat?")
    expect(asked).to_contain_text("Renamed")
    asked.get_by_role("button", name="Delete").click()
    expect(visitor.page.locator(".welcome")).to_be_visible()
    expect(visitor.page.locator(".toast")).to_contain_text("Deleted “Renamed” with 2 messages.")
    expect(visitor.chats.filter(has_text="Renamed")).to_have_count(0)
    visitor.page.get_by_role("button", name="Undo").click()
    expect(visitor.chats.first).to_have_text("Renamed")
    expect(visitor.page.locator(".toast")).to_have_count(0)
    visitor.chats.first.click()
    expect(visitor.answer).to_have_text("an answer")
    menu(visitor, "Renamed", "Unpin")
    expect(visitor.page.locator("h2.chat-group").first).to_have_text("Today")


def test_a_chat_goes_into_a_file_and_comes_back(
    server: LiveServer, tab: Callable[..., Visit], tmp_path: Path
) -> None:
    save(server, [chat("x1", "Out and in", "what is it", "a *ferry*")])
    visitor = tab(server)
    with visitor.page.expect_download() as written:
        menu(visitor, "Out and in", "Export as Markdown")
    assert written.value.suggested_filename == "Out-and-in.md"
    assert written.value.path().read_text() == "# Out and in\n\n## what is it\n\na *ferry*\n"
    with visitor.page.expect_download() as written:
        menu(visitor, "Out and in", "Export as JSON")
    exported = written.value.path().read_text()

    def bring(text: str) -> None:
        path = tmp_path / "chat.json"
        path.write_text(text)
        visitor.page.get_by_role("button", name="Settings", exact=True).click()
        with visitor.page.expect_file_chooser() as chooser:
            visitor.page.get_by_role("button", name="Import a chat").click()
        chooser.value.set_files(path)

    bring(exported.replace("Out and in", "Back again"))
    expect(visitor.answer).to_have_text("a ferry")
    expect(visitor.chats.filter(has_text="Back again")).to_have_attribute("aria-current", "true")
    bring(json.dumps(json.loads(exported) | {"owner": "bob"}))
    expect(visitor.error).to_contain_text("not imported: the chat does not have exactly")


def test_two_tabs_do_not_share_what_they_look_for(
    server: LiveServer, tab: Callable[..., Visit]
) -> None:
    save(server, [chat("t1", "Shared by tabs", "one", "two")])
    first, second = tab(server), tab(server, "#chat-t1")
    expect(second.answer).to_have_text("two")
    find(first, "Old 123")
    expect(first.chats.first).to_have_text("Old 123")
    expect(first.page.locator(".welcome")).to_be_visible()
    second.reload()
    expect(second.answer).to_have_text("two")
    expect(second.page.locator("#find-chat input")).to_have_value("")
    expect(second.chats.filter(has_text="Shared by tabs")).to_have_count(1)
