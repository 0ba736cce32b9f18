"""What every engine promises (``carrel.core.protocols.adapters.Engine``)."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace

import pytest

from carrel.core.chat import (
    EngineEvent,
    Finished,
    FinishReason,
    Message,
    Role,
    SamplingParams,
    TextDelta,
)
from carrel.core.errors import GenerationFailed, InvalidRequest, PromptTooLong
from carrel.core.protocols.adapters import Engine
from running.engine_subject import Subject

GREEDY = SamplingParams(max_new_tokens=24)
LONG = SamplingParams(max_new_tokens=180)


def asked(text: str) -> list[Message]:
    return [Message(Role.USER, text)]


async def collect(
    engine: Engine, messages: list[Message], sampling: SamplingParams = GREEDY
) -> list[EngineEvent]:
    async with aclosing(engine.generate(messages, sampling)) as events:
        return [event async for event in events]


def joined(events: list[EngineEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def ended(events: list[EngineEvent]) -> Finished:
    assert isinstance(events[-1], Finished)
    return events[-1]


async def steps_in_the_end(subject: Subject) -> int:
    """The model's steps once it works no more: a further request waits for what still runs."""
    await collect(subject.engine, asked(subject.question), SamplingParams(max_new_tokens=1))
    count = -1
    while count != subject.steps():
        count = subject.steps()
        await asyncio.sleep(0.3)
    return count


async def test_text_comes_in_several_deltas_and_one_finished_is_last(subject: Subject) -> None:
    events = await collect(subject.engine, asked(subject.question))
    assert len(events) > 3
    assert all(isinstance(event, TextDelta) and event.text for event in events[:-1])
    assert ended(events).model == subject.engine.info.name


async def test_usage_counts_the_prompt_and_the_answer(subject: Subject) -> None:
    messages = asked(subject.question)
    usage = ended(await collect(subject.engine, messages)).usage
    assert usage.prompt_tokens == await subject.engine.count_tokens(messages) > 0
    assert 0 < usage.completion_tokens <= GREEDY.max_new_tokens
    assert usage.time_to_first_token is not None
    assert 0 < usage.time_to_first_token <= usage.seconds


async def test_more_text_counts_more_tokens(subject: Subject) -> None:
    short = await subject.engine.count_tokens(asked("One two three."))
    long = await subject.engine.count_tokens(asked("One two three. " * 10))
    assert long > short + 10


async def test_max_new_tokens_ends_the_answer_there(subject: Subject) -> None:
    events = await collect(
        subject.engine, asked(subject.question), SamplingParams(max_new_tokens=5)
    )
    assert ended(events).reason is FinishReason.LENGTH
    assert ended(events).usage.completion_tokens == 5


async def test_greedy_answers_repeat(subject: Subject) -> None:
    first = joined(await collect(subject.engine, asked(subject.question)))
    assert first == joined(await collect(subject.engine, asked(subject.question)))


async def test_a_stop_string_across_two_tokens_ends_the_text_before_it(subject: Subject) -> None:
    messages = asked(subject.question)
    events = await collect(subject.engine, messages)
    text = joined(events)
    deltas = [event.text for event in events[:-1] if isinstance(event, TextDelta)]
    for at in range(2, len(deltas) - 2, 4):
        stop = deltas[at][-1] + deltas[at + 1][0]
        cut = await collect(subject.engine, messages, replace(GREEDY, stop=(stop,)))
        assert joined(cut) == text[: text.index(stop)]
        assert ended(cut).reason is FinishReason.STOP


async def test_a_stop_string_that_only_begins_is_shown(subject: Subject) -> None:
    messages = asked(subject.question)
    text = joined(await collect(subject.engine, messages))
    never = text[-2:] + "\u2603 never written"
    events = await collect(subject.engine, messages, replace(GREEDY, stop=(never,)))
    assert joined(events) == text


async def test_closing_the_generator_stops_the_model(subject: Subject) -> None:
    before = subject.steps()
    events = subject.engine.generate(asked(subject.question), LONG)
    for _ in range(3):
        await anext(events)
    await events.aclose()
    assert await steps_in_the_end(subject) - before < LONG.max_new_tokens // 2


