"""Summaries, extractions and searches as answers whose sentences are cited, over real stores."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from dataclasses import replace

import pytest

from carrel.bootstrap import Application
from carrel.core.access import Principal
from carrel.core.chat import (
    Abstained,
    EngineEvent,
    Finished,
    FinishReason,
    Message,
    SamplingParams,
    SourcesCited,
    Stage,
    StageChanged,
    TextDelta,
)
from carrel.core.document_tasks import Action, DocumentTask, TaskRequest
from carrel.core.errors import DocumentNotFound, InvalidRequest, NothingToSearch
from carrel.core.protocols.adapters import Embedder
from carrel.core.summaries import Extracted, SummarizationProgress, SummarizationStyle, Summarized
from carrel.engine.scripted import ScriptedEngine
from carrel.services.document_tasks import NOTHING_FOUND, TaskEvent
from carrel.settings.schema import Settings
from running.live_server import pool_of, with_pool
from running.shared_readers import build
from texts import ingest_texts

ME = Principal()
FERRIES = (
    "The harbour trust runs three ferries between the islands. "
    "Total revenue was 18.4 million euros in 2023. "
    "A fourth ferry, the Morning Star, enters service in May 2024."
)
LIGHTHOUSE = (
    "The lighthouse keeper paints the tower green every spring. "
    "The lamp was made in 1911 by a glassmaker of the town."
)


@pytest.fixture
async def application(
    make_settings: Callable[..., Settings], embedder: Embedder
) -> AsyncIterator[Application]:
    """Two collections with a text each, and summaries of their own sentences."""
    made = build(make_settings(engine="scripted", summary_style="excerpts"), embedder)
    made.wait_until_ready()
    await ingest_texts(made, {"ferries.md": FERRIES})
    await ingest_texts(made, {"lighthouse.md": LIGHTHOUSE}, "MyData")
    yield made
    await made.close()


async def events_of(application: Application, task: DocumentTask) -> list[TaskEvent]:
    return [each async for each in application.services.tasks.run(TaskRequest(task, ME))]


def text_of(events: list[TaskEvent]) -> str:
    return "".join(each.text for each in events if isinstance(each, TextDelta))


def cited_of(events: list[TaskEvent]) -> SourcesCited:
    [cited] = [each for each in events if isinstance(each, SourcesCited)]
    return cited


async def test_a_summary_of_two_collections_cites_each_sentence(application: Application) -> None:
    task = DocumentTask(Action.SUMMARIZE, ("UserData", "MyData"))
    events = await events_of(application, task)
    assert events[0] == StageChanged(Stage.READING_DOCUMENTS)
    assert any(isinstance(each, SummarizationProgress) for each in events)
    cited = cited_of(events)
    assert {each.document for each in cited.sources} == {"ferries.md", "lighthouse.md"}
    assert [each.index for each in cited.sources] == list(range(1, len(cited.sources) + 1))
    assert all(each.used and each.quote in each.text for each in cited.sources)
    text = text_of(events)
    assert all(text[each.start : each.end] == each.text for each in cited.sentences)
    assert all(each.supported for each in cited.sentences)
    [made] = [each for each in events if isinstance(each, Summarized)]
    assert made.style is SummarizationStyle.EXCERPTS
    last = events[-1]
    assert isinstance(last, Finished)
    assert (last.reason, last.model) == (FinishReason.STOP, "")
    assert last.usage.seconds > 0


async def test_an_extraction_is_a_list_of_what_the_documents_say(
    application: Application,
) -> None:
    task = DocumentTask(Action.EXTRACT, ("UserData",), focus="revenue")
    events = await events_of(application, task)
    assert "- Total revenue was 18.4 million euros in 2023." in text_of(events).splitlines()
    cited = cited_of(events)
    assert cited.sentences
    assert all(each.supported for each in cited.sentences)
    assert any(isinstance(each, Extracted) for each in events)


async def test_a_search_lists_passages_and_writes_nothing(application: Application) -> None:
    task = DocumentTask(Action.SEARCH, ("UserData", "MyData"), focus="who paints the tower?")
    events = await events_of(application, task)
    assert text_of(events) == ""
    assert cited_of(events).sources[0].document == "lighthouse.md"


async def test_only_the_chosen_documents_are_read(application: Application) -> None:
    [record] = await application.services.collections.documents("MyData", ME)
    for action in Action:
        task = DocumentTask(action, ("UserData", "MyData"), (record.id,), focus="the tower")
        events = await events_of(application, task)
        assert {each.document for each in cited_of(events).sources} == {"lighthouse.md"}


async def test_what_cannot_be_done_is_refused(application: Application) -> None:
    for task, error in (
        (DocumentTask(Action.SEARCH, ("UserData",)), InvalidRequest),
        (DocumentTask(Action.SUMMARIZE, ("UserData",), ("absent",)), DocumentNotFound),
    ):
        with pytest.raises(error):
            await events_of(application, task)


async def test_an_empty_collection_says_what_to_do(application: Application) -> None:
    await application.services.collections.create("Empty", True, ME)
    with pytest.raises(NothingToSearch, match="add documents"):
        await events_of(application, DocumentTask(Action.EXTRACT, ("Empty",)))


class NothingToTell(ScriptedEngine):
    """Writes an empty list where it is to extract."""

    async def generate(
        self, messages: Sequence[Message], sampling: SamplingParams, caller: str = ""
    ) -> AsyncGenerator[EngineEvent]:
        plain = replace(sampling, response_format=None)
        async for event in super().generate(messages, plain, caller):
            yield event


async def test_documents_without_a_word_of_it_say_so(application: Application) -> None:
    engine = NothingToTell(['{"items": []}'])
    services = with_pool(application.services, pool_of(engine))
    services.summaries._policy = replace(services.summaries._policy, style="written")
    task = DocumentTask(Action.EXTRACT, ("UserData",), focus="owls")
    events = [each async for each in services.tasks.run(TaskRequest(task, ME))]
    assert any(isinstance(each, Abstained) for each in events)
    assert text_of(events) == NOTHING_FOUND
    assert isinstance(events[-1], Finished)
    assert events[-1].model == engine.info.name
