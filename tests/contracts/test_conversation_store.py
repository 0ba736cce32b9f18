"""What every store of chats promises (``carrel.core.protocols.ConversationStore``)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from carrel.core.chat import Message, Role
from carrel.core.conversations import ConversationStore, SavedTurn
from carrel.core.documents import Source
from carrel.core.errors import ConversationNotFound, InvalidRequest
from carrel.storage.conversations import SqliteConversationStore
from carrel.storage.database import Database

QUESTION = SavedTurn(Message(Role.USER, "Who was the keeper?"))
ANSWER = SavedTurn(
    Message(Role.ASSISTANT, "Ingrid [1].\n\n文 😀"),
    (
        Source(1, "a.pdf", "d1", "UserData", 3, 0.75, "The keeper: Ingrid.", "Ingrid"),
        Source(2, "b.txt", "d2", "UserData", None, 0.5, "Nobody.", ""),
    ),
    "SmolLM2",
)


@pytest.fixture(params=["sqlite"])
def store(tmp_path: Path) -> Iterator[ConversationStore]:
    """An empty store."""
    database = Database(tmp_path / "catalog.db")
    yield SqliteConversationStore(database)
    database.close()


def test_turns_come_back_as_they_were_saved_and_in_order(store: ConversationStore) -> None:
    chat = store.create("anna", "Keepers")
    store.append(chat.id, [QUESTION, ANSWER])
    store.append(chat.id, [QUESTION])
    assert store.turns("anna", chat.id) == [QUESTION, ANSWER, QUESTION]


def test_a_new_chat_is_empty_and_dated_now(store: ConversationStore) -> None:
    before = datetime.now(UTC)
    chat = store.create("anna", "Keepers")
    assert (chat.title, chat.owner) == ("Keepers", "anna")
    assert before <= chat.updated_at <= datetime.now(UTC)
    assert store.turns("anna", chat.id) == []
    assert store.conversations("anna") == [chat]


def test_the_chat_written_to_last_is_listed_first(store: ConversationStore) -> None:
    first, second, third = (store.create("anna", title) for title in "abc")
    assert [each.id for each in store.conversations("anna")] == [third.id, second.id, first.id]
    store.append(first.id, [QUESTION])
    assert [each.title for each in store.conversations("anna")] == ["a", "c", "b"]


def test_a_chat_is_seen_by_its_owner_only(store: ConversationStore) -> None:
    chat = store.create("anna", "Keepers")
    assert store.conversations("bob") == []
    with pytest.raises(ConversationNotFound):
        store.turns("bob", chat.id)
    with pytest.raises(ConversationNotFound):
        store.rename("bob", chat.id, "stolen")
    store.delete("bob", chat.id)
    assert [each.title for each in store.conversations("anna")] == ["Keepers"]


def test_an_unknown_chat_is_not_found(store: ConversationStore) -> None:
    with pytest.raises(ConversationNotFound):
        store.turns("anna", "unknown")
    with pytest.raises(ConversationNotFound):
        store.append("unknown", [QUESTION])
    with pytest.raises(ConversationNotFound):
        store.rename("anna", "unknown", "title")


def test_a_chat_can_be_renamed(store: ConversationStore) -> None:
    chat = store.create("anna", "Keepers")
    store.append(chat.id, [QUESTION])
    store.rename("anna", chat.id, "Lighthouses")
    [listed] = store.conversations("anna")
    assert listed.title == "Lighthouses"
    assert store.turns("anna", chat.id) == [QUESTION]


def test_a_deleted_chat_is_gone_and_the_others_stay(store: ConversationStore) -> None:
    chat, other = store.create("anna", "a"), store.create("anna", "b")
    store.append(chat.id, [QUESTION, ANSWER])
    store.append(other.id, [ANSWER])
    store.delete("anna", chat.id)
    store.delete("anna", chat.id)
    with pytest.raises(ConversationNotFound):
        store.turns("anna", chat.id)
    assert store.turns("anna", other.id) == [ANSWER]


def test_a_lone_surrogate_does_not_lose_a_chat(store: ConversationStore) -> None:
    chat = store.create("anna", "a\ud800")
    store.append(chat.id, [SavedTurn(Message(Role.USER, "b\ud800"))])
    assert store.turns("anna", chat.id)[0].message.content == "b?"
    assert store.conversations("anna")[0].title == "a?"


def titles(store: ConversationStore, words: str = "", owner: str = "anna") -> list[str]:
    return [each.title for each in store.conversations(owner, words)]


def test_words_are_found_in_titles_and_messages(store: ConversationStore) -> None:
    keepers, piers = store.create("anna", "Keepers"), store.create("anna", "Piers in Kilbride")
    store.append(keepers.id, [QUESTION, ANSWER])
    store.append(piers.id, [SavedTurn(Message(Role.USER, "What does a pier cost, 100 % of it?"))])
    assert titles(store, "ingrid") == ["Keepers"]
    assert titles(store, "KILBR") == ["Piers in Kilbride"]
    assert titles(store, "kilbride cost") == ["Piers in Kilbride"]
    assert titles(store, "文") == ["Keepers"]
    assert titles(store, "%") == ["Piers in Kilbride"]
    assert titles(store, "_") == []
    assert titles(store, "keeper pier") == []
    assert titles(store, " ") == ["Piers in Kilbride", "Keepers"]
    assert titles(store, "ingrid", owner="bob") == []


@pytest.mark.parametrize(
    "words",
    ['"', '""""', "a OR b", "NEAR(", "text:", "-ingrid", "*", "' OR 1=1 --", "\0\0\0", "a" * 9000,
     "conversation_id : x", "\ud800\ud800\ud800", "(", "\\\\", "^the"],
)  # fmt: skip
def test_no_words_of_a_search_are_operators(store: ConversationStore, words: str) -> None:
    chat = store.create("anna", "Keepers")
    store.append(chat.id, [QUESTION, ANSWER])
    assert titles(store, f"{words} zzz") == []
    assert titles(store, words) in ([], ["Keepers"])