async def test_cancelling_the_reader_stops_the_model(subject: Subject) -> None:
    started = asyncio.Event()

    async def read() -> None:
        async with aclosing(subject.engine.generate(asked(subject.question), LONG)) as events:
            async for _ in events:
                started.set()

    before = subject.steps()
    reader = asyncio.create_task(read())
    await started.wait()
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    assert await steps_in_the_end(subject) - before < LONG.max_new_tokens // 2


async def test_an_engine_answers_after_a_closed_request(subject: Subject) -> None:
    expected = joined(await collect(subject.engine, asked(subject.question)))
    events = subject.engine.generate(asked(subject.question), GREEDY)
    await anext(events)
    await events.aclose()
    assert joined(await collect(subject.engine, asked(subject.question))) == expected


async def test_two_requests_at_once_both_get_their_whole_answer(subject: Subject) -> None:
    questions = [asked(subject.question), asked("Name three animals that can fly.")]
    alone = [joined(await collect(subject.engine, question)) for question in questions]
    together = await asyncio.gather(*(collect(subject.engine, each) for each in questions))
    assert [joined(events) for events in together] == alone
    assert all(isinstance(events[-1], Finished) for events in together)


async def test_no_messages_are_refused(subject: Subject) -> None:
    with pytest.raises(InvalidRequest, match="empty"):
        await collect(subject.engine, [])


@pytest.mark.parametrize(
    "sampling",
    [
        SamplingParams(max_new_tokens=0),
        SamplingParams(temperature=-1),
        SamplingParams(top_p=0),
        SamplingParams(stop=("",)),
    ],
)
async def test_impossible_sampling_is_refused(subject: Subject, sampling: SamplingParams) -> None:
    with pytest.raises(InvalidRequest, match="out of bounds"):
        await collect(subject.engine, asked("Hello"), sampling)


async def test_unicode_goes_in_and_characters_come_out_whole(subject: Subject) -> None:
    messages = [
        Message(Role.SYSTEM, "Sei höflich. 请用中文。"),
        Message(Role.USER, "🦜 naïve 東京 \u202e \x00 ẞ"),
    ]
    events = await collect(subject.engine, messages)
    deltas = [event.text for event in events if isinstance(event, TextDelta)]
    assert joined(events).encode()
    assert all(delta.encode("utf-8", "strict") for delta in deltas)


async def test_a_prompt_longer_than_the_context_is_refused_with_both_numbers(
    subject: Subject,
) -> None:
    length = subject.engine.info.context_length
    messages = asked("word " * (length + 1))
    tokens = await subject.engine.count_tokens(messages)
    with pytest.raises(PromptTooLong) as raised:
        await collect(subject.engine, messages)
    assert str(tokens) in str(raised.value)
    assert str(length) in str(raised.value)


async def test_an_answer_that_outgrows_the_context_is_cut_there(closable: Subject) -> None:
    length = closable.engine.info.context_length
    messages = asked(closable.question)
    left = length - await closable.engine.count_tokens(messages)
    events = await collect(closable.engine, messages, SamplingParams(max_new_tokens=length * 2))
    finished = ended(events)
    assert finished.usage.completion_tokens <= left
    if finished.usage.completion_tokens == left:
        assert finished.reason is FinishReason.LENGTH


async def test_time_ends_an_answer(closable: Subject) -> None:
    sampling = SamplingParams(max_new_tokens=200, max_time=0.01)
    finished = ended(await collect(closable.engine, asked(closable.question), sampling))
    assert finished.reason is FinishReason.TIME
    assert finished.usage.completion_tokens < 200


async def test_closing_twice_does_nothing_and_ends_service(closable: Subject) -> None:
    await closable.engine.close()
    await closable.engine.close()
    with pytest.raises(GenerationFailed, match="unloaded"):
        await collect(closable.engine, asked(closable.question))


async def test_closing_the_engine_ends_a_running_answer(closable: Subject) -> None:
    events = closable.engine.generate(asked(closable.question), LONG)
    await anext(events)
    await closable.engine.close()
    with pytest.raises(GenerationFailed, match="unloaded"):
        async for _ in events:
            pass
