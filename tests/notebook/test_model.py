"""A model that is asked by calling it."""

from __future__ import annotations

import gc
import signal
import threading
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing
from typing import Any

import pytest

from carrel.core.chat import (
    EngineEvent,
    FinishReason,
    JsonFormat,
    Message,
    Role,
    SamplingParams,
    TextDelta,
    TokenLogprob,
)
from carrel.core.errors import (
    CarrelError,
    GenerationFailed,
    InvalidRequest,
    PromptTooLong,
    QueueFull,
    UnknownSetting,
    UnsupportedParameter,
)
from carrel.core.protocols.adapters import Engine
from carrel.engine.scripted import ScriptedEngine
from carrel.notebook.model import Model
from running.live_server import FailingEngine, WatchedEngine, pool_of

SECONDS = 60


class Noted(ScriptedEngine):
    """Keeps what it was asked, and tells when it was closed."""

    def __init__(self, answers: Sequence[str] | None = None) -> None:
        super().__init__(answers)
        self.asked: list[tuple[list[Message], SamplingParams]] = []
        self.closed = threading.Event()

    async def generate(
        self, messages: Sequence[Message], sampling: SamplingParams, caller: str = ""
    ) -> AsyncGenerator[EngineEvent]:
        """Yield what the scripted engine yields."""
        self.asked.append((list(messages), sampling))
        async with aclosing(super().generate(messages, sampling, caller)) as events:
            async for event in events:
                yield event

    async def close(self) -> None:
        """Close."""
        await super().close()
        self.closed.set()


class Crowded(ScriptedEngine):
    """Begins to answer only when as many have asked, and refuses every first attempt."""

    def __init__(self, together: int) -> None:
        super().__init__()
        self._gathered = threading.Semaphore(0)
        self._together = together
        self._seen: set[str] = set()
        self._waiting = 0

    async def generate(
        self, messages: Sequence[Message], sampling: SamplingParams, caller: str = ""
    ) -> AsyncGenerator[EngineEvent]:
        """Yield what the scripted engine yields."""
        import asyncio

        if messages[-1].content not in self._seen:
            self._seen.add(messages[-1].content)
            raise QueueFull("Too many wait.", retry_after=0.001)
        self._waiting += 1
        while self._waiting < self._together:
            await asyncio.sleep(0)
        async with aclosing(super().generate(messages, sampling, caller)) as events:
            async for event in events:
                yield event


class Likely(ScriptedEngine):
    """Tells how likely its one word was."""

    async def generate(
        self, messages: Sequence[Message], sampling: SamplingParams, caller: str = ""
    ) -> AsyncGenerator[EngineEvent]:
        """Yield one token, and its end without text."""
        yield TextDelta("yes", (TokenLogprob("yes", b"yes", -0.5),))
        yield TextDelta("", (TokenLogprob("", b"", -1.0),))
        async with aclosing(super().generate(messages, SamplingParams(), caller)) as events:
            async for event in events:
                if not isinstance(event, TextDelta):
                    yield event


@pytest.fixture
def asked() -> Iterator[Callable[..., Model]]:
    """Return a function that makes a model of an engine; all are closed at the end."""
    made: list[Model] = []

    def make(engine: Engine, **defaults: Any) -> Model:
        prompt = defaults.pop("system_prompt", "")
        made.append(Model(pool_of(engine), SamplingParams(**defaults), prompt))
        return made[-1]

    yield make
    for each in made:
        each.close()


Make = Callable[..., Model]


def test_a_text_is_answered_with_text_reason_and_real_counts(asked: Make) -> None:
    answer = asked(ScriptedEngine())("Why?", max_new_tokens=2)
    assert (answer.text, str(answer)) == ("You asked:", "You asked:")
    assert (answer.reason, answer.model) == (FinishReason.LENGTH, "scripted")
    assert answer.usage.completion_tokens == 2
    assert answer.usage.prompt_tokens > 0


def test_messages_are_given_as_mappings_or_as_cores_own(asked: Make) -> None:
    engine = Noted()
    history = [Message(Role.USER, "One?"), {"role": "assistant", "content": "One."}]
    asked(engine)([*history, {"role": "user", "content": "Two?"}])
    [(messages, _)] = engine.asked
    assert messages == [
        Message(Role.USER, "One?"),
        Message(Role.ASSISTANT, "One."),
        Message(Role.USER, "Two?"),
    ]


def test_the_system_prompt_of_the_settings_comes_first_where_there_is_none(asked: Make) -> None:
    engine = Noted()
    model = asked(engine, system_prompt="Be brief.")
    model("Why?")
    model([{"role": "system", "content": "Be long."}, {"role": "user", "content": "Why?"}])
    systems = [messages[0].content for messages, _ in engine.asked]
    assert systems == ["Be brief.", "Be long."]
    assert [len(messages) for messages, _ in engine.asked] == [2, 2]


def test_options_of_a_question_lie_over_the_defaults(asked: Make) -> None:
    engine = Noted()
    asked(engine, temperature=0.5, top_p=0.9)("Why?", top_p=0.8, seed=7, stop="x")
    [(_, sampling)] = engine.asked
    assert sampling == SamplingParams(temperature=0.5, top_p=0.8, seed=7, stop=("x",))


def test_several_stop_strings_and_a_json_form_are_understood(asked: Make) -> None:
    model = asked(Noted())
    assert model("Why?", stop=[":", "x"]).text == "You asked"
    with pytest.raises(UnsupportedParameter, match="response_format"):
        model("Why?", response_format=JsonFormat({"type": "object"}))


