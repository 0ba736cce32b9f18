"""Limits of a request that would occupy the server, at every way in."""

from __future__ import annotations

import json
import socket
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from carrel.api.middleware.body_limit import LARGEST_BODY
from carrel.api.middleware.http_protocol import LARGEST_HEAD
from carrel.client import Client
from carrel.core.errors import QueryTooLong, TooManyMessages
from carrel.core.request_limits import LONGEST_QUERY, MOST_MESSAGES
from error_bodies import checked, error_of
from running.live_server import LiveServer, live_server, settings_in

QUESTION = {"role": "user", "content": "Why?"}
MANY = [QUESTION] * (MOST_MESSAGES + 1)
LONG = "x" * (LONGEST_QUERY + 1)
DEEP = b"[" * 200_000 + b"]" * 200_000


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", {"messages": MANY}),
        ("/v1/chat/completions", {"messages": MANY, "stream": True}),
        ("/v1/compare", {"messages": MANY, "models": [0, 0]}),
        ("/v1/tokenize", {"messages": MANY}),
    ],
)
def test_more_messages_than_one_request_may_have(
    http: httpx.Client, path: str, body: dict[str, Any]
) -> None:
    reply = http.post(path, json=body)
    error = error_of(reply)
    assert (reply.status_code, error["code"]) == (400, "too_many_messages")
    assert error["param"] == "messages"


def test_as_many_messages_as_one_request_may_have_are_answered(http: httpx.Client) -> None:
    """Those that do not fit the context are left out, as of a shorter history."""
    messages = [{"role": "user", "content": "word " * 20}] * MOST_MESSAGES
    reply = http.post("/v1/chat/completions", json={"messages": messages, "max_tokens": 5})
    assert reply.status_code == 200
    used = reply.json()["usage"]["prompt_tokens"]
    assert 8000 < used <= 8192 - 5


def test_a_query_that_is_longer_than_any_is_refused(http: httpx.Client, collection: str) -> None:
    text = {"name": "a.txt", "text": "Gulls cry."}
    http.post(f"/v1/collections/{collection}/documents?wait=true", json=text)
    messages = [{"role": "user", "content": LONG}]
    for path, body in (
        (f"/v1/collections/{collection}/search", {"query": LONG}),
        (
            "/v1/chat/completions",
            {"messages": messages, "documents": {"collections": [collection]}},
        ),
    ):
        reply = http.post(path, json=body)
        assert (reply.status_code, error_of(reply)["code"]) == (400, "query_too_long")
    longest = http.post(f"/v1/collections/{collection}/search", json={"query": LONG[1:]})
    assert longest.status_code == 200
    # Without documents nothing is searched for: the model's context is the limit.
    assert http.post("/v1/chat/completions", json={"messages": messages}).status_code == 200


def test_the_client_raises_the_same_errors(live: LiveServer, collection: str) -> None:
    with Client(live.address) as client:
        with pytest.raises(TooManyMessages):
            client.chat(MANY)
        with pytest.raises(QueryTooLong):
            client.search(LONG, collection)


@pytest.mark.parametrize(
    "path",
    ["/v1/chat/completions", "/v1/compare", "/v1/embeddings", "/v1/completions", "/v1/tokenize"],
)
def test_a_body_that_nests_without_end_is_refused(http: httpx.Client, path: str) -> None:
    reply = http.post(
        path, content=b'{"messages":' + DEEP + b"}", headers={"Content-Type": "application/json"}
    )
    assert (reply.status_code, error_of(reply)["code"]) == (400, "invalid_request")


def test_a_head_without_end_is_refused(live: LiveServer) -> None:
    address = ("127.0.0.1", int(live.address.rpartition(":")[2]))
    with closing(socket.create_connection(address, 60)) as peer:
        peer.sendall(b"GET /health HTTP/1.1\r\n")
        line = b"X-Long: " + b"x" * 1000 + b"\r\n"
        for _ in range(LARGEST_HEAD // 1000 + 1):
            peer.sendall(line)
        received = b""
        while part := peer.recv(65536):
            received += part
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 431 ")
    assert checked(json.loads(body))["code"] == "request_too_large"


def test_events_of_the_page_have_the_same_limits(tmp_path: Path) -> None:
    with (
        live_server(settings_in(tmp_path), with_page=True) as live,
        live.client() as http,
    ):
        event = {"fn_index": 0, "session_hash": "s", "data": ["x" * LARGEST_BODY]}
        whole = json.dumps(event).encode()
        json_type = {"Content-Type": "application/json"}
        for content in (whole, (whole[at : at + 65536] for at in range(0, len(whole), 65536))):
            reply = http.post("/gradio_api/queue/join", content=content, headers=json_type)
            assert (reply.status_code, error_of(reply)["code"]) == (413, "request_too_large")
        turns = [["Why?", "So."]] * (MOST_MESSAGES // 2)
        for asked, code in (
            ({"instruction": "Why?", "chat_conversation": turns}, "too_many_messages"),
            ({"instruction": LONG, "langchain_mode": "UserData"}, "query_too_long"),
            (
                {
                    "instruction": LONG,
                    "langchain_mode": "UserData",
                    "langchain_action": "Summarize",
                },
                "query_too_long",
            ),
        ):
            begun = http.post(
                "/gradio_api/call/submit_nochat_api", json={"data": [json.dumps(asked)]}
            )
            reply = http.get(f"/gradio_api/call/submit_nochat_api/{begun.json()['event_id']}").text
            assert code in reply
        search = next(
            each
            for each in http.get("/config").json()["dependencies"]
            if each["api_name"] == "search"
        )
        reply = http.post(
            "/gradio_api/run/predict",
            json={
                "fn_index": search["id"],
                "session_hash": "s",
                "data": [LONG, None, None],
            },
        )
        assert "8,000 are the most" in reply.text
