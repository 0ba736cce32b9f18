"""Request ids in replies and log lines, and the bound on bodies."""

from __future__ import annotations

import httpx
import pytest
import structlog

from carrel.api.middleware.body_limit import LARGEST_BODY
from error_bodies import error_of
from waiting import wait_for


def test_every_reply_has_an_id_of_its_own(http: httpx.Client) -> None:
    ids = {http.get("/v1/models").headers["X-Request-Id"] for _ in range(3)}
    assert len(ids) == 3


def test_a_clients_own_id_is_kept(http: httpx.Client) -> None:
    reply = http.get("/v1/nothing", headers={"X-Request-Id": "trace-1.a_B"})
    assert reply.headers["X-Request-Id"] == "trace-1.a_B"


@pytest.mark.parametrize("given", ["", "with space", "x" * 65, "new\tline", "<b>"])
def test_an_id_that_could_forge_log_lines_is_replaced(http: httpx.Client, given: str) -> None:
    reply = http.get("/v1/models", headers={"X-Request-Id": given})
    assert reply.headers["X-Request-Id"] != given
    assert len(reply.headers["X-Request-Id"]) == 32


def test_every_line_logged_for_a_request_has_its_id(http: httpx.Client, collection: str) -> None:
    # capture_logs replaces all processors, also the one that adds the context.
    with structlog.testing.capture_logs([structlog.contextvars.merge_contextvars]) as lines:
        http.post(
            f"/v1/collections/{collection}/documents?wait=true",
            files={"files": ("empty.txt", b"")},
            headers={"X-Request-Id": "upload-7"},
        )
        http.get("/v1/models", headers={"X-Request-Id": "list-8"})
        # A request is logged once its reply is out, which the client may read before.
        wait_for(lambda: sum(line["event"] == "request" for line in lines) == 2)
    by_id = {
        own: [line["event"] for line in lines if line.get("request_id") == own]
        for own in ("upload-7", "list-8")
    }
    assert by_id == {
        "upload-7": ["document.failed", "job.ended", "request"],
        "list-8": ["request"],
    }
    (listing,) = [line for line in lines if line.get("request_id") == "list-8"]
    assert (listing["method"], listing["path"], listing["status"]) == ("GET", "/v1/models", 200)


def test_a_body_that_would_fill_the_memory_is_refused(http: httpx.Client) -> None:
    text = "x" * LARGEST_BODY
    for path, body in (
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": text}]}),
        ("/v1/collections/UserData/documents", {"name": "a", "text": text}),
    ):
        reply = http.post(path, json=body)
        assert (reply.status_code, error_of(reply)["code"]) == (413, "request_too_large")
    assert http.get("/health").status_code == 200


def test_a_form_is_no_way_around_the_bound(http: httpx.Client) -> None:
    files = {"files": ("a.txt", b"x" * (LARGEST_BODY + 1))}
    reply = http.post("/v1/chat/completions", files=files)
    assert reply.status_code == 413
