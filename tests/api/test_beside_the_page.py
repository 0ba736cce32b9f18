"""The API and the page on one port: neither takes over the other's paths."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from error_bodies import error_of
from running.live_server import live_server, settings_in


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of a server with its page."""
    settings = settings_in(tmp_path_factory.mktemp("both"))
    with live_server(settings, with_page=True) as live, live.client() as client:
        yield client


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "not_found"),
        ("GET", "/v1", 404, "not_found"),
        ("GET", "/v1/models/", 404, "model_not_found"),
        ("POST", "/v1/models", 405, "method_not_allowed"),
        ("POST", "/health", 405, "method_not_allowed"),
        ("DELETE", "/metrics", 405, "method_not_allowed"),
    ],
)
def test_what_no_route_of_the_api_takes_does_not_reach_the_page(
    both: httpx.Client, method: str, path: str, status: int, code: str
) -> None:
    reply = both.request(method, path)
    assert (reply.status_code, error_of(reply)["code"]) == (status, code)


def test_the_api_keeps_working_below_the_page(both: httpx.Client) -> None:
    assert both.get("/health").json() == {"status": "ok"}
    assert both.get("/v1/models").json()["data"][0]["id"] == "scripted"
    assert "carrel_http_requests_total" in both.get("/metrics").text
    body = {"messages": [{"role": "user", "content": "Why?"}]}
    assert both.post("/v1/chat/completions", json=body).status_code == 200


def test_the_page_is_served_and_may_load_from_this_server_only(both: httpx.Client) -> None:
    page = both.get("/", headers={"Origin": "http://evil.example"})
    assert page.status_code == 200
    assert page.headers["Content-Type"].startswith("text/html")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy
    assert page.headers["X-Frame-Options"] == "DENY"
    assert page.headers["X-Request-Id"]
    assert not [name for name in page.headers if name.lower().startswith("access-control-")]


def test_the_page_is_guarded_like_the_api(both: httpx.Client) -> None:
    foreign = both.get("/", headers={"Host": "evil.example"})
    assert (foreign.status_code, error_of(foreign)["code"]) == (400, "invalid_request")
    joined = both.post("/gradio_api/queue/join", json={}, headers={"Origin": "http://evil.example"})
    assert (joined.status_code, error_of(joined)["code"]) == (403, "access_denied")
