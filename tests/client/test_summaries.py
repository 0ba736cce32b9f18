"""Summaries and extractions through both clients."""

from __future__ import annotations

from typing import Any

import pytest

from carrel.client.summary_events import SummarizationEventReader
from carrel.core.chat import TextDelta
from carrel.core.errors import DocumentNotFound, NothingToSearch, RemoteUnavailable
from carrel.core.summaries import Extracted, SummarizationProgress, SummarizationStyle, Summarized

TEXT = "The harbour master of Kilbride is Ada Lind."


def test_a_summary_whole_and_followed(client: Any, collection: str) -> None:
    client.upload_text("harbour.txt", TEXT, collection)
    summary = client.summarize(collection, max_tokens=300)
    assert isinstance(summary, Summarized)
    assert [each.document for each in summary.parts] == ["harbour.txt"]
    events = list(client.follow_summary(collection, max_tokens=300))
    assert isinstance(events[0], SummarizationProgress)
    assert any(isinstance(each, TextDelta) for each in events)
    assert events[-1] == summary


def test_an_extraction_whole_and_followed(client: Any, collection: str) -> None:
    client.upload_text("harbour.txt", TEXT, collection)
    extracted = client.extract(collection, focus="harbour master")
    assert isinstance(extracted, Extracted)
    assert extracted.style is SummarizationStyle.EXCERPTS
    assert [each.quote for each in extracted.items] == [TEXT]
    assert list(client.follow_extraction(collection, focus="harbour master"))[-1] == extracted


def test_errors_are_those_of_core(client: Any, collection: str) -> None:
    with pytest.raises(NothingToSearch):
        client.summarize(collection)
    with pytest.raises(NothingToSearch):
        list(client.follow_extraction(collection))
    client.upload_text("harbour.txt", TEXT, collection)
    with pytest.raises(DocumentNotFound):
        list(client.follow_summary(collection, documents=["absent"]))


def test_a_stream_that_breaks_off_is_no_summary() -> None:
    reader = SummarizationEventReader()
    data = b'data: {"delta": "Half"}\n\ndata: [DO'
    assert [event for byte in data for event in reader.feed(bytes([byte]))] == [TextDelta("Half")]
    with pytest.raises(RemoteUnavailable):
        reader.end()
