"""What every store of chats promises (``carrel.core.protocols.adapters.ConversationStore``)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from carrel.core.chat import Message, Role
from carrel.core.conversations import BEGINNING, ConversationStore, Ending, SavedTurn
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


def said(store: ConversationStore, chat: str) -> list[str]:
    return [turn.message.content for turn in store.turns("anna", chat)]


def turn(words: str) -> SavedTurn:
    return SavedTurn(Message(Role.USER, words))


def test_versions_of_a_question_are_kept_and_can_be_shown(store: ConversationStore) -> None:
    chat = store.create("anna", "Keepers").id
    first = store.append(chat, [turn("a"), turn("b")])
    more = store.append(chat, [turn("c"), turn("d")], first[1])
    edited = store.append(chat, [turn("C")], first[1])
    assert said(store, chat) == ["a", "b", "C"]
    assert store.versions(chat, edited[0]) == store.versions(chat, more[0]) == [more[0], edited[0]]
    assert store.versions(chat, first[0]) == [first[0]]
    store.show_version("anna", chat, more[0])
    assert said(store, chat) == ["a", "b", "c", "d"]
    again = store.append(chat, [turn("A")], BEGINNING)
    assert said(store, chat) == ["A"]
    assert store.versions(chat, again[0]) == [first[0], again[0]]
    # Of the versions below it the one written last.
    store.show_version("anna", chat, first[0])
    assert said(store, chat) == ["a", "b", "C"]
    store.append(chat, [turn("e")])
    assert said(store, chat) == ["a", "b", "C", "e"]
    assert [each.message.content for each in store.all_turns("anna", chat)] == list("abcdCAe")


def test_what_follows_a_turn_that_is_gone_comes_at_the_end(store: ConversationStore) -> None:
    chat, other = store.create("anna", "a").id, store.create("anna", "b").id
    [foreign] = store.append(other, [turn("x")])
    store.append(chat, [turn("a")])
    store.append(chat, [turn("b")], foreign)
    assert said(store, chat) == ["a", "b"]
    assert said(store, other) == ["x"]


def test_a_removed_turn_takes_along_what_follows_it(store: ConversationStore) -> None:
    chat = store.create("anna", "Keepers").id
    first = store.append(chat, [turn("question"), turn("answer")])
    more = store.append(chat, [turn("lighthouse"), turn("tower")])
    store.append(chat, [turn("beacon")], first[1])
    store.show_version("anna", chat, more[0])
    store.remove("anna", chat, more[0])
    assert said(store, chat) == ["question", "answer", "beacon"]
    assert titles(store, "lighthouse") == titles(store, "tower") == []
    assert titles(store, "beacon") == ["Keepers"]
    store.remove("anna", chat, first[0])
    assert store.all_turns("anna", chat) == []
    store.append(chat, [turn("again")])
    assert said(store, chat) == ["again"]


def test_what_is_not_shown_is_removed_alone(store: ConversationStore) -> None:
    chat = store.create("anna", "Keepers").id
    old = store.append(chat, [turn("a"), turn("b")])
    store.append(chat, [turn("A"), turn("B")], BEGINNING)
    store.remove("anna", chat, old[0])
    assert said(store, chat) == ["A", "B"]


def test_versions_are_touched_by_the_owner_only(store: ConversationStore) -> None:
    chat = store.create("anna", "Keepers").id
    [only] = store.append(chat, [turn("a")])
    other = store.create("bob", "b").id
    for owner, where in (("bob", chat), ("bob", other), ("anna", "unknown")):
        with pytest.raises(ConversationNotFound):
            store.show_version(owner, where, only)
        with pytest.raises(ConversationNotFound):
            store.remove(owner, where, only)
    with pytest.raises(ConversationNotFound):
        store.all_turns("bob", chat)
    assert said(store, chat) == ["a"]


def test_how_an_answer_ended_is_kept(store: ConversationStore) -> None:
    chat = store.create("anna", "Keepers").id
    failed = SavedTurn(Message(Role.ASSISTANT, "one"), (), "m", Ending.FAILED, "The disk is full.")
    nothing = SavedTurn(Message(Role.ASSISTANT, "No."), (), "m", abstained=True)
    store.append(chat, [failed, nothing])
    assert store.turns("anna", chat) == [failed, nothing]


def test_all_versions_come_back_with_a_chat(store: ConversationStore) -> None:
    chat = store.create("anna", "Keepers").id
    old = store.append(chat, [turn("a"), turn("b")])
    store.append(chat, [turn("A"), turn("B")], BEGINNING)
    store.show_version("anna", chat, old[0])
    store.create("anna", "Another")
    kept, turns = store.conversation("anna", chat), store.all_turns("anna", chat)
    store.delete("anna", chat)
    # Other turns get the numbers that were free.
    store.append(store.create("anna", "Third").id, [turn("x")] * 3)
    store.add(kept, turns)
    assert said(store, chat) == ["a", "b"]
    again = store.all_turns("anna", chat)
    assert [each.message.content for each in again] == list("abAB")
    store.show_version("anna", chat, again[2].id)
    assert said(store, chat) == ["A", "B"]


def test_a_turn_is_rewritten_in_its_place(store: ConversationStore) -> None:
    chat = store.create("anna", "Keepers")
    first, second = store.append(chat.id, [QUESTION, replace(ANSWER, ending=Ending.LENGTH)])
    more = replace(ANSWER, message=Message(Role.ASSISTANT, "Ingrid, the lighthouse keeper"))
    store.rewrite("anna", chat.id, replace(more, id=second))
    assert store.turns("anna", chat.id) == [QUESTION, more]
    assert [each.id for each in store.turns("anna", chat.id)] == [first, second]
    assert [each.id for each in store.conversations("anna", "lighthouse")] == [chat.id]
    assert store.conversations("anna", "文") == []


def test_a_turn_is_rewritten_by_its_owner_only(store: ConversationStore) -> None:
    chat, other = store.create("anna", "Keepers"), store.create("anna", "Others")
    _, last = store.append(chat.id, [QUESTION, ANSWER])
    for owner, where, turn in (("bob", chat.id, last), ("anna", other.id, last), ("anna", "x", 1)):
        with pytest.raises(ConversationNotFound):
            store.rewrite(owner, where, replace(QUESTION, id=turn))
    assert store.turns("anna", chat.id) == [QUESTION, ANSWER]
