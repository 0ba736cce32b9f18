"""Many requests in one batch, each as if it were alone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
import torch

from carrel.core.chat import (
    EngineEvent,
    Finished,
    FinishReason,
    Message,
    Role,
    SamplingParams,
    StageChanged,
    TextDelta,
)
from carrel.core.errors import GenerationFailed, PromptTooLong, QueueFull
from carrel.engine.batching.batch_model import BatchModel
from carrel.engine.batching.batcher import BatchLimits
from carrel.engine.batching.continuous import ContinuousEngine
from carrel.engine.loading.loader import load
from carrel.engine.spec import LoadedModel, ModelSpec
from carrel.engine.text.detokenize import IncrementalDecoder
from carrel.engine.text.prompting import PromptBuilder
from tiny.architectures import ARCHITECTURES, save_architecture

BATCHED = sorted(set(ARCHITECTURES) - {"bloom"})
SUBJECTS = ["a desk", "Zürich", "paper and lamps", "東京の図書館", "0123456789", "shelves, books"]


def question(number: int) -> list[Message]:
    """Return questions of very different lengths, some longer than a sliding window."""
    subject = SUBJECTS[number % len(SUBJECTS)]
    return [Message(Role.USER, f"{number}: " + f"tell of {subject} " * (1 + number % 5))]


def serve(loaded: LoadedModel, limits: BatchLimits, waiting: int) -> ContinuousEngine:
    return ContinuousEngine(loaded, BatchModel(loaded.model), limits, waiting)


async def collect(
    engine: ContinuousEngine,
    messages: list[Message],
    sampling: SamplingParams,
    caller: str = "",
) -> tuple[str, Finished]:
    async with aclosing(engine.generate(messages, sampling, caller)) as events:
        seen: list[EngineEvent] = [event async for event in events]
    assert isinstance(seen[-1], Finished)
    return "".join(event.text for event in seen if isinstance(event, TextDelta)), seen[-1]


def generated(loaded: LoadedModel, messages: list[Message], number: int, **options: Any) -> str:
    """What transformers' own ``generate`` writes."""
    ids = PromptBuilder(loaded.tokenizer, loaded.prompt_type).encode(messages)
    prompt = torch.tensor([ids])
    whole = loaded.model.generate(
        prompt,
        attention_mask=torch.ones_like(prompt),
        do_sample=False,
        max_new_tokens=number,
        **options,
    )
    # Random models write bytes that are no characters; what is shown of those depends on the steps.
    decoder = IncrementalDecoder(
        lambda tokens: str(loaded.tokenizer.decode(tokens, skip_special_tokens=True))
    )
    written = [token for token in whole[0, len(ids) :].tolist() if token != 1]
    return "".join(map(decoder.push, written)) + decoder.flush()


@pytest.fixture
def slow(tiny: LoadedModel) -> Iterator[Callable[..., ContinuousEngine]]:
    """Return a function that serves the tiny model, each pass lasting a few milliseconds longer."""
    tiny.model.register_forward_hook(lambda *_: time.sleep(0.005))
    engines = []

    def make(rows: int = 4, waiting: int = 8, cache_tokens: int = 20_000) -> ContinuousEngine:
        limits = BatchLimits(rows, cache_tokens, prompt_tokens=64)
        engines.append(serve(tiny, limits, waiting))
        return engines[-1]

    yield make
    for engine in engines:
        asyncio.run(engine.close())


@pytest.mark.parametrize("name", BATCHED)
async def test_greedy_equals_generate_alone_and_with_sixteen_others(
    name: str, tmp_path: Path
) -> None:
    loaded = load(ModelSpec(base_model=str(save_architecture(tmp_path, name)), dtype="float32"))
    questions = [question(number) for number in range(17)]
    expected = [generated(loaded, each, 24) for each in questions]
    engine = serve(loaded, BatchLimits(17, 20_000, prompt_tokens=64), 64)
    sampling = SamplingParams(max_new_tokens=24)
    alone = [(await collect(engine, each, sampling))[0] for each in questions[:2]]
    together = await asyncio.gather(*(collect(engine, each, sampling) for each in questions))
    await engine.close()
    assert alone == expected[:2]
    assert [text for text, _ in together] == expected
    assert len(set(expected)) > 6


