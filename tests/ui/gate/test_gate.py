"""The gate before Gradio's application, with an application behind it that tells what it got."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from carrel.ui.gate.gate import COOKIE, Gate
from carrel.ui.gate.page_uploads import KEPT_SECONDS, PageUploads

JOIN = "/gradio_api/queue/join"
UPLOAD = "/gradio_api/upload"


async def _reported(request: Request) -> JSONResponse:
    body = await request.body()
    return JSONResponse({"query": request.url.query, "body": json.loads(body) if body else None})


class Clock:
    """Seconds that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def uploads(tmp_path: Path, clock: Clock) -> PageUploads:
    made = PageUploads(tmp_path / "uploads", 1000, clock)
    made.clear()
    return made


@pytest.fixture
def visitor(uploads: PageUploads) -> Iterator[Callable[[], TestClient]]:
    """Return a function that makes a client with cookies of its own."""
    inside = Starlette(routes=[Route("/{rest:path}", _reported, methods=["GET", "POST"])])
    with ExitStack() as clients:

        def make() -> TestClient:
            return clients.enter_context(TestClient(Gate(inside, uploads), "http://localhost"))

        yield make


def upload(client: TestClient, *files: tuple[str, bytes]) -> list[str]:
    """Upload files and return their paths."""
    reply = client.post(UPLOAD, files=[("files", each) for each in files])
    assert reply.status_code == 200, reply.text
    paths: list[str] = reply.json()
    return paths


def join(client: TestClient, path: str, session: str = "s") -> Any:
    """Send an event with a file."""
    file = {"path": path, "meta": {"_type": "gradio.FileData"}}
    return client.post(JOIN, json={"data": [[file]], "session_hash": session})


def test_an_upload_is_its_senders_alone(
    visitor: Callable[[], TestClient], uploads: PageUploads
) -> None:
    mine, other = visitor(), visitor()
    mine.get("/")
    other.get("/")
    assert mine.cookies[COOKIE] != other.cookies[COOKIE]
    [path] = upload(mine, ("a.txt", b"same"))
    assert join(other, path).status_code == 400
    passed = join(mine, path)
    assert passed.status_code == 200
    assert passed.json()["body"]["data"][0][0]["path"] == path
    # The first session that named it keeps it.
    assert join(mine, path, "another").status_code == 400
    assert join(mine, path).status_code == 200


def test_a_login_of_another_owns_nothing_of_it(visitor: Callable[[], TestClient]) -> None:
    client = visitor()
    client.get("/")
    client.cookies.set("carrel-key", "one")
    [path] = upload(client, ("a.txt", b"x"))
    client.cookies.set("carrel-key", "two")
    assert join(client, path).status_code == 400
    client.cookies.set("carrel-key", "one")
    assert join(client, path).status_code == 200


def test_who_never_opened_the_page_gets_the_cookie_with_the_upload(
    visitor: Callable[[], TestClient],
) -> None:
    client, stranger = visitor(), visitor()
    [path] = upload(client, ("a.txt", b"x"))
    assert join(stranger, path).status_code == 400
    assert join(client, path).status_code == 200


def test_a_cookie_that_is_not_ours_is_replaced(visitor: Callable[[], TestClient]) -> None:
    client = visitor()
    reply = client.get("/", headers={"Cookie": f"{COOKIE}=guess"})
    assert COOKIE in reply.cookies
    assert "HttpOnly; SameSite=Lax" in reply.headers["set-cookie"]
    assert COOKIE not in client.get("/").cookies


def test_the_same_bytes_are_two_files(visitor: Callable[[], TestClient]) -> None:
    first, second = visitor(), visitor()
    paths = [
        *upload(first, ("a.txt", b"same"), ("a.txt", b"same")),
        *upload(second, ("a.txt", b"same")),
    ]
    assert len(set(paths)) == 3
    Path(paths[0]).unlink()
    assert [Path(each).read_bytes() for each in paths[1:]] == [b"same", b"same"]


