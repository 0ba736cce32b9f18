"""What is raised when there is no server, another server, or one that breaks off."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from carrel.client import ApiError
from carrel.client.failures import CLASSES, error_of, error_of_reply
from carrel.core import errors
from carrel.core.errors import CarrelError, InvalidRequest, ModelNotReady, RemoteUnavailable
from carrel.schemas.errors import ErrorDetail
from running.client_kinds import connect

CHUNK = (
    b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":'
    b'[{"index":0,"delta":{"content":"half"},"finish_reason":null}]}\n\n'
)


@contextmanager
def answering(raw: bytes) -> Iterator[str]:
    """Serve these bytes to every connection, then close it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65536)
                    connection.sendall(raw)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(10)


def http(status: str, content: bytes, kind: str = "application/json") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n"
    return head.encode() + b"Connection: close\r\n\r\n" + content


def test_every_code_of_the_tree_has_its_class() -> None:
    for code, kind in CLASSES.items():
        raised = error_of(ErrorDetail(message="m", code=code), 400)
        assert type(raised) is kind
        assert str(raised) == "m"
    assert set(CLASSES.values()) == {
        each
        for each in vars(errors).values()
        if isinstance(each, type) and issubclass(each, CarrelError) and each is not CarrelError
    }


def test_an_unknown_code_keeps_status_and_code() -> None:
    content = b'{"error": {"message": "m", "type": "t", "param": null, "code": "quota"}}'
    raised = error_of_reply(429, content)
    assert isinstance(raised, ApiError)
    assert (str(raised), raised.status, raised.api_code) == ("m", 429, "quota")


@pytest.mark.parametrize("content", [b"", b"<html>Bad gateway</html>", b"{}", b'{"error": "x"}'])
def test_an_error_of_another_server_says_its_status(content: bytes) -> None:
    raised = error_of_reply(502, content)
    assert isinstance(raised, ApiError)
    assert "502" in str(raised)


def test_no_server_is_reported_with_its_address(kind: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    with connect(kind, address) as client:
        with pytest.raises(RemoteUnavailable, match=address):
            client.models()
        with pytest.raises(RemoteUnavailable, match=address), client.stream("Why?"):
            raise AssertionError("there is no server")


@pytest.mark.parametrize(
    "address", ["", "localhost:7860", "ftp://x", "http://", "http://x:port", "x y"]
)
def test_an_address_that_is_none_is_refused(kind: str, address: str) -> None:
    with pytest.raises(InvalidRequest, match="is not an address"), connect(kind, address):
        raise AssertionError("there is no such address")


def test_a_server_that_does_not_answer_in_time_is_reported(kind: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with (
            connect(kind, address, timeout=0.2) as client,
            pytest.raises(RemoteUnavailable, match="did not answer in time"),
        ):
            client.models()


def test_another_servers_success_is_not_taken_for_an_answer(kind: str) -> None:
    with (
        answering(http("200 OK", b'{"hello": "world"}')) as address,
        connect(kind, address) as client,
    ):
        for call in (
            client.models,
            lambda: client.chat("Why?"),
            lambda: client.upload_text("a", "b"),
        ):
            with pytest.raises(ApiError, match="not one of Carrel's"):
                call()


def test_a_server_that_is_not_ready_says_why(kind: str) -> None:
    body = b'{"error": {"message": "Loading.", "type": "server_error", "code": "model_not_ready"}}'
    with (
        answering(http("503 Service Unavailable", body)) as address,
        connect(kind, address, retries=0) as client,
    ):
        health = client.health()
        assert (health.ready, health.reason) == (False, "Loading.")
        with pytest.raises(ModelNotReady, match="Loading"):
            client.chat("Why?")


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (CHUNK, RemoteUnavailable, "ended early"),
        (CHUNK + b"data: [DONE]\n\n", RemoteUnavailable, "ended early"),
        (CHUNK + b'data: {"error": 5}\n\n', ApiError, "not one of Carrel's"),
        (CHUNK + b"data: nonsense\n\n", ApiError, "not one of Carrel's"),
    ],
)
def test_a_stream_that_breaks_off_is_not_taken_for_an_answer(
    kind: str, content: bytes, error: type[CarrelError], message: str
) -> None:
    raw = http("200 OK", content, "text/event-stream")
    with (
        answering(raw) as address,
        connect(kind, address) as client,
        client.stream("Why?") as stream,
    ):
        texts: list[Any] = []
        with pytest.raises(error, match=message):
            texts.extend(iter(stream))
        assert stream.text == "half"


def test_a_connection_that_breaks_in_a_stream_is_reported(kind: str) -> None:
    raw = (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 9999\r\n\r\n"
        + CHUNK
    )
    with (
        answering(raw) as address,
        connect(kind, address) as client,
        client.stream("Why?") as stream,
        pytest.raises(RemoteUnavailable, match="broke"),
    ):
        list(stream)