async def test_requests_that_come_and_go_change_nobodys_text(tiny: LoadedModel) -> None:
    questions = [question(number) for number in range(12)]
    lengths = [5 + 7 * (number % 6) for number in range(12)]
    expected = [generated(tiny, q, n) for q, n in zip(questions, lengths, strict=True)]
    engine = serve(tiny, BatchLimits(4, 20_000, prompt_tokens=16), 64)
    tiny.model.register_forward_hook(lambda *_: time.sleep(0.002))

    async def ask(number: int) -> str:
        await asyncio.sleep(0.01 * (number % 5))
        sampling = SamplingParams(max_new_tokens=lengths[number])
        return (await collect(engine, questions[number], sampling))[0]

    async def leave_early(number: int) -> None:
        events = engine.generate(question(number), SamplingParams(max_new_tokens=60))
        async for event in events:
            if isinstance(event, TextDelta):
                break
        await events.aclose()

    answers = await asyncio.gather(
        *(ask(number) for number in range(12)), *(leave_early(number) for number in range(20, 26))
    )
    await engine.close()
    assert list(answers[:12]) == expected


async def started(engine: ContinuousEngine, sampling: SamplingParams, caller: str = "") -> Any:
    """Start an answer and return its events, the first text already read."""
    events = engine.generate(question(1), sampling, caller)
    while not isinstance(await anext(events), TextDelta):
        pass
    return events


async def test_a_stopped_request_leaves_the_batch_within_one_pass(
    slow: Callable[..., ContinuousEngine],
) -> None:
    engine = slow()
    stopped = await started(engine, SamplingParams(max_new_tokens=150))
    other = await started(engine, SamplingParams(max_new_tokens=60))
    rows = engine.batch_rows()
    assert len(rows) == 2
    passes = engine.passes
    await stopped.aclose()
    while len(engine.batch_rows()) == 2:
        await asyncio.sleep(0.001)
    # One pass may have been running, and one may have begun before this loop looked.
    assert engine.passes - passes <= 2
    assert rows[0].answer.tokens < 20
    assert isinstance([event async for event in other][-1], Finished)
    assert not engine.batch_rows()


async def test_a_request_is_stopped_while_its_prompt_is_read(
    slow: Callable[..., ContinuousEngine],
) -> None:
    engine = slow()
    long = [Message(Role.USER, "shelves " * 40)]
    reader = asyncio.create_task(collect(engine, long, SamplingParams(max_new_tokens=5)))
    while not engine.batch_rows():
        await asyncio.sleep(0.001)
    [row] = engine.batch_rows()
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    while engine.batch_rows():
        await asyncio.sleep(0.001)
    assert row.remaining > 0
    assert engine.allocated_tokens() == engine.kept_tokens()


async def test_the_memory_of_a_stopped_request_comes_back(
    slow: Callable[..., ContinuousEngine],
) -> None:
    engine = slow(cache_tokens=1024)
    for _ in range(20):
        events = await started(engine, SamplingParams(max_new_tokens=150))
        await events.aclose()
    text, _ = await collect(engine, question(2), SamplingParams(max_new_tokens=5))
    assert text
    assert engine.kept_tokens() <= 256