@pytest.mark.parametrize("name", ["..", ".", "/", "../../x.txt", "a\\b", "x" * 300, "", "\0"])
def test_a_file_stays_in_its_folder_whatever_its_name(
    visitor: Callable[[], TestClient], tmp_path: Path, name: str
) -> None:
    body = (
        f'--b\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
        "words\r\n--b--\r\n"
    )
    reply = visitor().post(
        UPLOAD,
        content=body.encode(),
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    )
    assert reply.status_code == 200
    for path in map(Path, reply.json()):
        assert path.parent.parent.parent == tmp_path / "uploads"
        assert path.read_bytes() == b"words"


def test_links_are_no_uploads(visitor: Callable[[], TestClient], tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    client = visitor()
    [path] = upload(client, ("a.txt", b"x"))
    beside = Path(path).with_name("b.txt")
    beside.symlink_to(secret)
    assert join(client, str(beside)).status_code == 400
    Path(path).unlink()
    Path(path).symlink_to(secret)
    assert join(client, path).status_code == 400


def test_a_file_that_was_taken_is_refused_the_second_time(
    visitor: Callable[[], TestClient],
) -> None:
    client = visitor()
    [path] = upload(client, ("a.txt", b"x"))
    Path(path).unlink()
    reply = join(client, path)
    assert reply.status_code == 400
    assert "upload it to this page again" in reply.json()["detail"]


def test_what_nobody_takes_goes_after_a_day(
    visitor: Callable[[], TestClient], uploads: PageUploads, tmp_path: Path, clock: Clock
) -> None:
    client = visitor()
    [old] = upload(client, ("a.txt", b"x"))
    clock.now = KEPT_SECONDS / 2
    [young] = upload(client, ("a.txt", b"x"))
    clock.now = KEPT_SECONDS + 1
    uploads.forget()
    assert [str(each) for each in (tmp_path / "uploads").glob("*/*/*")] == [young]
    assert len(list((tmp_path / "uploads").iterdir())) == 1
    assert join(client, old).status_code == 400
    assert join(client, young).status_code == 200


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"x", "text/plain", 400),
        (b"x", "multipart/form-data", 400),
        (b"no parts", "multipart/form-data; boundary=b", 400),
        (
            b'--b\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n'
            + b"x" * 1001
            + b"\r\n--b--\r\n",
            "multipart/form-data; boundary=b",
            413,
        ),
    ],
)
def test_an_upload_that_fails_leaves_nothing(
    visitor: Callable[[], TestClient], tmp_path: Path, content: bytes, kind: str, status: int
) -> None:
    reply = visitor().post(UPLOAD, content=content, headers={"Content-Type": kind})
    assert reply.status_code == status, reply.text
    assert list((tmp_path / "uploads").iterdir()) == []


def test_a_part_by_another_name_is_not_kept(
    visitor: Callable[[], TestClient], tmp_path: Path
) -> None:
    reply = visitor().post(UPLOAD, files={"other": ("a.txt", b"x")}, data={"files": "a text"})
    assert reply.json() == []
    assert list((tmp_path / "uploads").iterdir()) == []


def test_the_progress_of_an_upload_is_its_senders_alone(
    visitor: Callable[[], TestClient],
) -> None:
    asked = {"upload_id": "abc"}
    mine, other = visitor(), visitor()
    for client in (mine, other):
        client.get("/")
    first = mine.get("/gradio_api/upload_progress", params=asked).json()["query"]
    assert first.endswith("abc") and first != "upload_id=abc"
    assert first != other.get("/gradio_api/upload_progress", params=asked).json()["query"]


def test_a_path_below_a_root_is_the_same(uploads: PageUploads) -> None:
    inside = Starlette(routes=[Route("/{rest:path}", _reported, methods=["GET", "POST"])])
    with TestClient(Gate(inside, uploads), "http://localhost", root_path="/carrel") as client:
        assert client.get("/carrel/config").status_code == 200
        assert client.get("/carrel/gradio_api/file=/etc/passwd").status_code == 404