def test_what_was_renamed_or_deleted_is_no_longer_found(store: ConversationStore) -> None:
    chat, other = store.create("anna", "Keepers"), store.create("anna", "Others")
    store.append(chat.id, [QUESTION])
    store.append(other.id, [QUESTION])
    store.rename("anna", chat.id, "Lighthouses")
    assert titles(store, "keepers") == []
    assert titles(store, "lighthouses") == ["Lighthouses"]
    store.delete("bob", chat.id)
    assert titles(store, "who was") == ["Others", "Lighthouses"]
    store.delete("anna", chat.id)
    assert titles(store, "who was") == ["Others"]
    assert titles(store, "lighthouses") == []


def test_pinned_chats_come_first_and_a_limit_cuts_the_oldest(store: ConversationStore) -> None:
    first, second, third = (store.create("anna", title) for title in "abc")
    store.append(second.id, [QUESTION, ANSWER])
    store.pin("anna", first.id, True)
    assert [each.title for each in store.conversations("anna", limit=2)] == ["a", "b"]
    assert store.conversation("anna", first.id).pinned
    assert store.conversation("anna", second.id).messages == 2
    store.pin("anna", first.id, False)
    assert titles(store) == ["b", "c", "a"]
    with pytest.raises(ConversationNotFound):
        store.pin("bob", third.id, True)
    with pytest.raises(ConversationNotFound):
        store.conversation("bob", third.id)


def test_a_whole_chat_is_added_as_it_was(store: ConversationStore) -> None:
    chat = store.create("anna", "Keepers")
    store.append(chat.id, [QUESTION, ANSWER])
    kept, turns = store.conversation("anna", chat.id), store.turns("anna", chat.id)
    with pytest.raises(InvalidRequest):
        store.add(kept, turns)
    store.delete("anna", chat.id)
    store.add(kept, turns)
    assert store.conversations("anna", "ingrid") == [kept]
    assert store.turns("anna", chat.id) == turns
