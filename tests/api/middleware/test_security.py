"""Who may ask: Host, Origin and key, and the headers of every reply."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from carrel.api.middleware.security import SECURITY_HEADERS, AccessRules, host_name, key_of
from carrel.core.runtime.loopback import is_loopback
from carrel.settings.schema import ServerSettings
from error_bodies import error_of
from running.live_server import LiveServer

KEY = "korrekt-häst-batteri"


def scope(
    method: str = "GET",
    path: str = "/v1/models",
    server: tuple[str, int] = ("127.0.0.1", 7860),
    **headers: str,
) -> dict[str, Any]:
    """Return the scope of a request; ``host`` is this machine unless given."""
    named = {"host": "127.0.0.1:7860", **headers}
    raw = [(name.encode(), value.encode()) for name, value in named.items()]
    return {"type": "http", "method": method, "path": path, "server": server, "headers": raw}


def status(settings: ServerSettings, request: dict[str, Any]) -> int:
    """Return the status of the refusal, 200 for none."""
    refusal = AccessRules.of(settings).refusal(request)
    return refusal.status if refusal else 200


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("127.0.0.1:7860", True),
        ("localhost", True),
        ("LOCALHOST:7860", True),
        ("localhost.:7860", True),
        ("127.0.0.2", True),
        ("[::1]:7860", True),
        ("reading-room.example:7860", True),
        ("evil.example", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("localhost@evil.example", False),
        ("evil.example#localhost", False),
        ("localhost/..", False),
        ("localhost:port", False),
        ("192.168.1.5:7860", False),
        ("", False),
        ("[", False),
    ],
)
def test_only_known_host_names_are_answered(host: str, allowed: bool) -> None:
    settings = ServerSettings(allowed_hosts=("Reading-Room.example",))
    assert status(settings, scope(host=host)) == (200 if allowed else 400)


def test_a_request_without_or_with_two_hosts_is_refused() -> None:
    request = scope()
    assert status(ServerSettings(), {**request, "headers": []}) == 400
    assert status(ServerSettings(), {**request, "headers": request["headers"] * 2}) == 400


def test_a_server_on_every_address_is_called_by_the_one_that_was_dialed() -> None:
    settings = ServerSettings(host="0.0.0.0")
    dialed = ("192.168.1.5", 7860)
    assert status(settings, scope(host="192.168.1.5:7860", server=dialed)) == 200
    assert status(settings, scope(host="192.168.1.6:7860", server=dialed)) == 400


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("http://127.0.0.1:7860", True),
        ("https://127.0.0.1:7860", True),
        ("https://carrel.example", True),
        ("null", False),
        ("http://127.0.0.1:3000", False),
        ("http://evil.example", False),
        ("http://127.0.0.1:7860.evil.example", False),
        ("", False),
    ],
)
@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT", "PATCH"])
def test_pages_of_other_sites_change_nothing(method: str, origin: str, allowed: bool) -> None:
    settings = ServerSettings(allowed_hosts=("carrel.example",))
    assert status(settings, scope(method, origin=origin)) == (200 if allowed else 403)


def test_a_foreign_page_is_not_refused_what_it_cannot_read_anyway() -> None:
    assert status(ServerSettings(), scope("GET", origin="http://evil.example")) == 200


@pytest.mark.parametrize(
    ("authorization", "allowed"),
    [
        (f"Bearer {KEY}", True),
        (f"bearer  {KEY} ", True),
        (f"Basic {KEY}", False),
        (f"Bearer {KEY}x", False),
        (f"Bearer {KEY[:-1]}", False),
        ("Bearer", False),
        ("", False),
    ],
)
def test_the_key_is_compared_whole(authorization: str, allowed: bool) -> None:
    settings = ServerSettings.model_validate({"api_key": KEY})
    assert status(settings, scope(authorization=authorization)) == (200 if allowed else 401)


@pytest.mark.parametrize(
    ("path", "guarded"),
    [
        ("/v1/models", True),
        ("/v1", True),
        ("/v1/nothing", True),
        ("/metrics", True),
        ("/openapi.json", True),
        ("/health", False),
        ("/", False),
        ("/v1x", False),
    ],
)
def test_the_whole_api_asks_for_the_key(path: str, guarded: bool) -> None:
    settings = ServerSettings.model_validate({"api_key": KEY})
    assert status(settings, scope(path=path)) == (401 if guarded else 200)


def test_an_empty_key_is_no_key() -> None:
    assert key_of(ServerSettings.model_validate({"api_key": ""})) is None
    assert key_of(ServerSettings()) is None


@pytest.mark.parametrize(
    ("host", "name"), [("A.B:1", "a.b"), ("[::1]", "::1"), ("x@y", None), ("a b", None), ("", None)]
)
def test_a_host_header_is_parsed_strictly(host: str, name: str | None) -> None:
    assert host_name(host) == name


def test_loopback_is_recognized_without_asking_a_name_server() -> None:
    assert [is_loopback(each) for each in ("localhost", "127.9.9.9", "::1")] == [True] * 3
    assert [is_loopback(each) for each in ("0.0.0.0", "::", "10.0.0.1", "example")] == [False] * 4


def test_refusals_come_through_the_server_in_the_shape_of_errors(http: httpx.Client) -> None:
    foreign = http.get("/v1/models", headers={"Host": "evil.example"})
    assert (foreign.status_code, error_of(foreign)["code"]) == (400, "invalid_request")
    made = http.post("/v1/collections", json={"name": "x"}, headers={"Origin": "null"})
    assert (made.status_code, error_of(made)["code"]) == (403, "access_denied")
    names = [each["name"] for each in http.get("/v1/collections").json()["collections"]]
    assert "x" not in names


def test_a_server_with_a_key_answers_only_with_it(start: Callable[..., LiveServer]) -> None:
    live = start(api_key=KEY)
    with live.client() as http:
        refused = http.get("/v1/models")
        assert (refused.status_code, error_of(refused)["code"]) == (401, "invalid_api_key")
        assert refused.headers["WWW-Authenticate"] == "Bearer"
        assert KEY not in refused.text
        assert http.get("/metrics").status_code == 401
        assert http.get("/v1/nothing").status_code == 401
        assert http.get("/health").status_code == 200
        unread = http.post(
            "/v1/collections/UserData/documents", files={"files": ("a.txt", b"x" * 1_000_000)}
        )
        assert unread.status_code == 401
    with live.client({"Authorization": f"Bearer {KEY}".encode()}) as http:  # type: ignore[dict-item]
        assert http.get("/v1/models").status_code == 200
        assert http.get("/metrics").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/health", {}),
        ("GET", "/v1/models", {"Origin": "http://evil.example"}),
        ("GET", "/v1/nothing", {}),
        ("OPTIONS", "/v1/models", {"Origin": "http://evil.example"}),
        ("GET", "/v1/models", {"Host": "evil.example"}),
        ("GET", "/nothing-here", {}),
    ],
)
def test_every_reply_has_the_security_headers_and_opens_nothing_to_other_sites(
    http: httpx.Client, method: str, path: str, headers: dict[str, str]
) -> None:
    reply = http.request(method, path, headers=headers)
    for name, value in SECURITY_HEADERS.items():
        assert reply.headers[name] == value
    assert not [name for name in reply.headers if name.lower().startswith("access-control-")]
    assert "server" not in reply.headers
