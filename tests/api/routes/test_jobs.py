"""Jobs through a real server: listed, looked at, followed, cancelled."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx

from error_bodies import checked
from running.live_server import LiveServer
from waiting import wait_for


def upload(http: httpx.Client, collection: str, **texts: bytes) -> str:
    """Send files and return the id of the job."""
    files = [("files", (name.replace("__", "."), text)) for name, text in texts.items()]
    reply = http.post(f"/v1/collections/{collection}/documents", files=files)
    assert reply.status_code == 202, reply.text
    return str(reply.json()["job"])


def events_of(http: httpx.Client, job: str) -> list[dict[str, Any] | str]:
    reply = http.get(f"/v1/jobs/{job}/events")
    assert reply.headers["Content-Type"].startswith("text/event-stream")
    payloads = [block.removeprefix("data: ") for block in reply.text.split("\n\n") if block]
    return [each if each == "[DONE]" else json.loads(each) for each in payloads]


def paragraphs(count: int) -> bytes:
    return b"\n\n".join(b"Paragraph %d of a long list. " % each * 30 for each in range(count))


def test_a_job_is_followed_to_its_end_and_described(http: httpx.Client, collection: str) -> None:
    job = upload(http, collection, a__txt=b"Alpha.", empty__txt=b"", b__md=b"# Beta\n\nText.")
    events = events_of(http, job)
    files = [each["file"] for each in events if isinstance(each, dict) and "file" in each]
    assert [(each["name"], each["outcome"]) for each in files] == [
        ("a.txt", "added"),
        ("empty.txt", "failed"),
        ("b.md", "added"),
    ]
    assert files[0]["document"]["chunks"] == 1
    assert (files[1]["code"], files[1]["reason"]) == ("empty_document", "it is empty")
    progress = [
        each["progress"] for each in events if isinstance(each, dict) and "progress" in each
    ]
    assert (progress[-1]["files_done"], progress[-1]["files_total"]) == (3, 3)
    assert progress[-1]["share"] == 1
    assert events[-2:] == [{"state": "finished"}, "[DONE]"]

    described = http.get(f"/v1/jobs/{job}").json()
    assert (described["state"], described["collection"]) == ("finished", collection)
    assert [each["outcome"] for each in described["files"]] == ["added", "failed", "added"]
    assert described["progress"] is None
    listed = http.get("/v1/jobs").json()["jobs"]
    assert listed[0]["id"] == job
    assert listed[0]["files"] is None


def test_a_later_follower_sees_the_outcomes(http: httpx.Client, collection: str) -> None:
    job = upload(http, collection, a__txt=b"Alpha.")
    wait_for(lambda: http.get(f"/v1/jobs/{job}").json()["state"] == "finished")
    first, *rest = events_of(http, job)
    assert isinstance(first, dict)
    assert first["file"]["name"] == "a.txt"
    assert rest == [{"state": "finished"}, "[DONE]"]


def test_a_running_job_shows_how_far_it_is_and_can_be_cancelled(
    start: Callable[..., LiveServer],
) -> None:
    live = start(max_file_megabytes=10)
    with live.client() as http:
        job = upload(http, "UserData", short__txt=b"Alpha.", long__txt=paragraphs(2000))

        def progress() -> dict[str, Any]:
            return http.get(f"/v1/jobs/{job}").json()["progress"] or {}

        wait_for(lambda: progress().get("chunks", 0) > 64)
        found = progress()
        assert (found["files_done"], found["files_total"]) == (1, 2)
        assert found["current"] == "long.txt"
        assert found["chunks_per_second"] > 0
        cancelled = http.post(f"/v1/jobs/{job}/cancel").json()
        assert cancelled["state"] == "cancelled"
        assert [each["outcome"] for each in cancelled["files"]] == ["added", None]
        documents = http.get("/v1/collections/UserData/documents").json()["documents"]
        assert [each["name"] for each in documents] == ["short.txt"]
        assert events_of(http, job)[-2:] == [{"state": "cancelled"}, "[DONE]"]


def test_an_unknown_job_is_not_found(http: httpx.Client) -> None:
    for reply in (
        http.get("/v1/jobs/none"),
        http.get("/v1/jobs/none/events"),
        http.post("/v1/jobs/none/cancel"),
    ):
        assert reply.status_code == 404
        assert checked(reply.json())["code"] == "job_not_found"


def test_a_deleted_document_leaves_no_name_in_the_jobs(http: httpx.Client, collection: str) -> None:
    job = upload(http, collection, secret__txt=b"Alpha.", kept__txt=b"Beta.")
    events_of(http, job)
    [document] = [
        each["document"]
        for each in http.get(f"/v1/jobs/{job}").json()["files"]
        if each["name"] == "secret.txt"
    ]
    http.delete(f"/v1/collections/{collection}/documents/{document['id']}")
    files = http.get(f"/v1/jobs/{job}").json()["files"]
    assert [each["name"] for each in files] == ["kept.txt"]
