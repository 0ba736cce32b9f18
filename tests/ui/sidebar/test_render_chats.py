"""The list of saved chats: groups by the browser's day, and nothing that runs."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from carrel.core.conversations import Conversation
from carrel.services.history.history import Chat
from carrel.ui.i18n.texts import ENGLISH, LANGUAGES
from carrel.ui.sidebar.render_chats import chats_html, deleted_html, group_of
from carrel.ui.state.listed_chats import PAGE, BrowserPreferences, ListedChats

TODAY = datetime(2026, 5, 4, tzinfo=ZoneInfo("Europe/Berlin"))
HOSTILE = '"><img src=x onerror=alert(1)>'


def chat(title: str, at: datetime = TODAY, **more: bool) -> Conversation:
    return Conversation(f"id of {title}", title, "local", at, **more)


def test_titles_are_escaped_and_the_open_chat_is_marked() -> None:
    html = chats_html([chat(HOSTILE), chat("Two")], "id of Two", TODAY)
    assert "<img" not in html
    assert "<img" not in deleted_html(chat(HOSTILE), ENGLISH)
    assert "<img" not in chats_html([], None, TODAY, words=HOSTILE)
    first, second = html.split("</li>")[:2]
    assert "aria-current" not in first
    assert 'data-id="id of Two" aria-current="true"' in second


def test_no_chats_say_so() -> None:
    assert "Chats are kept here" in chats_html([], None, TODAY)
    assert "werden hier aufbewahrt" in chats_html([], None, TODAY, texts=LANGUAGES["de"])


def test_a_button_brings_more_where_there_are_more() -> None:
    assert "more_chats" not in chats_html([chat("One")], None, TODAY)
    assert "more_chats" in chats_html([chat("One")], None, TODAY, more=True)


@pytest.mark.parametrize(
    ("hours", "group"), [(3, "today"), (0, "today"), (-1, "yesterday"), (-25, "earlier")]
)
def test_the_group_is_that_of_the_day(hours: int, group: str) -> None:
    assert group_of(chat("One", TODAY + timedelta(hours=hours)), TODAY) == f"chats.{group}"
    assert group_of(chat("One", TODAY, pinned=True), TODAY) == "chats.pinned"


def test_the_day_begins_at_the_browsers_midnight() -> None:
    sent = json.dumps({"languages": ["de-AT"], "offset": -120})
    begun = BrowserPreferences.read(sent).today()
    assert (begun.hour, begun.minute) == (22, 0)
    assert timedelta(0) <= datetime.now(UTC) - begun < timedelta(days=1)


@pytest.mark.parametrize(
    "sent",
    ["", "[]", "{", '{"languages": 3, "offset": 0}', '{"languages": [], "offset": "x"}',
     '{"languages": ["xx"], "offset": 999999}', '{"languages": [], "offset": 1e999}'],
)  # fmt: skip
def test_what_a_browser_does_not_say_right_counts_as_not_said(sent: str) -> None:
    assert BrowserPreferences.read(sent) == BrowserPreferences()


def test_a_deleted_chat_can_be_taken_once() -> None:
    listed = ListedChats(most=PAGE * 2)
    assert listed.take_deleted() is None
    gone = Chat(chat("One"), ())
    listed.forget(gone)
    assert listed.take_deleted() is gone
    assert listed.take_deleted() is None
    listed.find("words")
    assert (listed.words, listed.most) == ("words", PAGE)