async def test_callers_are_served_in_turn(slow: Callable[..., ContinuousEngine]) -> None:
    engine = slow(rows=1, waiting=20)
    order = []

    async def ask(caller: str, number: int) -> None:
        await collect(engine, question(number), SamplingParams(max_new_tokens=4), caller)
        order.append(caller)

    busy = await started(engine, SamplingParams(max_new_tokens=220), "first")
    asking = [asyncio.create_task(ask("greedy", number)) for number in range(5)]
    while engine.waiting() < 5:
        await asyncio.sleep(0.001)
    asking.append(asyncio.create_task(ask("modest", 9)))
    while engine.waiting() < 6:
        await asyncio.sleep(0.001)
    await busy.aclose()
    await asyncio.gather(*asking)
    assert order.index("modest") <= 1


class Waiting:
    """A request behind others, with its reported queue positions."""

    def __init__(self, engine: ContinuousEngine, number: int) -> None:
        self.places: list[int | None] = []
        self.task = asyncio.create_task(self._ask(engine, number))

    async def _ask(self, engine: ContinuousEngine, number: int) -> None:
        async for event in engine.generate(question(number), SamplingParams(max_new_tokens=3)):
            if isinstance(event, StageChanged):
                self.places.append(event.position)

    async def in_line(self) -> Waiting:
        while not self.places:
            await asyncio.sleep(0.001)
        return self


async def test_who_waits_learns_the_place_in_line(slow: Callable[..., ContinuousEngine]) -> None:
    engine = slow(rows=1)
    busy = await started(engine, SamplingParams(max_new_tokens=220))
    first = await Waiting(engine, 1).in_line()
    second = await Waiting(engine, 2).in_line()
    await busy.aclose()
    await asyncio.gather(first.task, second.task)
    assert first.places == [1]
    assert second.places == [2, 1]


async def test_a_full_line_is_refused_with_the_time_to_come_back(
    slow: Callable[..., ContinuousEngine],
) -> None:
    engine = slow(rows=1, waiting=2)
    busy = await started(engine, SamplingParams(max_new_tokens=220))
    leaving = await Waiting(engine, 0).in_line()
    staying = await Waiting(engine, 1).in_line()
    with pytest.raises(QueueFull, match="2 requests wait") as raised:
        await collect(engine, question(3), SamplingParams(max_new_tokens=3))
    assert raised.value.retry_after >= 1
    leaving.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving.task
    coming = await Waiting(engine, 3).in_line()
    await busy.aclose()
    await asyncio.gather(staying.task, coming.task)
    assert staying.places[-1] == coming.places[-1] == 1
    assert coming.places[0] == 2


async def test_a_seed_gives_the_same_text_whatever_else_is_served(tiny: LoadedModel) -> None:
    engine = serve(tiny, BatchLimits(16, 40_000, prompt_tokens=64), 64)
    drawn = SamplingParams(max_new_tokens=40, temperature=1.2, top_p=0.95, seed=11)
    alone = await collect(engine, question(4), drawn)
    others = [
        collect(engine, question(number), SamplingParams(max_new_tokens=30, temperature=0.8))
        for number in range(12)
    ]
    *_, together = await asyncio.gather(*others, collect(engine, question(4), drawn))
    other_seed = await collect(
        engine, question(4), SamplingParams(max_new_tokens=40, temperature=1.2, seed=12)
    )
    await engine.close()
    assert alone[0] == together[0]
    assert alone[0] != other_seed[0]


async def test_the_beginning_of_a_prompt_is_not_computed_twice(tiny: LoadedModel) -> None:
    engine = serve(tiny, BatchLimits(4, 20_000, prompt_tokens=16), 8)
    sampling = SamplingParams(max_new_tokens=6)
    text, _ = await collect(engine, question(4), sampling)
    reading = engine.passes
    more = [*question(4), Message(Role.ASSISTANT, text), Message(Role.USER, "And now?")]
    followed, _ = await collect(engine, more, sampling)
    assert engine.passes - reading < reading
    await engine.close()
    fresh = serve(tiny, BatchLimits(4, 20_000, prompt_tokens=16), 8)
    assert followed == (await collect(fresh, more, sampling))[0]
    await fresh.close()


