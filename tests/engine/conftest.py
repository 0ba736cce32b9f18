"""Models for the tests of the engine package."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from pathlib import Path

import pytest

from carrel.core.chat import Finished, Message, Role, SamplingParams, TextDelta
from carrel.engine.loading.loader import load
from carrel.engine.sequential import SequentialEngine
from carrel.engine.spec import LoadedModel, ModelSpec
from tiny.model import save_tiny_model


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random model."""
    return save_tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def tiny(tiny_folder: Path) -> LoadedModel:
    """The tiny model, loaded again, in float32 so that equal means equal everywhere."""
    return load(ModelSpec(base_model=str(tiny_folder), dtype="float32"))


async def greedy_answer(loaded: LoadedModel) -> str:
    """What the model answers to a question, through the sequential engine."""
    messages = [Message(Role.SYSTEM, "Be brief."), Message(Role.USER, "Describe a library.")]
    engine = SequentialEngine(loaded)
    async with aclosing(engine.generate(messages, SamplingParams(max_new_tokens=20))) as events:
        seen = [event async for event in events]
    await engine.close()
    assert isinstance(seen[-1], Finished)
    return "".join(event.text for event in seen if isinstance(event, TextDelta))


@pytest.fixture
def answered() -> Callable[[LoadedModel], Awaitable[str]]:
    """Return ``greedy_answer``."""
    return greedy_answer
