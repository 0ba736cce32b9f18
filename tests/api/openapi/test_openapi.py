"""The OpenAPI document, held against the running server."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from carrel.api.openapi.openapi_examples import EXAMPLES
from running.live_server import LiveServer, live_server, settings_in

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)
REQUESTS_OF_A_ROUTE = 12


@pytest.fixture
def document(http: httpx.Client) -> dict[str, Any]:
    reply = http.get("/openapi.json")
    assert reply.status_code == 200
    found: dict[str, Any] = reply.json()
    return found


def test_every_route_tells_its_replies_and_its_errors(document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            replies = operation["responses"]
            assert {"4XX", "5XX"} < replies.keys(), (method, path)
            assert "422" not in replies
            (first, *_) = [each for status, each in replies.items() if status.startswith("2")]
            assert first["content"] and all(each["schema"] for each in first["content"].values())


def test_every_body_can_be_sent_as_the_document_says(document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method in {"post", "patch"} and not path.endswith(("/cancel", "}/reingest")):
                assert operation["requestBody"]["content"], path


EXAMPLE_CASES = [
    pytest.param(method, path, body, id=f"{path} {name}")
    for (method, path), bodies in EXAMPLES.items()
    for name, body in bodies.items()
]


@pytest.mark.parametrize(("method", "path", "body"), EXAMPLE_CASES)
def test_every_example_is_answered(
    http: httpx.Client, method: str, path: str, body: dict[str, Any]
) -> None:
    name = f"examples {uuid.uuid4().hex}"
    assert http.post("/v1/collections", json={"name": name}).status_code == 201
    added = http.post(
        f"/v1/collections/{name}/documents",
        params={"wait": True},
        json={"name": "hours.txt", "text": "The reading room is open until 20:00 on Thursdays."},
    )
    assert added.status_code == 200
    if path == "/v1/collections":
        body = body | {"name": f"{body['name']} {uuid.uuid4().hex}"}
    if "documents" in body:
        body = body | {"documents": body["documents"] | {"collections": [name]}}
    if path.endswith("/reingest"):
        broken = {"files": ("broken.docx", b"nothing")}
        http.post(f"/v1/collections/{name}/documents", params={"wait": True}, files=broken)
    reply = http.request(method, path.format(name=name), json=body)
    assert reply.is_success, reply.text


def test_the_document_is_behind_the_key(start: Any) -> None:
    live = start(api_key="secret-of-the-test")
    with live.client() as stranger:
        assert stranger.get("/openapi.json").status_code == 401
    with live.client({"Authorization": "Bearer secret-of-the-test"}) as friend:
        assert friend.get("/openapi.json").status_code == 200


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server that may be changed: generated requests add and delete what they like."""
    with live_server(settings_in(tmp_path_factory.mktemp("changed"))) as running:
        yield running


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_generated_requests_get_documented_replies(
    changed: LiveServer, mode: GenerationMode
) -> None:
    """Valid or broken requests to every route: no failure of the server, nothing undocumented."""
    schema = schemathesis.openapi.from_url(f"{changed.address}/openapi.json")
    # It would load a model, and wait for what the network does not give here.
    schema = schema.exclude(path="/v1/models/load").exclude(path="/v1/models/unload")
    asked = 0
    for result in schema.get_all_operations():
        operation = result.ok()
        strategy = operation.as_strategy(generation_mode=mode)

        @settings(
            max_examples=REQUESTS_OF_A_ROUTE,
            phases=[Phase.generate],
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(strategy)
        def ask(case: schemathesis.Case) -> None:
            nonlocal asked
            asked += 1
            case.call_and_validate(base_url=changed.address, checks=list(CHECKS), timeout=60)

        # A route without parameters and body cannot be asked wrongly.
        with suppress(Unsatisfiable):
            ask()
    assert asked > 100
