"""Bodies of replies: what is left out, what is passed over, and the way to core and back."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from carrel.core.chat import AnswerScored, FinishReason, TokenLogprob, Usage
from carrel.core.citations import CheckedSentence, Citation
from carrel.core.document_properties import DocumentProperties
from carrel.core.documents import DocumentRecord, DocumentStatus, FileOutcome, OutcomeKind, Source
from carrel.schemas.completions import FINISH, ChunkBody, ChunkChoice, DeltaBody, UsageBody
from carrel.schemas.documents import DocumentBody, OutcomeBody, TextDocument
from carrel.schemas.errors import ErrorBody
from carrel.schemas.logprobs import LogprobsBody
from carrel.schemas.sources import SentenceBody, SourceBody

SOURCE = Source(2, "a.pdf", "id1", "UserData", 3, 0.5, "Whole text.", "text", 40, True)


def test_a_source_survives_the_wire() -> None:
    sent = SourceBody.of(SOURCE).model_dump_json()
    assert SourceBody.model_validate_json(sent).to_core() == SOURCE


def test_a_checked_sentence_survives_the_wire() -> None:
    citations = (Citation(SOURCE, 6, 10),)
    sentence = CheckedSentence("Text.", 3, 8, citations)
    body = SentenceBody.model_validate_json(SentenceBody.of(sentence).model_dump_json())
    assert (body.supported, body.citations[0].source) == (True, 2)
    assert (body.citations[0].quote, body.citations[0].page_start) == ("text", 46)
    assert body.to_core("Ah. Text.", [SOURCE]) == replace(sentence, text=" Text")


@pytest.mark.parametrize("wrong", [{"source": 9}, {"start": 10}, {"end": 99}])
def test_a_citation_of_no_place_is_not_read(wrong: dict[str, int]) -> None:
    body = SentenceBody.of(CheckedSentence("x", 0, 1, (Citation(SOURCE, 6, 10),)))
    citation = body.citations[0].model_copy(update=wrong)
    with pytest.raises(ValueError, match="source"):
        body.model_copy(update={"citations": [citation]}).to_core("x", [SOURCE])


def test_usage_survives_the_wire() -> None:
    usage = Usage(10, 5, 0.5, 2.5)
    body = UsageBody.of(usage)
    assert (body.total_tokens, body.tokens_per_second) == (15, 2.0)
    assert UsageBody.model_validate_json(body.model_dump_json()).to_core() == usage


@pytest.mark.parametrize("usage", [Usage(10, 0), Usage(10, 1, 0.5, 0.5)])
def test_a_speed_needs_two_tokens(usage: Usage) -> None:
    assert "tokens_per_second" not in UsageBody.of(usage).model_dump()


def test_tokens_survive_the_wire() -> None:
    other = TokenLogprob("<|end|>", b"", -2.5)
    token = TokenLogprob("\ufffd", b"\xf0\x9f", -0.5, (other,))
    sent = json.loads(LogprobsBody.of([token]).model_dump_json())
    assert sent == {
        "content": [
            {
                "token": "\ufffd",
                "logprob": -0.5,
                "bytes": [240, 159],
                "top_logprobs": [{"token": "<|end|>", "logprob": -2.5, "bytes": None}],
            }
        ],
        "refusal": None,
    }
    (read,) = LogprobsBody.model_validate(sent).content
    assert read.to_core() == token


def test_every_finish_reason_has_a_name_of_openais() -> None:
    assert set(FINISH) == set(FinishReason)


def test_a_chunk_leaves_out_what_it_does_not_have() -> None:
    chunk = ChunkBody(
        id="c", created=1, model="m", choices=[ChunkChoice(delta=DeltaBody(content="x"))]
    )
    assert json.loads(chunk.model_dump_json()) == {
        "id": "c",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [
            {"index": 0, "delta": {"content": "x"}, "finish_reason": None, "logprobs": None}
        ],
    }


def test_an_empty_list_of_sources_is_not_left_out() -> None:
    chunk = ChunkBody(id="c", created=1, model="m", choices=[], sources=[])
    assert chunk.model_dump()["sources"] == []


def test_a_score_goes_with_the_name_of_the_model_that_gave_it() -> None:
    def body(**fields: object) -> ChunkBody:
        sent = {"id": "c", "created": 1, "model": "m", "choices": []} | fields
        return ChunkBody.model_validate_json(json.dumps(sent))

    assert body(score=0.0, score_model="reward").scored == AnswerScored(0.0, "reward")
    assert body().scored is None
    assert body(score=0.5).scored is None


def test_a_document_is_described_with_the_time_in_iso_format() -> None:
    record = DocumentRecord(
        id="d",
        collection_id="c",
        name="a.pdf",
        sha256="0" * 64,
        bytes=9,
        status=DocumentStatus.FAILED,
        added_at=datetime(2024, 5, 6, tzinfo=UTC),
        reason="it is empty",
        properties=DocumentProperties("T", ("Ada",)),
    )
    assert DocumentBody.of(record).model_dump(mode="json") == {
        "id": "d",
        "name": "a.pdf",
        "bytes": 9,
        "pages": None,
        "chunks": 0,
        "status": "failed",
        "reason": "it is empty",
        "added_at": "2024-05-06T00:00:00Z",
        "properties": {
            "title": "T",
            "authors": ["Ada"],
            "created": None,
            "modified": None,
            "keywords": [],
            "language": None,
        },
    }
    assert DocumentBody.of(record).to_core().properties == record.properties
    outcome = FileOutcome("a.pdf", OutcomeKind.FAILED, record, "empty_document", "it is empty")
    assert OutcomeBody.of(outcome).document_id == "d"


def test_keys_of_a_newer_server_are_passed_over() -> None:
    newer = {"error": {"message": "m", "type": "t", "param": None, "code": "c", "hint": "h"}}
    assert ErrorBody.model_validate(newer).error.message == "m"


def test_pasted_text_is_checked() -> None:
    for content in (
        '{"name": "a", "text": "\\ud800"}',
        '{"name": "a", "text": ""}',
        '{"text": "x"}',
    ):
        with pytest.raises(ValidationError):
            TextDocument.model_validate_json(content)
