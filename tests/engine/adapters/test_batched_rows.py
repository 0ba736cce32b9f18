"""Adapters, JSON answers and log-probabilities, each a row's own affair within one batch."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from carrel.core.chat import (
    EngineEvent,
    Finished,
    FinishReason,
    JsonFormat,
    Message,
    Role,
    SamplingParams,
    TextDelta,
)
from carrel.core.errors import AlreadyExists, GenerationFailed, ModelLoadFailed
from carrel.core.protocols.adapters import Engine
from carrel.engine.adapters.adapted import AdapterHost
from carrel.engine.choose import serve_loaded
from carrel.engine.loading.loader import load
from carrel.engine.spec import ModelSpec, ServingLimits
from carrel.settings.schema import EngineKind
from tiny.adapter import save_adapter
from tiny.model import save_tiny_model

SAMPLING = SamplingParams(max_new_tokens=20)
SCHEMA = {
    "type": "object",
    "properties": {"open": {"type": "boolean"}, "desks": {"type": "integer", "maximum": 99}},
    "required": ["open", "desks"],
    "additionalProperties": False,
}


def question(number: int) -> list[Message]:
    return [Message(Role.USER, f"{number} lamps, " + "a desk and paper " * (1 + number % 4))]


async def collect(
    engine: Engine, number: int, sampling: SamplingParams = SAMPLING
) -> list[EngineEvent]:
    async with aclosing(engine.generate(question(number), sampling)) as events:
        return [event async for event in events]


def text_of(events: list[EngineEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def serve(base: Path, kind: EngineKind) -> AdapterHost:
    loaded = load(ModelSpec(base_model=str(base), dtype="float32"))
    engine = serve_loaded(loaded, kind, ServingLimits(max_batch=12))
    assert isinstance(engine, AdapterHost)
    return engine


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("models") / "base")


@pytest.fixture(scope="module")
def adapters(base: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("adapters")
    return {name: save_adapter(base, folder / name, r=rank) for name, rank in RANKS.items()}


RANKS = {"law": 4, "poem": 8}


@pytest.fixture
def batched(base: Path) -> Iterator[AdapterHost]:
    engine = serve(base, EngineKind.CONTINUOUS)
    yield engine
    asyncio.run(engine.close())


async def test_rows_with_different_adapters_answer_as_alone(
    base: Path, batched: AdapterHost, adapters: dict[str, Path]
) -> None:
    sequential = serve(base, EngineKind.SEQUENTIAL)
    models, alone = [batched], [sequential]
    for name, folder in adapters.items():
        models.append(await batched.add_adapter(name, folder))  # type: ignore[arg-type]
        alone.append(await sequential.add_adapter(name, folder))  # type: ignore[arg-type]
    asked = [(number, number % 3) for number in range(9)]
    together = await asyncio.gather(*(collect(models[model], number) for number, model in asked))
    expected = [text_of(await collect(alone[model], number)) for number, model in asked]
    await sequential.close()
    assert [text_of(events) for events in together] == expected
    assert len({text_of(await collect(model, 1)) for model in models}) == 3
    named = [events[-1] for events in together[:3]]
    assert [each.model for each in named if isinstance(each, Finished)] == ["base", "law", "poem"]


async def test_an_adapters_text_is_not_reused_for_another(
    batched: AdapterHost, adapters: dict[str, Path]
) -> None:
    """The same prompt by base and adapter: kept beginnings must not be mixed up."""
    first = text_of(await collect(batched, 3))
    law = await batched.add_adapter("law", adapters["law"])
    adapted = text_of(await collect(law, 3))
    assert adapted != first
    assert text_of(await collect(batched, 3)) == first
    assert text_of(await collect(law, 3)) == adapted
    await law.close()
    again = await batched.add_adapter("law", adapters["poem"])
    assert text_of(await collect(again, 3)) not in (adapted, first)


async def test_removing_an_adapter_ends_its_answers_alone(
    batched: AdapterHost, adapters: dict[str, Path]
) -> None:
    law = await batched.add_adapter("law", adapters["law"])
    with pytest.raises(AlreadyExists):
        await batched.add_adapter("law", adapters["law"])
    long = replace(SAMPLING, max_new_tokens=200, min_new_tokens=200)
    going = batched.generate(question(1), long)
    await anext(going)
    ending = law.generate(question(1), long)
    await anext(ending)
    await law.close()
    with pytest.raises(GenerationFailed, match="law was unloaded"):
        async for _ in ending:
            pass
    rest = [event async for event in going]
    assert isinstance(rest[-1], Finished)
    with pytest.raises(GenerationFailed, match="law was unloaded"):
        await collect(law, 1)


async def test_an_adapter_of_another_base_is_refused_and_nothing_changes(
    batched: AdapterHost, tmp_path: Path
) -> None:
    before = text_of(await collect(batched, 2))
    wide = save_tiny_model(tmp_path / "wide", hidden=64)
    with pytest.raises(ModelLoadFailed, match="does not fit"):
        await batched.add_adapter("wide", save_adapter(wide, tmp_path / "wide-adapter"))
    assert text_of(await collect(batched, 2)) == before


async def test_json_answers_among_others_are_valid_and_change_nobodys_text(
    batched: AdapterHost,
) -> None:
    plain = [text_of(await collect(batched, number)) for number in range(4)]
    wanted = SamplingParams(max_new_tokens=120, temperature=1.0, response_format=JsonFormat(SCHEMA))
    answers = await asyncio.gather(
        *(collect(batched, number) for number in range(4)),
        *(collect(batched, number, wanted) for number in range(6)),
    )
    assert [text_of(events) for events in answers[:4]] == plain
    for events in answers[4:]:
        finished = events[-1]
        assert isinstance(finished, Finished) and finished.reason is FinishReason.STOP
        value = json.loads(text_of(events))
        assert isinstance(value["open"], bool)
        assert value["desks"] <= 99


async def test_logprobs_in_a_batch_are_those_of_the_sequential_engine(
    base: Path, batched: AdapterHost
) -> None:
    sequential = serve(base, EngineKind.SEQUENTIAL)
    reported = replace(SAMPLING, top_logprobs=3, repetition_penalty=1.2)
    answers = await asyncio.gather(
        *(collect(batched, number, reported) for number in range(3)),
        *(collect(batched, number) for number in range(3, 6)),
    )
    for number in range(3):
        expected = [
            token
            for event in await collect(sequential, number, reported)
            if isinstance(event, TextDelta)
            for token in event.logprobs
        ]
        own = [t for e in answers[number] if isinstance(e, TextDelta) for t in e.logprobs]
        assert [token.content for token in own] == [token.content for token in expected]
        assert [t.logprob for t in own] == pytest.approx([t.logprob for t in expected], abs=1e-4)
        assert all(len(token.alternatives) == 3 for token in own)
    assert not any(e.logprobs for e in answers[4] if isinstance(e, TextDelta))
    await sequential.close()
