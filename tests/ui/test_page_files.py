"""Files of the server stay where they are, whatever the events of the page are sent."""

from __future__ import annotations

import http.client
import json
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from running.live_server import LiveServer, live_server, settings_in

META = {"_type": "gradio.FileData"}
ROUTES = ("queue/join", "run/predict", "call/{}", "call/v2/{}", "api/{}", "run/{}")


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server with a page."""
    with live_server(settings_in(tmp_path_factory.mktemp("page")), with_page=True) as server:
        yield server


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[LiveServer]:
    """One that asks for a key."""
    with live_server(settings_in(tmp_path, api_key="sesame"), with_page=True) as server:
        yield server


@pytest.fixture
def client(live: LiveServer) -> Iterator[httpx.Client]:
    with live.client() as client:
        yield client


@pytest.fixture
def secret(tmp_path: Path) -> Iterator[Path]:
    """A file of the server, which must be the same after the test."""
    path = tmp_path / "secret.txt"
    path.write_text("the numbat is secret")
    before = path.stat()
    yield path
    after = path.stat()
    assert path.read_text() == "the numbat is secret"
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


class FileEvents:
    """All events of the page that take a file."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        config = client.get("/config").json()
        kinds = {each["id"]: each["type"] for each in config["components"]}
        self.events = [
            (each, [kinds[id] for id in each["inputs"]])
            for each in config["dependencies"]
            if "file" in (kinds[id] for id in each["inputs"])
        ]
        self._sessions = count()

    def send(self, route: str, number: int, file: dict[str, Any]) -> httpx.Response:
        """Send a file to an event by one of the routes; to queue/join, also wait for the end."""
        event, kinds = self.events[number]
        data = [{"file": [file], "dropdown": "UserData"}.get(kind) for kind in kinds]
        session = f"files-{number}-{next(self._sessions)}-{id(self)}"
        sent = {
            "data": data,
            "fn_index": event["id"],
            "session_hash": session,
            "trigger_id": event["targets"][0][0],
        }
        reply = self._client.post(f"/gradio_api/{route.format(event['api_name'])}", json=sent)
        if route == "queue/join" and reply.is_success:
            self._wait(session)
        return reply

    def _wait(self, session: str) -> None:
        asked = {"session_hash": session}
        with self._client.stream("GET", "/gradio_api/queue/data", params=asked) as lines:
            for line in lines.iter_lines():
                if '"process_completed"' in line:
                    assert json.loads(line.removeprefix("data:"))["success"], line
                    return
        raise AssertionError("the event did not end")


def names(client: httpx.Client) -> list[str]:
    """Return the documents of the collection that events go into."""
    listed = client.get("/v1/collections/UserData/documents").json()["documents"]
    return sorted(each["name"] for each in listed)


def upload(client: httpx.Client, name: str, content: bytes) -> str:
    """Upload a file as the page does, and return its path."""
    reply = client.post("/gradio_api/upload", files={"files": (name, content)})
    assert reply.status_code == 200, reply.text
    return str(reply.json()[0])


def hostile(path: str, secret: Path) -> dict[str, dict[str, Any]]:
    """Return files that no event may take, beside the path of a good one."""
    link = secret.with_name("link.txt")
    link.symlink_to(secret)
    return {
        "foreign": {"path": str(secret)},
        "foreign stream": {"path": str(secret), "is_stream": True},
        "climbing": {"path": f"{Path(path).parent}/../../../../../../../../{secret}"},
        "link": {"path": str(link)},
        "address": {"path": "http://127.0.0.1:9/secret.txt"},
        "file address": {"path": f"file://{secret}"},
        "with an address": {"path": path, "url": "http://127.0.0.1:9/secret.txt"},
        "with a foreign path as address": {"path": path, "url": f"/gradio_api/file={secret}"},
        "stream": {"path": path, "is_stream": True},
        "no text": {"path": [path]},
        "catalog": {"path": str(Path(path).parents[3] / "catalog.db")},
        "relative": {"path": "pyproject.toml"},
    }


