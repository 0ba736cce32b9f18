"""Every error of the framework, and everything that no route takes, has the one shape."""

from __future__ import annotations

import httpx
import pytest

from error_bodies import error_of


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "not_found"),
        ("POST", "/v1/nothing", 404, "not_found"),
        ("GET", "/v1", 404, "not_found"),
        ("GET", "/v1/", 404, "not_found"),
        ("GET", "/v1/models/", 404, "model_not_found"),
        ("GET", "/v1/collections/A/B/C/D", 404, "not_found"),
        ("GET", "/v1/collections/a%2Fb/documents", 404, "not_found"),
        ("POST", "/health", 405, "method_not_allowed"),
        ("DELETE", "/metrics", 405, "method_not_allowed"),
        ("POST", "/openapi.json", 405, "method_not_allowed"),
        ("GET", "/v1/chat/completions", 405, "method_not_allowed"),
        ("PUT", "/v1/collections/A/documents", 405, "method_not_allowed"),
        ("GET", "/v1/collections/Nowhere/documents", 404, "collection_not_found"),
        ("GET", "/v1/collections/UserData/documents/none", 404, "document_not_found"),
        ("POST", "/v1/collections/UserData/documents?wait=maybe", 400, "invalid_request"),
        ("GET", "/nothing-here", 404, "not_found"),
    ],
)
def test_the_frameworks_errors_have_the_one_shape(
    http: httpx.Client, method: str, path: str, status: int, code: str
) -> None:
    reply = http.request(method, path)
    assert reply.status_code == status
    assert error_of(reply)["code"] == code
    assert reply.headers["X-Request-Id"]


def test_a_wrong_method_gets_the_right_ones(http: httpx.Client) -> None:
    reply = http.put("/v1/collections/A/documents")
    assert set(reply.headers["Allow"].split(", ")) == {"GET", "POST"}


def test_a_body_sent_as_a_form_learns_what_to_send(http: httpx.Client) -> None:
    reply = http.post("/v1/chat/completions", data={"messages": "x"})
    assert reply.status_code == 400
    assert "application/json" in error_of(reply)["message"]


def test_what_has_to_be_left_out_is_reported_before_what_is_missing(http: httpx.Client) -> None:
    error = error_of(http.post("/v1/chat/completions", json={"store": True}))
    assert (error["code"], error["param"]) == ("unsupported_parameter", "store")
    error = error_of(http.post("/v1/chat/completions", json={"mesages": []}))
    assert (error["code"], error["param"]) == ("invalid_request", "mesages")
    assert error_of(http.post("/v1/chat/completions", json={}))["param"] == "messages"


def test_a_refused_value_is_not_repeated(http: httpx.Client) -> None:
    body = {"messages": [{"role": "user", "content": {"secret": "hunter2"}}]}
    reply = http.post("/v1/chat/completions", json=body)
    assert error_of(reply)["param"] == "messages.0.content"
    assert "hunter2" not in reply.text
