"""A server that is busy is asked again, and only where that cannot do a thing twice."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from carrel.client import ApiError
from carrel.client.failures import CLASSES
from carrel.client.retry_after import retry_after
from carrel.core.errors import InvalidRequest, ModelNotReady, QueueFull
from running.client_kinds import connect

ERRORS_PAGE = Path(__file__).resolve().parents[2] / "docs" / "errors.md"
BUSY = b'{"error": {"message": "Busy.", "type": "t", "param": null, "code": "queue_full"}}'
LOADING = b'{"error": {"message": "Loading.", "type": "t", "param": null, "code": "%s"}}' % (
    b"model_not_ready"
)
MODELS = b'{"object": "list", "data": []}'
CHUNK = (
    b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":'
    b'[{"index":0,"delta":{"content":"half"},"finish_reason":null}]}\n\n'
)
FAILED_EVENT = b"data: " + BUSY + b"\n\n"
Reply = tuple[int, str | None, bytes]
"""Status, ``Retry-After`` and content."""


@contextmanager
def replying(replies: Sequence[Reply]) -> Iterator[tuple[str, list[str]]]:
    """Give one reply after another, the last one for ever; yields address and requests so far."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked.append(f"{self.command} {self.path}")
            status, seconds, content = replies[min(len(asked), len(replies)) - 1]
            self.send_response(status)
            if seconds is not None:
                self.send_header("Retry-After", seconds)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = _answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def past() -> str:
    return format_datetime(datetime.now(UTC) - timedelta(seconds=5), usegmt=True)


def test_the_header_is_a_number_or_a_date() -> None:
    assert retry_after({"Retry-After": "7"}) == 7
    coming = datetime.now(UTC) + timedelta(seconds=100)
    seconds = retry_after({"Retry-After": format_datetime(coming, usegmt=True)})
    assert seconds is not None
    assert 0 < seconds <= 100
    without_zone = f"{coming:%a, %d %b %Y %H:%M:%S}"
    assert retry_after({"Retry-After": without_zone}) == pytest.approx(seconds, abs=30)
    assert retry_after({"Retry-After": past()}) == 0
    assert retry_after({"Retry-After": "Wed, 21 Oct 2015 07:28:00"}) == 0
    for nothing in ({}, {"Retry-After": "soon"}, {"Retry-After": "nan"}, {"Retry-After": "inf"}):
        assert retry_after(nothing) is None


def test_a_busy_server_is_asked_again(kind: str) -> None:
    busy = [(429, "0", BUSY), (503, past(), LOADING), (200, None, MODELS)]
    with replying(busy) as (address, asked), connect(kind, address) as client:
        assert client.models() == []
        assert asked == ["GET /v1/models"] * 3


def test_without_a_time_it_waits_by_itself(kind: str) -> None:
    busy = [(503, None, LOADING), (200, None, MODELS)]
    with replying(busy) as (address, asked), connect(kind, address) as client:
        assert client.models() == []
        assert len(asked) == 2


@pytest.mark.parametrize(("retries", "times"), [(0, 1), (1, 2)])
def test_the_last_refusal_is_raised(kind: str, retries: int, times: int) -> None:
    with (
        replying([(429, "0", BUSY)]) as (address, asked),
        connect(kind, address, retries=retries) as client,
    ):
        with pytest.raises(QueueFull, match="Busy"):
            client.chat("Why?")
        assert len(asked) == times


def test_too_long_a_time_is_not_waited_for(kind: str) -> None:
    with replying([(429, "3600", BUSY)]) as (address, asked), connect(kind, address) as client:
        with pytest.raises(QueueFull) as raised:
            client.chat("Why?")
        assert raised.value.retry_after == 3600
        assert len(asked) == 1


def test_what_changes_something_is_not_sent_twice_unless_it_was_refused(kind: str) -> None:
    proxy = b"<html>Unavailable</html>"
    with replying([(503, None, proxy)]) as (address, asked), connect(kind, address) as client:
        with pytest.raises(ApiError):
            client.create_collection("Reports")
        assert len(asked) == 1
    with (
        replying([(503, "0", LOADING)]) as (address, asked),
        connect(kind, address, retries=1) as client,
    ):
        with pytest.raises(ModelNotReady):
            client.create_collection("Reports")
        assert len(asked) == 2


def test_a_stream_is_asked_for_again_until_it_begins(kind: str) -> None:
    replies = [(429, "0", BUSY), (200, None, CHUNK + FAILED_EVENT)]
    with replying(replies) as (address, asked), connect(kind, address) as client:
        with client.stream("Why?") as stream, pytest.raises(QueueFull):
            list(stream)
        assert stream.text == "half"
        assert len(asked) == 2


def test_other_refusals_and_the_state_are_reported_at_once(kind: str) -> None:
    with replying([(503, "0", LOADING)]) as (address, asked), connect(kind, address) as client:
        assert client.health().reason == "Loading."
        assert len(asked) == 1
    with replying([(500, "0", b"")]) as (address, asked), connect(kind, address) as client:
        with pytest.raises(ApiError, match="500"):
            client.models()
        assert len(asked) == 1


def test_a_negative_number_of_retries_is_refused(kind: str) -> None:
    with (
        pytest.raises(InvalidRequest, match="'retries' is -1"),
        connect(kind, "http://127.0.0.1:1", retries=-1),
    ):
        raise AssertionError("it was accepted")


def test_every_code_of_the_page_of_errors_has_a_class_of_its_own() -> None:
    page = ERRORS_PAGE.read_text(encoding="utf-8")
    codes = set(re.findall(r"^\| `([a-z_]+)` \|", page, re.M))
    # What nobody foresaw keeps its code in ``ApiError``.
    assert codes - {"internal_error"} <= set(CLASSES)
    assert set(CLASSES) <= codes
    assert len(set(CLASSES.values())) == len(CLASSES)
