"""Uploads, pasted text, listing, originals and deletion through a real server."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from error_bodies import checked, error_of
from running.live_server import LiveServer, live_server, settings_in
from samples.documents import write_encrypted_pdf, write_pdf
from waiting import wait_for

Parts = list[tuple[str, tuple[str, bytes]]]


def parts(**files: bytes) -> Parts:
    """Return the parts of an upload; ``__`` in a name means a dot."""
    return [("files", (name.replace("__", "."), data)) for name, data in files.items()]


def upload(http: httpx.Client, collection: str, files: Any, wait: bool = True) -> httpx.Response:
    query = "?wait=true" if wait else ""
    return http.post(f"/v1/collections/{quote(collection)}/documents{query}", files=files)


def listed(http: httpx.Client, collection: str) -> list[dict[str, Any]]:
    reply = http.get(f"/v1/collections/{quote(collection)}/documents")
    return list(reply.json()["documents"])


def incoming(live: LiveServer) -> list[Path]:
    """Return what lies where uploads arrive."""
    return list((live.services.settings.storage.db_dir / "incoming").iterdir())


def test_an_upload_that_waits_answers_with_the_documents(
    http: httpx.Client, collection: str
) -> None:
    reply = upload(http, collection, parts(a__txt=b"Alpha is here.", b__md=b"# Beta\n\nis there."))
    assert reply.status_code == 200, reply.text
    body = reply.json()
    assert [each["name"] for each in body["documents"]] == ["a.txt", "b.md"]
    first = body["documents"][0]
    assert set(first) == {
        "id", "name", "bytes", "pages", "chunks", "status", "reason", "added_at",
        "properties",
    }  # fmt: skip
    assert (first["bytes"], first["pages"], first["chunks"]) == (14, None, 1)
    assert (first["status"], first["reason"]) == ("ready", None)
    assert datetime.fromisoformat(first["added_at"]).tzinfo is not None
    assert body["failed"] == []
    assert [each["outcome"] for each in body["outcomes"]] == ["added", "added"]
    assert listed(http, collection) == body["documents"]


def test_pages_are_counted(http: httpx.Client, collection: str, tmp_path: Path) -> None:
    pdf = write_pdf(tmp_path / "two.pdf", ["One page.", "Another page."])
    body = upload(http, collection, parts(two__pdf=pdf.read_bytes())).json()
    assert body["documents"][0]["pages"] == 2


def test_a_broken_file_is_named_while_the_others_go_in(
    http: httpx.Client, collection: str, tmp_path: Path
) -> None:
    secret = write_encrypted_pdf(tmp_path / "secret.pdf", ["hidden"]).read_bytes()
    reply = upload(http, collection, parts(good__txt=b"Good.", secret__pdf=secret, empty__txt=b""))
    assert reply.status_code == 200
    body = reply.json()
    assert [each["name"] for each in body["documents"]] == ["good.txt"]
    failed = {each["name"]: each["code"] for each in body["failed"]}
    assert failed == {"secret.pdf": "encrypted_document", "empty.txt": "empty_document"}
    assert all(each["reason"] and "\n" not in each["reason"] for each in body["failed"])


@pytest.mark.parametrize(
    ("name", "data", "status", "code"),
    [
        ("broken.pdf", b"%PDF-1.7 and then nothing", 422, "unreadable_document"),
        ("film.mov", b"\0" * 100, 422, "unsupported_format"),
        ("empty.txt", b"", 422, "empty_document"),
        ("long.txt", b"x" * 10_001, 413, "document_too_large"),
    ],
)
def test_one_file_that_cannot_be_read_is_an_error(
    http: httpx.Client, collection: str, name: str, data: bytes, status: int, code: str
) -> None:
    reply = upload(http, collection, [("files", (name, data))])
    assert reply.status_code == status
    error = error_of(reply)
    assert error["code"] == code
    assert name in error["message"]
    (outcome,) = reply.json()["outcomes"]
    assert (outcome["outcome"], outcome["code"]) == ("failed", code)


def test_when_no_file_of_several_can_be_read_each_is_named(
    http: httpx.Client, collection: str
) -> None:
    reply = upload(http, collection, parts(a__txt=b"", b__txt=b"x" * 10_001))
    assert reply.status_code == 422
    assert error_of(reply)["code"] == "unreadable_document"
    assert {each["name"] for each in reply.json()["failed"]} == {"a.txt", "b.txt"}


def test_a_file_over_the_limit_leaves_the_others_alone(http: httpx.Client, collection: str) -> None:
    files = parts(huge__txt=b"x" * 3_000_000, small__txt=b"Small.", limit__txt=b"y " * 5000)
    body = upload(http, collection, files).json()
    assert {each["name"] for each in body["documents"]} == {"small.txt", "limit.txt"}
    (failed,) = body["failed"]
    assert (failed["name"], failed["code"]) == ("huge.txt", "document_too_large")
    assert failed["reason"] == "it has 3.0 MB, and max_file_megabytes is 0.01"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("2023/note.txt", "2023/note.txt"),
        ("/absolute.txt", "absolute.txt"),
        ("Übersicht 2024 — 報告.txt", "Übersicht 2024 — 報告.txt"),
        ("n" * 300 + ".txt", "n" * 251 + ".txt"),
    ],
    ids=["parents", "relative", "absolute", "unicode", "long"],
)
def test_names_lose_what_leads_out_of_their_folder(
    http: httpx.Client, collection: str, given: str, kept: str
) -> None:
    reply = upload(http, collection, [("files", (given, b"Some text."))])
    assert reply.status_code == 200, reply.text
    assert [each["name"] for each in listed(http, collection)] == [kept]


def test_an_upload_that_does_not_wait_is_ingested_in_the_background(
    http: httpx.Client, collection: str
) -> None:
    files = parts(a__txt=b"Alpha.", huge__txt=b"x" * 20_000)
    reply = upload(http, collection, files, wait=False)
    assert reply.status_code == 202
    body = reply.json()
    assert body["accepted"] == ["a.txt"]
    assert [each["code"] for each in body["failed"]] == ["document_too_large"]
    wait_for(lambda: [each["status"] for each in listed(http, collection)] == ["ready"])


def test_the_same_bytes_are_unchanged_and_others_replace(
    http: httpx.Client, collection: str
) -> None:
    outcomes = [
        upload(http, collection, parts(a__txt=data)).json()["outcomes"][0]["outcome"]
        for data in (b"One.", b"One.", b"Two.")
    ]
    assert outcomes == ["added", "unchanged", "replaced"]
    assert len(listed(http, collection)) == 1


def test_pasted_text_becomes_a_document(http: httpx.Client, collection: str) -> None:
    path = f"/v1/collections/{quote(collection)}/documents?wait=true"
    for name, kept in (("A note", "A note.txt"), ("list.md", "list.md")):
        reply = http.post(path, json={"name": name, "text": f"The {name} says ü."})
        assert reply.status_code == 200, reply.text
        assert reply.json()["documents"][0]["name"] == kept
    found = http.post(
        f"/v1/collections/{quote(collection)}/search", json={"query": "note says", "top_k": 1}
    )
    assert found.json()["results"][0]["text"] == "The A note says ü."


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({"name": "a", "text": "b", "url": "http://x"}, "invalid_request", "name"),
        ({"name": "a"}, "invalid_request", "text"),
        ({"name": "a", "text": ""}, "invalid_request", "text"),
        ({"name": "/", "text": "b"}, "invalid_request", None),
        ({"name": "a", "text": "b", "tags": []}, "invalid_request", "tags"),
        ([], "invalid_request", None),
    ],
    ids=str,
)
def test_other_json_is_refused_by_name(
    http: httpx.Client, collection: str, body: Any, code: str, param: str | None
) -> None:
    reply = http.post(f"/v1/collections/{quote(collection)}/documents", json=body)
    assert reply.status_code == 400
    assert (error_of(reply)["code"], error_of(reply)["param"]) == (code, param)
    assert listed(http, collection) == []


FORM = "multipart/form-data; boundary=x"
PART = b"--x\r\nContent-Disposition: form-data; "


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b"", "multipart/form-data"),
        (b"", FORM),
        (b"--x--\r\n", FORM),
        (b"nonsense", FORM),
        (b"--y\r\n", FORM),
        (PART + b"\r\n\r\na\r\n--x--\r\n", FORM),
        (PART + b'name="files"; filename="a.txt"\r\n\r\ncut', FORM),
        (PART + b'name="note"\r\n\r\na\r\n--x--\r\n', FORM),
        (PART + b'name="files"; filename=".."\r\n\r\na\r\n--x--\r\n', FORM),
        (b"", "multipart/form-data; boundary=" + "b" * 300),
        (b"text", "text/plain"),
        (b"{", "application/json"),
    ],
)
def test_a_malformed_upload_is_refused_and_leaves_nothing(
    http: httpx.Client, collection: str, content: bytes, content_type: str
) -> None:
    reply = http.post(
        f"/v1/collections/{quote(collection)}/documents",
        content=content,
        headers={"Content-Type": content_type},
    )
    assert reply.status_code == 400
    assert error_of(reply)["code"] == "invalid_request"
    assert listed(http, collection) == []


def test_a_missing_collection_is_refused_before_the_files_are_read(http: httpx.Client) -> None:
    reply = upload(http, "Nowhere", parts(a__txt=b"x"))
    assert (reply.status_code, error_of(reply)["code"]) == (404, "collection_not_found")


def test_a_document_can_be_read_and_deleted(http: httpx.Client, collection: str) -> None:
    html = b"<h1>Rates</h1><script>alert(1)</script>"
    document = upload(http, collection, [("files", ("räntor.html", html))]).json()["documents"][0]
    path = f"/v1/collections/{quote(collection)}/documents/{document['id']}"
    assert http.get(path).json() == document

    original = http.get(f"{path}/content")
    assert original.content == html
    assert original.headers["Content-Type"] == "application/octet-stream"
    disposition = original.headers["Content-Disposition"]
    assert disposition == f"attachment; filename*=utf-8''{quote('räntor.html')}"
    assert original.headers["X-Content-Type-Options"] == "nosniff"
    assert original.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"

    assert http.delete(path).json() == {"id": document["id"], "deleted": True}
    assert listed(http, collection) == []
    for gone in (http.get(path), http.get(f"{path}/content"), http.delete(path)):
        assert (gone.status_code, error_of(gone)["code"]) == (404, "document_not_found")


def test_a_document_is_not_found_through_another_collection(
    http: httpx.Client, collection: str
) -> None:
    document = upload(http, collection, parts(a__txt=b"x")).json()["documents"][0]
    for rest in ("", "/content"):
        reply = http.get(f"/v1/collections/UserData/documents/{document['id']}{rest}")
        assert (reply.status_code, error_of(reply)["code"]) == (404, "document_not_found")


def test_a_failed_document_is_listed_with_its_reason_and_has_no_original(
    http: httpx.Client, collection: str
) -> None:
    upload(http, collection, parts(empty__txt=b""))
    (document,) = listed(http, collection)
    assert (document["status"], document["chunks"]) == ("failed", 0)
    assert document["reason"]
    reply = http.get(f"/v1/collections/{quote(collection)}/documents/{document['id']}/content")
    assert error_of(reply)["code"] == "document_not_found"


def test_a_client_that_hangs_up_while_it_sends_leaves_nothing(
    live: LiveServer, http: httpx.Client, collection: str
) -> None:
    host, port = live.address.removeprefix("http://").split(":")
    begun = PART + b'name="files"; filename="a.txt"\r\n\r\n' + b"x" * 5000
    head = (
        f"POST /v1/collections/{quote(collection)}/documents HTTP/1.1\r\nHost: {host}\r\n"
        f"Content-Type: {FORM}\r\nContent-Length: 100000\r\n\r\n"
    )
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(head.encode() + begun)
        wait_for(lambda: incoming(live))
    wait_for(lambda: not incoming(live))
    assert listed(http, collection) == []


def slow_text() -> bytes:
    """A text whose embedding takes several batches."""
    return b"\n\n".join(b"Paragraph %d of a long list. " % each * 30 for each in range(300))


def test_a_waiting_client_that_hangs_up_does_not_stop_the_ingestion(
    start: Callable[..., LiveServer],
) -> None:
    live = start(max_file_megabytes=10)
    host, port = live.address.removeprefix("http://").split(":")
    with live.client() as http:
        request = http.build_request(
            "POST",
            "/v1/collections/UserData/documents?wait=true",
            files=parts(long__txt=slow_text()[:60_000]),
        )
        body = request.read()
        head = b"".join(b"%s: %s\r\n" % each for each in request.headers.raw)
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(
                b"POST %s HTTP/1.1\r\n" % request.url.raw_path + head + b"\r\n" + body
            )
            wait_for(lambda: listed(http, "UserData"))
        wait_for(lambda: [each["status"] for each in listed(http, "UserData")] == ["ready"])


def test_a_server_that_stops_continues_with_the_upload_at_its_next_start(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, max_file_megabytes=10)
    with live_server(settings) as live, live.client() as http:
        accepted = upload(http, "UserData", parts(long__txt=slow_text()), wait=False).json()
        wait_for(lambda: listed(http, "UserData"))
        assert listed(http, "UserData")[0]["status"] == "pending"
        assert incoming(live)
    with live_server(settings) as live, live.client() as http:
        assert incoming(live)
        assert http.get(f"/v1/jobs/{accepted['job']}").json()["state"] == "running"
        asyncio.run_coroutine_threadsafe(live.services.jobs.resume(), live.loop).result()
        wait_for(lambda: [each["status"] for each in listed(http, "UserData")] == ["ready"], 240)
        wait_for(lambda: not incoming(live))


def test_a_server_that_stops_tells_a_waiting_client(start: Callable[..., LiveServer]) -> None:
    live = start(max_file_megabytes=10)
    with live.client() as http, ThreadPoolExecutor(1) as uploading:
        waiting = uploading.submit(upload, http, "UserData", parts(long__txt=slow_text()))
        with live.client() as looking:
            wait_for(lambda: listed(looking, "UserData"))
        live.stop()
        reply = waiting.result()
    assert reply.status_code == 503
    assert checked(reply.json())["code"] == "unavailable"


def test_an_address_of_this_machine_is_refused(start: Callable[..., LiveServer]) -> None:
    live = start(offline=False)
    with live.client() as http:
        path = "/v1/collections/UserData/documents"
        for url in (f"{live.address}/health", "http://169.254.169.254/latest", "http://[::1]/"):
            reply = http.post(path, params={"wait": "true"}, json={"url": url})
            assert reply.status_code == 400, reply.text
            assert error_of(reply)["code"] == "address_refused"
        accepted = http.post(path, json={"urls": ["http://127.1/a", "http://10.0.0.1/"]})
        assert accepted.status_code == 202
        assert accepted.json()["accepted"] == ["http://127.1/a", "http://10.0.0.1/"]
        job = accepted.json()["job"]
        wait_for(lambda: http.get(f"/v1/jobs/{job}").json()["state"] == "finished")
        codes = [each["code"] for each in http.get(f"/v1/jobs/{job}").json()["files"]]
        assert codes == ["address_refused"] * 2


def test_offline_no_address_is_fetched(http: httpx.Client, collection: str) -> None:
    path = f"/v1/collections/{quote(collection)}/documents"
    reply = http.post(path, json={"url": "https://example.org/a.pdf"})
    assert error_of(reply)["code"] == "offline"
    for body in ({"url": "a", "urls": ["b"]}, {"urls": []}, {"url": "a", "depth": 99}):
        reply = http.post(path, json=body)
        assert (reply.status_code, error_of(reply)["code"]) == (400, "invalid_request")


def succeeded(reply: httpx.Response, status: int) -> dict[str, Any]:
    assert reply.status_code == status, reply.text
    body: dict[str, Any] = reply.json()
    return body


def test_a_document_is_read_again_in_the_background_or_while_one_waits(
    http: httpx.Client, collection: str
) -> None:
    [document] = upload(http, collection, parts(a__txt=b"Alpha.")).json()["documents"]
    where = f"/v1/collections/{quote(collection)}/documents/{document['id']}/reingest"
    begun = succeeded(http.post(where), 202)
    assert (begun["accepted"], begun["failed"]) == (["a.txt"], [])
    wait_for(lambda: http.get(f"/v1/jobs/{begun['job']}").json()["state"] == "finished")
    done = succeeded(http.post(f"{where}?wait=true"), 200)
    assert done["documents"] == [document]
    assert [each["outcome"] for each in done["outcomes"]] == ["replaced"]


def test_several_documents_are_read_again_and_what_is_not_kept_says_so(
    http: httpx.Client, collection: str, tmp_path: Path
) -> None:
    secret = write_encrypted_pdf(tmp_path / "secret.pdf", ["hidden"]).read_bytes()
    upload(http, collection, parts(a__txt=b"Alpha.", secret__pdf=secret, empty__txt=b""))
    where = f"/v1/collections/{quote(collection)}/documents/reingest"
    begun = succeeded(http.post(where, json={"failed": True}), 202)
    assert begun["accepted"] == ["secret.pdf"]
    assert begun["failed"] == [
        {
            "name": "empty.txt",
            "code": "document_not_found",
            "reason": "The original of 'empty.txt' is not kept: add the file again.",
        }
    ]
    ids = {each["name"]: each["id"] for each in listed(http, collection)}
    some = {"documents": [ids["secret.pdf"], ids["a.txt"]]}
    done = succeeded(http.post(f"{where}?wait=true", json=some), 200)
    outcomes = [(each["outcome"], each["document_id"]) for each in done["outcomes"]]
    assert outcomes == [("failed", ids["secret.pdf"]), ("replaced", ids["a.txt"])]
    alone = http.post(where, json={"documents": [ids["empty.txt"]]})
    assert (alone.status_code, error_of(alone)["code"]) == (404, "document_not_found")
    for wrong in ({}, {"documents": []}, {"documents": ["x"], "failed": True}):
        assert http.post(where, json=wrong).status_code in (400, 422)
