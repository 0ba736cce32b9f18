"""The store on a Chroma server: whose collections are whose, and what goes wrong on the way."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from carrel.core.documents import Chunk
from carrel.core.errors import CarrelError, InvalidSetting, OfflineRefused, RemoteUnavailable
from carrel.index.chroma import chroma_http
from carrel.index.chroma.chroma_server import ChromaServerIndex
from carrel.index.chroma.server_namespace import mark_outdated
from stand_ins.chroma_process import ChromaProcess
from stand_ins.foreign_processes import closed_port
from stand_ins.http_server import behind_a_token, http_stand_in

COLLECTION = "c0123456789abcdef"
OTHER = "cfedcba9876543210"
NORTH, EAST = [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]

Opener = Callable[[str], ChromaServerIndex]


def store(url: str, folder: Path, token: str | None = None) -> ChromaServerIndex:
    return ChromaServerIndex(url, token, folder, offline=True)


@pytest.fixture
def open_folder(chroma_server: ChromaProcess, tmp_path: Path) -> Iterator[Opener]:
    """Return a function that opens the store of a data folder at the server of all tests."""
    opened: list[ChromaServerIndex] = []

    def open_(name: str) -> ChromaServerIndex:
        opened.append(store(chroma_server.url, tmp_path / name))
        return opened[-1]

    yield open_
    for each in opened:
        each.close()


def add(index: ChromaServerIndex, collection: str, document: str, vector: list[float]) -> None:
    index.add(collection, [Chunk(f"{document}-0", document, 0, "text")], [vector])


def test_data_folders_do_not_see_each_others_collections(open_folder: Opener) -> None:
    one, two = open_folder("one"), open_folder("two")
    add(one, COLLECTION, "a", NORTH)
    assert two.count(COLLECTION) == 0
    assert two.document_ids(COLLECTION) == set()
    # Of another embedder, whose vectors have another length.
    add(two, COLLECTION, "b", [1.0, 0.0])
    assert one.search(COLLECTION, NORTH, 5)[0][0] == "a-0"
    assert two.search(COLLECTION, [1.0, 0.0], 5)[0][0] == "b-0"
    two.delete_documents(COLLECTION, ["a", "b"])
    two.delete_collection(COLLECTION)
    assert one.document_ids(COLLECTION) == {"a"}


def test_what_another_embedder_made_goes_when_the_folder_is_opened_and_nothing_else(
    open_folder: Opener, chroma_server: ChromaProcess, tmp_path: Path
) -> None:
    others = open_folder("others")
    add(others, COLLECTION, "a", NORTH)
    before = chroma_server.collections()
    index = open_folder("own")
    add(index, COLLECTION, "a", NORTH)
    add(index, OTHER, "b", EAST)
    mark_outdated(tmp_path / "own")
    again = open_folder("own")
    assert chroma_server.collections() == before
    assert again.count(COLLECTION) == 0
    add(again, COLLECTION, "a", [1.0, 0.0])
    assert open_folder("own").count(COLLECTION) == 1, "once only"
    assert others.count(COLLECTION) == 1


def test_a_folder_without_a_store_is_not_made_to_be_marked(tmp_path: Path) -> None:
    mark_outdated(tmp_path / "never")
    assert not (tmp_path / "never").exists()


@pytest.mark.parametrize("written", ["", "carrel-../../x", "carrel-0123"])
def test_a_name_that_was_not_written_whole_is_made_again(
    open_folder: Opener, tmp_path: Path, written: str
) -> None:
    add(open_folder("one"), COLLECTION, "a", NORTH)
    (tmp_path / "one" / "namespace").write_text(written)
    index = open_folder("one")
    assert index.count(COLLECTION) == 0
    add(index, COLLECTION, "a", NORTH)
    assert open_folder("one").count(COLLECTION) == 1


def test_a_collection_without_vectors_leaves_the_server(
    open_folder: Opener, chroma_server: ChromaProcess
) -> None:
    before = chroma_server.collections()
    index = open_folder("one")
    add(index, COLLECTION, "a", NORTH)
    add(index, COLLECTION, "b", EAST)
    index.delete_documents(COLLECTION, ["a"])
    assert len(chroma_server.collections()) == len(before) + 1
    index.delete_documents(COLLECTION, ["b"])
    assert chroma_server.collections() == before
    add(index, COLLECTION, "c", [1.0, 0.0])
    assert index.count(COLLECTION) == 1


def test_a_server_that_goes_away_and_comes_back_loses_nothing(tmp_path: Path) -> None:
    server = ChromaProcess(tmp_path)
    with server.running(), closing(store(server.url, tmp_path / "vectors")) as index:
        add(index, COLLECTION, "a", NORTH)
        server.stop()
        with pytest.raises(RemoteUnavailable, match="does not answer") as refused:
            add(index, COLLECTION, "b", EAST)
        assert server.url in str(refused.value)
        assert "\n" not in str(refused.value)
        with pytest.raises(RemoteUnavailable):
            index.search(COLLECTION, NORTH, 1)
        with pytest.raises(RemoteUnavailable):
            index.delete_documents(COLLECTION, ["a"])
        server.start()
        add(index, COLLECTION, "b", EAST)
        assert index.document_ids(COLLECTION) == {"a", "b"}
        assert index.search(COLLECTION, NORTH, 1)[0][0] == "a-0"


def test_a_server_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chroma_http, "TIMEOUTS", httpx.Timeout(0.2))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(RemoteUnavailable, match="timed out"):
            store(url, tmp_path)


def test_nobody_listens(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{closed_port()}"
    with pytest.raises(RemoteUnavailable, match="is it running") as refused:
        store(url, tmp_path)
    assert url in str(refused.value)


@pytest.mark.parametrize(
    ("status", "content", "says"),
    [
        (200, b"<html>Welcome</html>", "no Chroma server of version 1 .*no JSON"),
        (200, b"[]", "no Chroma server of version 1"),
        (200, b'{"max_batch_size": "many"}', "no Chroma server of version 1"),
        (301, b"", "HTTP 301"),
        (404, b'{"detail": "Not Found"}', "no Chroma server of version 1 .*HTTP 404"),
        (403, b"{}", "refuses the token: set db_token"),
        (502, b"<html>Bad\nGateway</html>", "failed: HTTP 502"),
        (500, b'{"error": "InternalError", "message": "disk\\nfull"}', r"HTTP 500 \(disk full\)"),
    ],
)
def test_another_server_or_one_that_fails_is_one_clear_line(
    tmp_path: Path, status: int, content: bytes, says: str
) -> None:
    with http_stand_in(lambda *_: (status, content)) as url:
        with pytest.raises(RemoteUnavailable, match=says) as refused:
            store(url, tmp_path)
        assert url in str(refused.value)
        assert "\n" not in str(refused.value)


def test_the_token_opens_a_server_that_wants_one(
    chroma_server: ChromaProcess, tmp_path: Path
) -> None:
    with http_stand_in(behind_a_token(chroma_server.url, "open sesame")) as url:
        with closing(store(url, tmp_path, "open sesame")) as index:
            add(index, COLLECTION, "a", NORTH)
            assert index.search(COLLECTION, NORTH, 1)[0][0] == "a-0"
        for wrong in ("guessed", None):
            with pytest.raises(RemoteUnavailable, match="set db_token") as refused:
                store(url, tmp_path, wrong)
            assert "guessed" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "kind", "says"),
    [
        ("", InvalidSetting, "http://HOST:PORT"),
        ("127.0.0.1:8000", InvalidSetting, "http://HOST:PORT"),
        ("ftp://127.0.0.1:8000", InvalidSetting, "http://HOST:PORT"),
        ("http://127.0.0.1:99999", InvalidSetting, "http://HOST:PORT"),
        ("http://[::1", InvalidSetting, "http://HOST:PORT"),
        ("http://me:hidden@127.0.0.1:8000", InvalidSetting, "db_token"),
        ("http://me:hidden@[::1", InvalidSetting, "db_token"),
        ("http://127.0.0.1:8000?token=hidden", InvalidSetting, "db_token"),
        ("http://192.0.2.1:8000", OfflineRefused, "--offline"),
        ("http://chroma:8000", OfflineRefused, "--offline"),
        ("http://127.0.0.1.example.com:8000", OfflineRefused, "--offline"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_before_anything_connects(
    tmp_path: Path, url: str, kind: type[CarrelError], says: str
) -> None:
    with pytest.raises(kind, match=says) as refused:
        store(url, tmp_path / "vectors")
    assert "hidden" not in str(refused.value)
    assert not (tmp_path / "vectors").exists()


@pytest.mark.parametrize("token", ["two\nlines", "schlüssel"])
def test_a_token_that_no_header_can_hold_is_refused(tmp_path: Path, token: str) -> None:
    with pytest.raises(InvalidSetting, match="db_token") as refused:
        store(f"http://127.0.0.1:{closed_port()}", tmp_path, token)
    assert token not in str(refused.value)


def test_a_proxy_in_the_environment_is_not_asked_for_this_machine(
    open_folder: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")
    assert open_folder("one").count(COLLECTION) == 0


def test_a_path_in_the_address_stays(chroma_server: ChromaProcess, tmp_path: Path) -> None:
    seen: list[str] = []

    def respond(method: str, path: str, headers: object, body: bytes) -> tuple[int, bytes]:
        seen.append(path)
        answer = httpx.get(chroma_server.url + path.removeprefix("/store"), trust_env=False)
        return answer.status_code, answer.content

    with http_stand_in(respond) as url, closing(store(f"{url}/store/", tmp_path)) as index:
        assert index.count(COLLECTION) == 0
    assert all(path.startswith("/store/api/v2/") for path in seen)
