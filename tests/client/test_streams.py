"""Reading server-sent events from bytes that are cut anywhere."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrel.client.streams import ChunkReader
from carrel.core.chat import AnswerScored, FinishReason, Usage
from carrel.core.errors import GenerationFailed, RemoteUnavailable


def chunk(*texts: str | None, **fields: Any) -> bytes:
    """Return one event with a choice per text."""
    choices = [
        {"index": 0, "delta": {"content": text} if text else {}, "finish_reason": None}
        for text in texts
    ]
    if "finish_reason" in fields:
        choices[0]["finish_reason"] = fields.pop("finish_reason")
    body = {"id": "c", "created": 1, "model": "m", "choices": choices, **fields}
    return f"data: {json.dumps(body, ensure_ascii=False)}\n\n".encode()


SOURCE = {
    "index": 1, "document": "a.txt", "document_id": "d", "collection": "UserData", "page": None,
    "score": 0.5, "text": "t", "quote": "t",
}  # fmt: skip
END = (
    chunk(None, finish_reason="length")
    + chunk(
        usage={"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
        sources=[SOURCE],
        dropped_turns=2,
        score=-1.5,
        score_model="reward",
    )
    + b"data: [DONE]\n\n"
)


@given(
    st.lists(
        st.text(min_size=1, max_size=5, alphabet='a\u2028\u2029\x85\x0b\r\n"ü🦜{'), max_size=6
    ),
    st.lists(st.integers(1, 40), min_size=1, max_size=20),
)
def test_text_is_whole_however_the_bytes_are_cut(texts: list[str], sizes: list[int]) -> None:
    data = b": a comment\n\n" + b"".join(chunk(text) for text in texts) + END
    reader, got = ChunkReader(), []
    while data:
        for size in sizes:
            got += reader.feed(data[:size])
            data = data[size:]
    answer = reader.answer()
    assert got == texts
    assert answer.text == "".join(texts)
    assert answer.finish_reason is FinishReason.LENGTH
    assert answer.usage == Usage(3, 2)
    assert (answer.model, answer.dropped_turns) == ("m", 2)
    assert answer.scored == AnswerScored(-1.5, "reward")
    assert [each.document for each in answer.sources] == ["a.txt"]


def test_there_is_no_answer_before_the_end() -> None:
    reader = ChunkReader()
    assert reader.feed(chunk("half")) == ["half"]
    with pytest.raises(RemoteUnavailable):
        reader.answer()


def test_an_error_event_is_raised() -> None:
    error = {"message": "It failed.", "type": "server_error", "code": "generation_failed"}
    event = f"data: {json.dumps({'error': error})}\n\n".encode()
    with pytest.raises(GenerationFailed, match="It failed"):
        ChunkReader().feed(event)
