"""Summaries by a real model of random weights: it is held to JSON, and is known to be small."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from carrel.bootstrap import Application
from carrel.core.access import Principal
from carrel.core.protocols.adapters import Embedder
from carrel.core.summaries import (
    Extracted,
    SummarizationProgress,
    SummarizationRequest,
    SummarizationStyle,
    Summarized,
)
from carrel.settings.schema import Settings
from running import shared_readers
from texts import ingest_texts
from tiny.model import save_tiny_model

CONTEXT = 1024
ASKED = SummarizationRequest(("UserData",), Principal(), max_tokens=24)
TEXT = " ".join(f"The ferry number {index} sails to the long shelves." for index in range(40))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model with a context that fits a task."""
    folder = save_tiny_model(tmp_path_factory.mktemp("tiny"))
    file = folder / "config.json"
    config = json.loads(file.read_text())
    file.write_text(json.dumps(config | {"max_position_embeddings": CONTEXT}))
    return folder


@pytest.fixture
async def make(
    make_settings: Callable[..., Settings], embedder: Embedder, folder: Path
) -> AsyncIterator[Callable[..., Application]]:
    """Return a function that makes an application over the model, with these settings."""
    made: list[Application] = []

    def build(**flags: object) -> Application:
        given = {"base_model": folder, "dtype": "float32", **flags}
        application = shared_readers.build(make_settings(**given), embedder)
        made.append(application)
        application.wait_until_ready()
        return application

    yield build
    for each in made:
        await each.close()


async def test_a_model_writes_a_summary_in_levels_and_is_held_to_json(
    make: Callable[..., Application],
) -> None:
    application = make(summary_style="written")
    await ingest_texts(application, {"ferries.txt": TEXT})
    events = [each async for each in application.services.summaries.summarize(ASKED)]
    summary = events[-1]
    assert isinstance(summary, Summarized)
    assert summary.style is SummarizationStyle.WRITTEN
    assert len(summary.parts) > 1
    levels = {each.level for each in events if isinstance(each, SummarizationProgress)}
    assert levels >= {1, 2}

    extracted = [each async for each in application.services.summaries.extract(ASKED)][-1]
    assert isinstance(extracted, Extracted)
    assert extracted.style is SummarizationStyle.WRITTEN
    assert all(each.quote in TEXT for each in extracted.items)


async def test_a_small_model_gets_excerpts_of_itself(make: Callable[..., Application]) -> None:
    application = make()
    await ingest_texts(application, {"ferries.txt": TEXT})
    [info] = application.services.models.models()
    assert info.parameters is not None
    assert 10_000 < info.parameters < 1_000_000
    summary = [each async for each in application.services.summaries.summarize(ASKED)][-1]
    assert isinstance(summary, Summarized)
    assert (summary.style, summary.model) == (SummarizationStyle.EXCERPTS, None)
    assert summary.text
    assert summary.text in TEXT or all(
        f"{each.strip()}." in TEXT for each in summary.text.split(".") if each.strip()
    )