@pytest.mark.parametrize("route", ROUTES)
def test_no_event_takes_a_file_that_was_not_uploaded(
    client: httpx.Client, secret: Path, route: str
) -> None:
    events = FileEvents(client)
    assert {event["api_name"] for event, _ in events.events} == {"ingest", "add"}
    before = names(client)
    path = upload(client, "own.txt", b"an upload of this session")
    for what, file in hostile(path, secret).items():
        for number in range(len(events.events)):
            reply = events.send(route, number, {"orig_name": "x.txt", "meta": META, **file})
            assert 400 <= reply.status_code < 500, (what, reply.status_code, reply.text)
            assert "detail" in reply.json()
            reply = events.send(route, number, {"orig_name": "x.txt", **file})
            assert 400 <= reply.status_code < 500, (what, "without meta", reply.status_code)
        secret.with_name("link.txt").unlink(missing_ok=True)
        secret.with_name("link.txt").symlink_to(secret)
    assert names(client) == before
    assert Path(path).read_bytes() == b"an upload of this session"


def test_each_event_takes_what_its_session_uploaded(client: httpx.Client) -> None:
    events = FileEvents(client)
    for number in range(len(events.events)):
        path = upload(client, f"mine-{number}.txt", f"Pier {number} is open.".encode())
        file = {"path": path, "orig_name": f"mine-{number}.txt", "meta": META}
        assert events.send("queue/join", number, file).is_success
        assert f"mine-{number}.txt" in names(client)
        assert not Path(path).exists()
        assert events.send("queue/join", number, file).status_code == 400


def test_a_session_has_no_part_in_the_upload_of_another(
    live: LiveServer, client: httpx.Client
) -> None:
    path = upload(client, "private.txt", b"for one session alone")
    file = {"path": path, "orig_name": "private.txt", "meta": META}
    with live.client() as other:
        events = FileEvents(other)
        for number in range(len(events.events)):
            for route in ROUTES:
                assert 400 <= events.send(route, number, file).status_code < 500
        assert "private.txt" not in names(other)
        for prefix in ("/file=", "/gradio_api/file=", "/gradio_api/file/", "/original?document="):
            for who in (client, other):
                reply = who.get(f"{prefix}{path}")
                assert reply.status_code == 404
                assert "for one session alone" not in reply.text
    assert FileEvents(client).send("queue/join", 0, file).is_success
    assert "private.txt" in names(client)


def test_two_sessions_send_the_same_bytes_at_once(live: LiveServer) -> None:
    with live.client() as first, live.client() as second:
        paths = [upload(each, "twin.txt", b"The same bytes twice.") for each in (first, second)]
        assert paths[0] != paths[1]
        for each, path in zip((first, second), paths, strict=True):
            file = {"path": path, "orig_name": "twin.txt", "meta": META}
            assert FileEvents(each).send("queue/join", 0, file).is_success
            assert not Path(path).exists()


@pytest.fixture
def lookups() -> Iterator[list[str]]:
    """The hosts beyond this machine that are looked up or connected to during the test."""
    found: list[str] = []
    watching = True

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if not watching:
            return
        if event in ("socket.getaddrinfo", "socket.gethostbyname"):
            host = arguments[0]
        elif event in ("socket.connect", "socket.sendto"):
            host = arguments[1][0] if isinstance(arguments[1], tuple) else None
        else:
            return
        if host not in (None, "localhost", "127.0.0.1", b"127.0.0.1"):
            found.append(f"{event} {host}")

    # It cannot be taken away again.
    sys.addaudithook(watch)
    yield found
    watching = False


def test_no_host_is_looked_up_that_a_client_names(client: httpx.Client, lookups: list[str]) -> None:
    address = "http://files.carrel-test.invalid/a.txt"
    for route in ("file=", "file/", "proxy="):
        client.get(f"/gradio_api/{route}{address}")
    for path, url in ((address, None), ("a.txt", address), (address, address)):
        file = {"path": path, "url": url, "meta": META}
        for event in client.get("/config").json()["dependencies"]:
            sent = {
                "data": [file for _ in event["inputs"]],
                "event_data": file,
                "fn_index": event["id"],
                "session_hash": "lookups",
                "trigger_id": None,
            }
            for route in ("queue/join", "run/predict"):
                assert client.post(f"/gradio_api/{route}", json=sent).status_code == 400
    assert lookups == []


def test_a_call_of_a_public_endpoint_takes_no_foreign_file(
    client: httpx.Client, secret: Path
) -> None:
    call = "/gradio_api/call/submit_nochat_api"
    for data in ({"path": str(secret)}, {"path": "http://127.0.0.1:9/", "meta": META}):
        reply = client.post(call, json={"data": [data]})
        assert (reply.status_code, list(reply.json())) == (400, ["detail"])
    begun = client.post(call, json={"data": ["{'instruction': 'Why?'}"]}).json()["event_id"]
    assert "event: complete" in client.get(f"{call}/{begun}").text


