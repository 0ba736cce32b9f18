"""Composing prompts."""

from carrel.core.chat import AnswerStyle, Message, Role, ScopeMode
from carrel.core.documents import Chunk, RetrievedChunk
from carrel.services.chat.grounding import (
    compose,
    drop_oldest_turns,
    pack,
    turn_count,
)


def retrieved(text: str, page: int | None = 1, name: str = "a.pdf") -> RetrievedChunk:
    return RetrievedChunk(Chunk("c", "d", 0, text, page), name, "UserData", 1.0)


def user(text: str) -> Message:
    return Message(Role.USER, text)


def assistant(text: str) -> Message:
    return Message(Role.ASSISTANT, text)


def test_sources_are_numbered_with_file_and_page_and_the_question_comes_last() -> None:
    chunks = [retrieved("Alpha.", 3), retrieved("Beta.", None, "b.txt")]
    messages = compose([user("What is it?")], chunks, ScopeMode.QUERY)
    assert [message.role for message in messages] == [Role.SYSTEM, Role.USER]
    prompt = messages[-1].content
    assert "[1] a.pdf, page 3\nAlpha." in prompt
    assert "[2] b.txt\nBeta." in prompt
    assert prompt.endswith("Question: What is it?")


def test_history_and_the_users_system_message_are_kept() -> None:
    history = [Message(Role.SYSTEM, "Be brief."), user("one"), assistant("1"), user("two")]
    messages = compose(history, [retrieved("x")], ScopeMode.QUERY)
    assert messages[0].content.startswith("Be brief.\n\n")
    assert messages[1:3] == [user("one"), assistant("1")]
    assert sum(message.role is Role.SYSTEM for message in messages) == 1


def test_the_two_modes_instruct_differently() -> None:
    query, chat = (
        compose([user("q")], [retrieved("x")], mode)[0].content
        for mode in (ScopeMode.QUERY, ScopeMode.CHAT)
    )
    assert "your own knowledge" in chat
    assert "your own knowledge" not in query


def test_packing_stops_before_the_budget_is_passed() -> None:
    assert pack([10, 10, 10], 30) == 3
    assert pack([10, 10, 10], 29) == 2
    assert pack([40], 30) == 0
    assert pack([], 30) == 0


def test_the_oldest_turn_goes_first_and_system_and_question_stay() -> None:
    system = Message(Role.SYSTEM, "s")
    messages = [system, user("1"), assistant("a"), user("2"), assistant("b"), user("3")]
    assert turn_count(messages) == 2
    assert drop_oldest_turns(messages, 0) == messages
    assert drop_oldest_turns(messages, 1) == [system, user("2"), assistant("b"), user("3")]
    assert drop_oldest_turns(messages, 2) == [system, user("3")]
    assert turn_count([system, user("3")]) == 0


def test_what_is_before_the_first_question_is_a_turn_of_its_own() -> None:
    messages = [assistant("hello"), user("1"), user("2"), assistant("b"), user("3")]
    assert turn_count(messages) == 3
    assert drop_oldest_turns(messages, 1) == messages[1:]
    assert drop_oldest_turns(messages, 2) == messages[2:]
    assert drop_oldest_turns(messages, 3) == messages[4:]


def test_the_short_style_asks_for_a_few_words_in_either_mode() -> None:
    for mode in ScopeMode:
        full = compose([user("q")], [retrieved("x")], mode)[0].content
        short = compose([user("q")], [retrieved("x")], mode, AnswerStyle.SHORT)[0].content
        assert short.startswith(full)
        assert "a few words only" in short and "a few words only" not in full