def test_log_probabilities_are_kept_with_the_answer(asked: Make) -> None:
    answer = asked(Likely())("Yes?", top_logprobs=0)
    assert answer.text == "yes"
    assert [token.logprob for token in answer.logprobs] == [-0.5, -1.0]
    assert list(asked(Likely()).stream("Yes?", top_logprobs=0)) == ["yes"]


@pytest.mark.parametrize(
    ("question", "options", "error", "words"),
    [
        ("x", {"temprature": 1}, UnknownSetting, r"temprature\. Did you mean temperature\?"),
        ("x", {"max_new_tokens": "many"}, InvalidRequest, "max_new_tokens = 'many'"),
        ("x", {"temperature": -1}, InvalidRequest, "temperature"),
        ([], {}, InvalidRequest, "empty"),
        ([{"role": "robot", "content": "x"}], {}, InvalidRequest, "system, user, assistant"),
        ([{"role": "user"}], {}, InvalidRequest, "no message"),
        ([{"role": "user", "content": 3}], {}, InvalidRequest, "no message"),
        (["x"], {}, InvalidRequest, "no message"),
        ("word " * 20000, {}, PromptTooLong, "tokens"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    asked: Make, question: Any, options: dict[str, Any], error: type[CarrelError], words: str
) -> None:
    model = asked(ScriptedEngine())
    with pytest.raises(error, match=words):
        model(question, **options)
    with pytest.raises(error, match=words):
        list(model.stream(question, **options))
    with pytest.raises(error, match=words):
        model.batch(["fine", question], **options)


def test_a_stream_gives_text_as_it_is_written(asked: Make) -> None:
    engine = WatchedEngine(["one two three"])
    texts = []
    for text in asked(engine).stream("Count."):
        texts.append(text)
    assert len(texts) > 1
    assert "".join(texts) == "one two three"


def test_leaving_a_stream_stops_the_model(asked: Make) -> None:
    engine = WatchedEngine(["word " * 3000], seconds_per_token=0.01)
    for _ in asked(engine).stream("Count.", max_new_tokens=3000):
        break
    assert engine.ended.wait(SECONDS)
    assert engine.written < 3000


def test_a_stream_that_fails_gives_its_text_first(asked: Make) -> None:
    texts = asked(FailingEngine(2)).stream("Count.")
    assert [next(texts), next(texts)] == ["one", " two"]
    with pytest.raises(GenerationFailed, match="stopped working"):
        next(texts)


def test_a_batch_asks_all_at_once_and_answers_in_order(asked: Make) -> None:
    questions = [f"Question {number}?" for number in range(20)]
    answers = asked(Crowded(20)).batch(questions)
    assert [each.text for each in answers] == [f"You asked: {each}" for each in questions]


def test_an_empty_batch_has_no_answers(asked: Make) -> None:
    assert asked(ScriptedEngine()).batch([]) == []


def test_one_failure_ends_a_batch_with_that_error(asked: Make) -> None:
    model = asked(ScriptedEngine(seconds_per_token=0.001))
    with pytest.raises(PromptTooLong):
        model.batch(["short", "word " * 20000, "short"])
    assert str(model("still there?")) == "You asked: still there?"


async def test_it_works_inside_a_running_event_loop_as_in_a_notebook(asked: Make) -> None:
    model = asked(ScriptedEngine())
    assert str(model("Why?")) == "You asked: Why?"
    assert "".join(model.stream("Why?")) == "You asked: Why?"
    assert len(model.batch(["a", "b"])) == 2


@pytest.mark.parametrize(
    "ask",
    [
        lambda model: model("Count."),
        lambda model: list(model.stream("Count.")),
        lambda model: model.batch(["Count.", "Count."]),
    ],
    ids=["call", "stream", "batch"],
)
def test_an_interrupt_stops_the_model(asked: Make, ask: Callable[[Model], object]) -> None:
    engine = WatchedEngine(["word"], seconds_per_token=3600)
    model = asked(engine)
    main = threading.main_thread().ident
    assert main is not None

    def interrupt() -> None:
        assert engine.begun.wait(SECONDS)
        signal.pthread_kill(main, signal.SIGINT)

    # A shell's background jobs, and what they start, ignore the signal.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        interrupting = threading.Thread(target=interrupt)
        interrupting.start()
        with pytest.raises(KeyboardInterrupt):
            ask(model)
        interrupting.join()
    finally:
        signal.signal(signal.SIGINT, before)
    assert engine.ended.wait(SECONDS)


def test_closing_ends_the_engine_and_the_thread(asked: Make) -> None:
    engine = Noted()
    before = threading.active_count()
    with asked(engine) as model:
        assert model("Why?").text
    assert engine.closed.is_set()
    assert threading.active_count() <= before
    model.close()
    for ask in (model, model.stream, lambda question: model.batch([question])):
        with pytest.raises(GenerationFailed, match="was closed: load it again"):
            ask("Why?")


def test_closing_ends_a_stream_in_another_thread(asked: Make) -> None:
    engine = WatchedEngine(["word " * 3000], seconds_per_token=0.01)
    model = asked(engine)
    ended: list[BaseException] = []

    def read() -> None:
        try:
            list(model.stream("Count.", max_new_tokens=3000))
        except CarrelError as error:
            ended.append(error)

    reading = threading.Thread(target=read)
    reading.start()
    assert engine.begun.wait(SECONDS)
    model.close()
    reading.join(SECONDS)
    assert not reading.is_alive()
    assert [type(each) for each in ended] == [GenerationFailed]


def test_a_model_that_nothing_refers_to_gives_its_memory_back() -> None:
    engine = Noted()
    model = Model(pool_of(engine), SamplingParams(), "")
    model("Why?")
    assert not engine.closed.is_set()
    del model
    gc.collect()
    assert engine.closed.wait(SECONDS)
