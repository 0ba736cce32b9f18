"""Every file of an event is one that its session uploaded."""

from __future__ import annotations

import json
from typing import Any

import pytest

from carrel.core.errors import InvalidRequest
from carrel.ui.gate.event_files import with_checked_files

PATH = "/data/uploads/1/0/R&D <1>.txt"
META = {"_type": "gradio.FileData"}


def check(path: object, session: str | None) -> None:
    """Know one file of one session."""
    if (path, session) != (PATH, "mine"):
        raise InvalidRequest("not yours")


def event(*files: Any, **other: Any) -> bytes:
    """Return the body of an event with these values."""
    return json.dumps({"data": [*files], "session_hash": "mine", **other}).encode()


def test_an_event_without_files_passes_unchanged() -> None:
    body = {"data": [1, None, "a path", {"name": "x"}, [True]], "session_hash": "mine"}
    assert json.loads(with_checked_files(json.dumps(body).encode(), check)) == body


def test_the_address_that_the_browser_makes_of_an_upload_is_dropped() -> None:
    url = "http://localhost:7860/gradio_api/file=/data/uploads/1/0/R%26D%20%3C1%3E.txt"
    body = with_checked_files(event([{"path": PATH, "url": url, "meta": META}]), check)
    assert json.loads(body)["data"] == [[{"path": PATH, "url": None, "meta": META}]]


@pytest.mark.parametrize(
    "file",
    [
        {"path": "/etc/passwd"},
        {"path": PATH + "/../../../../etc/passwd"},
        {"path": "http://example.invalid/x"},
        {"path": None},
        {"path": [PATH]},
        {"path": PATH, "is_stream": True},
        {"path": PATH, "url": "http://example.invalid/x"},
        {"path": PATH, "url": "http://example.invalid/gradio_api/file=/etc/passwd"},
        {"path": PATH, "url": ["x"]},
        {"path": PATH, "more": {"path": "/etc/passwd"}},
    ],
)
def test_any_other_file_is_refused_wherever_it_is(file: dict[str, Any]) -> None:
    for body in (
        event(file),
        event([file]),
        event({"value": {"deep": [file]}}),
        event(event_data={"file": file}),
    ):
        with pytest.raises(InvalidRequest):
            with_checked_files(body, check)


def test_the_file_of_another_session_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        with_checked_files(event({"path": PATH}, session_hash="theirs"), check)


def test_what_comes_after_reads_the_name_that_was_checked() -> None:
    # Parsers differ in which of two equal names counts.
    twice = b'{"session_hash": "mine", "data": [{"path": "/etc/passwd", "path": "%s"}]}'
    body = with_checked_files(twice % PATH.encode(), check)
    assert b"passwd" not in body
    with pytest.raises(InvalidRequest):
        with_checked_files(b'{"session_hash": "mine", "data": [{"p\\u0061th": "/etc/x"}]}', check)


@pytest.mark.parametrize(
    "body", [b"", b"x", b"[]", b"null", b"\xff", b"[" * 200_000, b'{"a": ' + b"1" * 5000 + b"}"]
)
def test_what_is_no_event_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        with_checked_files(body, check)
