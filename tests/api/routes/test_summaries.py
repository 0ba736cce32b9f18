"""Summaries and extractions over HTTP, whole and streamed."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

TEXT = "The harbour master of Kilbride is Ada Lind. The pier was opened in the spring of 2023."


def add(http: httpx.Client, collection: str, name: str = "harbour.txt", text: str = TEXT) -> str:
    body = {"name": name, "text": text}
    sent = http.post(f"/v1/collections/{collection}/documents?wait=true", json=body)
    assert sent.status_code == 200, sent.text
    return str(sent.json()["documents"][0]["id"])


def events_of(http: httpx.Client, path: str, **body: Any) -> list[dict[str, Any]]:
    reply = http.post(path, json={"stream": True, **body})
    assert reply.headers["content-type"].startswith("text/event-stream"), reply.text
    *events, done = [line.removeprefix("data: ") for line in reply.text.split("\n\n") if line]
    assert done == "[DONE]"
    return [json.loads(each) for each in events]


def test_a_summary_comes_whole(http: httpx.Client, collection: str) -> None:
    identity = add(http, collection)
    add(http, collection, "other.txt", "Nothing of that is here.")
    asked = {"documents": [identity], "focus": "the pier", "max_tokens": 200}
    reply = http.post(f"/v1/collections/{collection}/summarize", json=asked)
    assert reply.status_code == 200, reply.text
    body = reply.json()
    assert body.keys() == {"text", "parts", "style", "model", "finish_reason"}
    assert "Ada Lind" in body["text"], "the scripted engine repeats its prompt"
    [part] = body["parts"]
    assert (part["document"], part["document_id"], part["pages"]) == ("harbour.txt", identity, None)
    assert (body["style"], body["model"], body["finish_reason"]) == ("written", "scripted", "stop")


def test_a_summary_that_is_cut_says_so(http: httpx.Client, collection: str) -> None:
    add(http, collection)
    reply = http.post(f"/v1/collections/{collection}/summarize", json={"max_tokens": 2})
    assert reply.json()["finish_reason"] == "length"


def test_a_streamed_summary_brings_progress_text_and_the_whole(
    http: httpx.Client, collection: str
) -> None:
    add(http, collection)
    events = events_of(http, f"/v1/collections/{collection}/summarize")
    assert all(len(each) == 1 for each in events)
    progress = [each["progress"] for each in events if "progress" in each]
    assert [(each["parts_done"], each["parts_total"]) for each in progress] == [(0, 1), (1, 1)]
    text = "".join(each["delta"] for each in events if "delta" in each)
    assert events[-1]["summary"]["text"] == text.strip()


def test_an_extraction_cites_each_item(http: httpx.Client, collection: str) -> None:
    identity = add(http, collection)
    path = f"/v1/collections/{collection}/extract"
    body = http.post(path, json={"focus": "harbour master"}).json()
    assert (body["style"], body["model"], body["unsupported"]) == ("excerpts", None, 0)
    item = body["items"][0]
    assert (item["document"], item["document_id"], item["page"]) == ("harbour.txt", identity, None)
    assert item["quote"] in TEXT
    events = events_of(http, path, focus="harbour master")
    assert events[-1]["extraction"]["items"] == body["items"]


@pytest.mark.parametrize("verb", ["summarize", "extract"])
@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "nothing_to_search"),
        ({"stream": True}, 400, "nothing_to_search"),
        ({"documents": ["absent"]}, 404, "document_not_found"),
        ({"model": "absent"}, 404, "model_not_found"),
        ({"max_tokens": 0}, 400, "invalid_request"),
        ({"query": "x"}, 400, "invalid_request"),
    ],
)
def test_what_cannot_be_done_is_refused(
    http: httpx.Client, collection: str, verb: str, body: dict[str, Any], status: int, code: str
) -> None:
    reply = http.post(f"/v1/collections/{collection}/{verb}", json=body)
    assert (reply.status_code, reply.json()["error"]["code"]) == (status, code)


def test_an_answer_says_whether_the_documents_were_read_whole(
    http: httpx.Client, collection: str
) -> None:
    add(http, collection)
    asked = {
        "messages": [{"role": "user", "content": "Who is the harbour master?"}],
        "documents": {"collections": [collection]},
    }
    # The size of the scripted model is not known: it is given passages.
    assert http.post("/v1/chat/completions", json=asked).json()["whole_documents"] is False
    asked.pop("documents")
    assert "whole_documents" not in http.post("/v1/chat/completions", json=asked).json()
