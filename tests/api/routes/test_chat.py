"""Chat completions through a real server, asked by httpx and by the official openai package."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import openai
import pytest

from error_bodies import error_of
from running.live_server import LiveServer, WatchedEngine

QUESTION = [{"role": "user", "content": "What is the gate code?"}]


@pytest.fixture
def sdk(live: LiveServer) -> Iterator[openai.OpenAI]:
    """The official client, pointed at the shared server."""
    with (
        httpx.Client(trust_env=False) as http,
        openai.OpenAI(
            base_url=f"{live.address}/v1", api_key="any", http_client=http, max_retries=0
        ) as client,
    ):
        yield client


@pytest.fixture
def gate(http: httpx.Client, collection: str) -> str:
    """A collection with one document, which holds the answer."""
    added = http.post(
        f"/v1/collections/{collection}/documents?wait=true",
        files={"files": ("gate.txt", b"The gate code is 4711.\nThe gate is green.")},
    )
    assert added.status_code == 200, added.text
    return collection


def ask(http: httpx.Client, **body: Any) -> httpx.Response:
    return http.post("/v1/chat/completions", json={"messages": QUESTION, **body})


def test_a_completion_has_openais_shape_and_real_token_counts(http: httpx.Client) -> None:
    reply = ask(http)
    assert reply.status_code == 200, reply.text
    body = reply.json()
    assert body["object"] == "chat.completion"
    assert body["id"].startswith("chatcmpl-")
    assert body["model"] == "scripted"
    assert body["choices"] == [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "You asked: What is the gate code?"},
            "finish_reason": "stop",
            "logprobs": None,
        }
    ]
    usage = body["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert min(usage.values()) > 0
    assert "sources" not in body


FOLLOWING = [
    *QUESTION,
    {"role": "assistant", "content": "It is 4711."},
    {"role": "user", "content": "What color is it?"},
]


def test_a_follow_up_tells_what_was_searched_for(http: httpx.Client, gate: str) -> None:
    documents = {"collections": [gate]}
    body = ask(http, messages=FOLLOWING, documents=documents).json()
    assert body["search_query"] == "What color is it? What is the gate code?"
    # The scripted model repeats what it was asked: the question unchanged.
    assert "What color is it?" in body["choices"][0]["message"]["content"]
    assert body["search_query"] not in body["choices"][0]["message"]["content"]
    assert "search_query" not in ask(http, documents=documents).json()
    streamed = ask(http, messages=FOLLOWING, documents=documents, stream=True).text
    assert streamed.split("data: ")[-2].count(body["search_query"]) == 1
    assert "search_query" not in ask(http, messages=FOLLOWING).json()


def test_asking_documents_names_the_sources(http: httpx.Client, gate: str) -> None:
    body = ask(http, documents={"collections": [gate]}).json()
    listed = http.get(f"/v1/collections/{gate}/documents").json()["documents"]
    (source,) = body["sources"]
    cited = [each for each in body["answer_sentences"] if each["supported"]]
    citation = cited[0]["citations"][0]
    assert citation["source"] == 1
    assert source["text"][citation["start"] : citation["end"]] == citation["quote"]
    assert source == {
        "index": 1,
        "document": "gate.txt",
        "document_id": listed[0]["id"],
        "collection": gate,
        "page": None,
        "score": source["score"],
        "text": "The gate code is 4711.\nThe gate is green.",
        "quote": "The gate code is 4711.",
        "start": 0,
        "used": True,
    }
    assert 0 < source["score"] <= 1


def test_the_collection_named_llm_means_no_documents(http: httpx.Client) -> None:
    assert "sources" not in ask(http, documents={"collections": ["LLM"]}).json()
    mixed = ask(http, documents={"collections": ["LLM", "UserData"]})
    assert (mixed.status_code, error_of(mixed)["code"]) == (400, "invalid_request")


def test_documents_can_be_restricted_by_id(http: httpx.Client, gate: str) -> None:
    http.post(
        f"/v1/collections/{gate}/documents?wait=true",
        files={"files": ("other.txt", b"The gate code of the other house is 1234.")},
    )
    listed = http.get(f"/v1/collections/{gate}/documents").json()["documents"]
    ids = [each["id"] for each in listed if each["name"] == "other.txt"]
    body = ask(http, documents={"collections": [gate], "ids": ids}).json()
    assert [each["document"] for each in body["sources"]] == ["other.txt"]


def test_the_openai_package_reads_a_completion_and_its_sources(
    sdk: openai.OpenAI, gate: str
) -> None:
    completion = sdk.chat.completions.create(
        model="scripted",
        messages=[{"role": "user", "content": "What is the gate code?"}],
        extra_body={"documents": {"collections": [gate], "top_k": 1}},
    )
    assert completion.choices[0].message.content
    assert completion.usage is not None
    assert completion.usage.completion_tokens > 0
    assert completion.model_extra is not None
    assert completion.model_extra["sources"][0]["quote"] == "The gate code is 4711."


def test_the_openai_package_reads_a_stream_with_usage_and_sources_at_its_end(
    sdk: openai.OpenAI, gate: str
) -> None:
    chunks = list(
        sdk.chat.completions.create(
            model="scripted",
            messages=[{"role": "user", "content": "What is the gate code?"}],
            extra_body={"documents": {"collections": [gate]}},
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert "4711" in text
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens > 0
    assert chunks[-1].model_extra is not None
    assert chunks[-1].model_extra["sources"][0]["document"] == "gate.txt"
    assert all("sources" not in (chunk.model_extra or {}) for chunk in chunks[:-1])


def test_the_openai_package_raises_its_own_errors(sdk: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as raised:
        sdk.chat.completions.create(model="absent", messages=[{"role": "user", "content": "x"}])
    assert raised.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError) as refused:
        sdk.chat.completions.create(
            model="scripted", messages=[{"role": "user", "content": "x"}], store=True
        )
    assert (refused.value.code, refused.value.param) == ("unsupported_parameter", "store")


def test_the_openai_package_lists_the_models(sdk: openai.OpenAI) -> None:
    (model,) = sdk.models.list().data
    assert model.id == "scripted"
    assert model.model_extra is not None
    assert model.model_extra["context_length"] == 8192


def test_an_answer_can_be_sent_back_as_history(sdk: openai.OpenAI) -> None:
    first = sdk.chat.completions.create(
        model="scripted", messages=[{"role": "user", "content": "One?"}]
    )
    second = sdk.chat.completions.create(
        model="scripted",
        messages=[
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "One?"}]},
            first.choices[0].message,  # type: ignore[list-item]
            {"role": "user", "content": "Two?"},
        ],
    )
    assert second.choices[0].message.content == "You asked: Two?"


def test_a_limit_and_a_stop_text_end_the_answer(http: httpx.Client) -> None:
    for name in ("max_tokens", "max_completion_tokens"):
        cut = ask(http, **{name: 2}).json()
        assert cut["choices"][0]["finish_reason"] == "length"
        assert cut["usage"]["completion_tokens"] == 2
    for stop in (" gate", [" gate", "never"]):
        stopped = ask(http, stop=stop).json()["choices"][0]
        assert stopped["message"]["content"] == "You asked: What is the"
        assert stopped["finish_reason"] == "stop"


def test_turns_that_do_not_fit_are_dropped_and_counted(http: httpx.Client) -> None:
    old = [{"role": "user", "content": "word " * 8000}, {"role": "assistant", "content": "yes"}]
    assert ask(http, messages=[*old, *QUESTION]).json()["dropped_turns"] == 1


@pytest.mark.parametrize(
    ("body", "status", "code", "param"),
    [
        ({"messages": []}, 400, "invalid_request", "messages"),
        ({"messages": [{"role": "user", "content": " "}]}, 400, "invalid_request", None),
        (
            {"messages": [{"role": "robot", "content": "x"}]},
            400,
            "invalid_request",
            "messages.0.role",
        ),
        ({"messages": [{"role": "assistant", "content": "x"}]}, 400, "invalid_request", None),
        (
            {"messages": [{"role": "user", "content": "w " * 20000}]},
            400,
            "context_length_exceeded",
            None,
        ),
        ({"model": "absent"}, 404, "model_not_found", None),
        ({"documents": {"collections": ["Nowhere"]}}, 404, "collection_not_found", None),
        ({"documents": {"collections": ["MyData"]}}, 400, "nothing_to_search", None),
        ({"documents": {"collections": ["MyData"], "ids": ["x"]}}, 404, "document_not_found", None),
        ({"documents": {"collections": []}}, 400, "invalid_request", "documents.collections"),
        (
            {"documents": {"collections": ["A"], "deep": 1}},
            400,
            "invalid_request",
            "documents.deep",
        ),
        ({"tools": [{"type": "web"}]}, 400, "unsupported_parameter", "tools.0.type"),
        ({"colour": "red", "seed": "x"}, 400, "invalid_request", "colour"),
        ({"temperature": 3}, 400, "invalid_request", "temperature"),
        ({"max_tokens": 0}, 400, "invalid_request", "max_tokens"),
    ],
    ids=lambda value: str(value)[:40],
)
@pytest.mark.parametrize("stream", [False, True])
def test_what_cannot_be_honored_is_refused_with_a_code_before_a_stream_starts(
    http: httpx.Client,
    body: dict[str, Any],
    status: int,
    code: str,
    param: str | None,
    stream: bool,
) -> None:
    reply = ask(http, stream=stream, **body)
    assert reply.status_code == status
    error = error_of(reply)
    assert (error["code"], error["param"]) == (code, param)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'"text"', b"null", b"\xff\xfe", b'{"messages": "\\ud800"}', b"[" * 100_000],
)
def test_a_body_that_is_no_object_is_refused(http: httpx.Client, content: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    reply = http.post("/v1/chat/completions", content=content, headers=headers)
    assert reply.status_code == 400
    assert error_of(reply)["code"] == "invalid_request"


def test_half_of_a_surrogate_pair_is_refused(http: httpx.Client) -> None:
    content = b'{"messages": [{"role": "user", "content": "\\ud800"}]}'
    headers = {"Content-Type": "application/json"}
    reply = http.post("/v1/chat/completions", content=content, headers=headers)
    assert (reply.status_code, error_of(reply)["param"]) == (400, "messages.0.content")


def test_a_client_that_hangs_up_stops_an_answer_that_is_not_streamed(
    start: Callable[..., LiveServer],
) -> None:
    engine = WatchedEngine(["word " * 2000], seconds_per_token=0.02)
    with start(engine).client() as http:
        with pytest.raises(httpx.ReadTimeout):
            http.post(
                "/v1/chat/completions",
                json={"messages": QUESTION, "max_tokens": 4000},
                timeout=httpx.Timeout(5, read=0.5),
            )
        assert engine.ended.wait(20), "the model continues although nobody waits for it"
    assert engine.written < 1000