async def test_long_and_short_requests_are_answered_side_by_side(
    slow: Callable[..., ContinuousEngine],
) -> None:
    engine = slow()
    long = [Message(Role.USER, "shelves " * 40)]
    reading = asyncio.create_task(collect(engine, long, SamplingParams(max_new_tokens=40)))
    short = await collect(engine, question(0), SamplingParams(max_new_tokens=4))
    assert not reading.done()
    assert short[1].usage.completion_tokens == 4
    assert (await reading)[1].usage.completion_tokens == 40


async def test_more_than_the_memory_for_keys_and_values_is_refused(tiny: LoadedModel) -> None:
    engine = serve(tiny, BatchLimits(4, 128, prompt_tokens=16), 8)
    assert engine.info.context_length == 96
    with pytest.raises(PromptTooLong, match="96"):
        await collect(engine, [Message(Role.USER, "shelves " * 40)], SamplingParams())
    await engine.close()


class Breaking:
    """Makes a model's forward pass fail from one pass on."""

    def __init__(self, model: Any, times: int) -> None:
        self._left = times
        self._handle = model.register_forward_pre_hook(self._fail)
        self.armed = False

    def _fail(self, *_: Any) -> None:
        if self.armed and self._left:
            self._left -= 1
            raise RuntimeError("the device went away")


async def test_a_failed_batch_ends_its_answers_and_is_replaced_once(tiny: LoadedModel) -> None:
    # A pass, and the one that distinguishes a failed model from a failed request.
    breaking = Breaking(tiny.model, times=2)
    engine = serve(tiny, BatchLimits(4, 20_000), 8)
    expected = await collect(engine, question(1), SamplingParams(max_new_tokens=8))
    breaking.armed = True
    answers = await asyncio.gather(
        *(collect(engine, question(1), SamplingParams(max_new_tokens=8)) for _ in range(3)),
        return_exceptions=True,
    )
    failed = [each for each in answers if isinstance(each, BaseException)]
    assert failed
    assert all(isinstance(each, GenerationFailed) for each in failed)
    assert "the device went away" in str(failed[0])
    while engine.failure() is not None:
        await asyncio.sleep(0.001)
    again = await collect(engine, question(1), SamplingParams(max_new_tokens=8))
    assert again[0] == expected[0]
    await engine.close()


async def test_a_model_that_fails_again_is_out_of_service(tiny: LoadedModel) -> None:
    # As above, and the pass that is to show whether the new batch works.
    breaking = Breaking(tiny.model, times=3)
    engine = serve(tiny, BatchLimits(4, 20_000), 8)
    await collect(engine, question(1), SamplingParams(max_new_tokens=2))
    breaking.armed = True
    with pytest.raises(GenerationFailed, match="went away"):
        await collect(engine, question(1), SamplingParams(max_new_tokens=8))
    while "restarted" in (engine.failure() or "restarted"):
        await asyncio.sleep(0.001)
    with pytest.raises(GenerationFailed, match="Unload it"):
        await collect(engine, question(1), SamplingParams(max_new_tokens=8))
    await engine.close()


async def test_the_shortest_answer_is_as_long_as_asked(tiny: LoadedModel) -> None:
    ids = torch.tensor([PromptBuilder(tiny.tokenizer, tiny.prompt_type).encode(question(1))])
    written = tiny.model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=5)
    tiny.model.generation_config.eos_token_id = [int(written[0, -1])]
    engine = serve(tiny, BatchLimits(4, 20_000), 8)
    _, early = await collect(engine, question(1), SamplingParams(max_new_tokens=40))
    sampling = SamplingParams(max_new_tokens=40, min_new_tokens=30)
    _, late = await collect(engine, question(1), sampling)
    await engine.close()
    assert early.reason is FinishReason.STOP
    assert early.usage.completion_tokens <= 5
    assert late.usage.completion_tokens >= 30