CLOSED = [
    *(("GET", f"/gradio_api/{each}") for each in (
        "file=/etc/passwd", "file=http://127.0.0.1:9/", "file/etc/passwd", "proxy=http://127.0.0.1:9/",
        "stream/a/b/1/playlist.m3u8", "stream/a/b/1/playlist-file", "stream/a/b/1/x.ts",
        "custom_component/a/client/component/index.js", "call/ingest/abc", "call/v2/ingest/abc",
        "queue/status", "startup-events", "dev/reload", "deep_link?session_hash=a", "runs",
        "run-history/buckets", "openapi.json", "token", "user", "login_check", "vibe-code",
        "profiling/traces", "theme.css", "mcp", "mcp/sse",
    )),
    *(("POST", f"/gradio_api/{each}") for each in (
        "component_server", "component_server/", "stream/abc", "stream/abc/close",
        "process_recording", "vibe-edit", "undo-vibe-edit", "vibe-code",
        "vibe-starter-queries", "run-history/connect",
        "call/ingest", "call/add", "call/v2/submit_nochat_api", "api/predict",
        "run/submit_nochat_api", "profiling/clear", "queue/join/", "upload/",
    )),
    *(("GET", each) for each in (
        "/file=/etc/passwd", "/file/etc/passwd", "/monitoring", "/monitoring/summary",
        "/monitoring/x", "/logout", "/svelte/x.js", "/docs", "/redoc", "/robots.txt",
        "/pwa_icon/192", "/runs",
        "/gradio_api", "//etc/passwd", "/proxy=http://127.0.0.1:9/",
    )),
    ("POST", "/login"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_what_the_page_does_not_use_is_not_there(
    client: httpx.Client, method: str, path: str
) -> None:
    reply = client.request(method, path, json={} if method == "POST" else None)
    assert reply.status_code == 404
    assert "content-security-policy" in reply.headers


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../../../../../../../../etc/passwd",
        "/assets/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/static/..%2f..%2f..%2f..%2f..%2f..%2f..%2fetc/passwd",
        "/static//etc/passwd",
        "/assets/%2fetc%2fpasswd",
        "/static/..\\..\\..\\etc\\passwd",
        "/gradio_api/heartbeat/../file=/etc/passwd",
    ],
)
def test_the_pages_own_files_are_all_that_lies_below_their_folders(
    live: LiveServer, path: str
) -> None:
    # Sent unchanged: httpx would shorten them.
    connection = http.client.HTTPConnection(live.address.removeprefix("http://"))
    try:
        connection.request("GET", path)
        reply = connection.getresponse()
        assert 400 <= reply.status < 500
        assert b"root:" not in reply.read()
    finally:
        connection.close()


def test_another_method_is_refused(client: httpx.Client) -> None:
    reply = client.post("/config", json={})
    assert reply.status_code == 405
    assert reply.headers["allow"] == "GET, HEAD"
    assert client.get("/gradio_api/upload").status_code == 405


def test_a_wrong_event_gets_one_line_and_the_page_continues(client: httpx.Client) -> None:
    for content in (b"", b"no json", b"[]", b"[" * 100_000, b"\xff\xfe"):
        reply = client.post(
            "/gradio_api/queue/join", content=content, headers={"Content-Type": "application/json"}
        )
        assert reply.status_code == 400
        assert "\n" not in reply.json()["detail"]
    assert client.get("/config").status_code == 200


def test_with_a_key_an_upload_belongs_to_the_login(locked: LiveServer) -> None:
    with locked.client() as first, locked.client() as second:
        for each in (first, second):
            each.post("/login", data={"key": "sesame"})
            each.headers["Authorization"] = "Bearer sesame"
        path = upload(first, "a.txt", b"words of the first login")
        # Even with the page's cookie of the first one.
        second.cookies.set("carrel-page", first.cookies["carrel-page"])
        file = {"path": path, "orig_name": "a.txt", "meta": META}
        assert FileEvents(second).send("queue/join", 0, file).status_code == 400
        assert FileEvents(first).send("queue/join", 0, file).is_success
        assert names(first) == ["a.txt"]
