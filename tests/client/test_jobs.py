"""Uploads that are followed, through both clients."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from carrel.core.errors import DocumentNotFound, JobNotFound, UnreadableDocument
from running.client_kinds import connect
from running.live_server import live_server, settings_in


def test_an_upload_can_be_followed(client: Any, collection: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Alpha.")
    (tmp_path / "b.txt").write_text("")
    accepted = client.start_upload([tmp_path / "a.txt", tmp_path / "b.txt"], collection)
    assert (accepted.accepted, accepted.failed) == (["a.txt", "b.txt"], [])
    events = list(client.follow_job(accepted.job))
    outcomes = {each.file.name: each.file.outcome for each in events if each.file is not None}
    assert outcomes == {"a.txt": "added", "b.txt": "failed"}
    assert events[-1].state == "finished"
    job = client.job(accepted.job)
    assert (job.state, job.collection) == ("finished", collection)
    assert client.jobs()[0].id == accepted.job
    assert client.cancel_job(accepted.job).state == "finished"


def test_an_unknown_job_raises(client: Any) -> None:
    for call in (client.job, client.cancel_job, lambda each: list(client.follow_job(each))):
        with pytest.raises(JobNotFound):
            call("none")


def test_files_that_are_all_refused_raise(kind: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Alpha. " * 2000)
    with (
        live_server(settings_in(tmp_path / "data", max_file_megabytes=0.01)) as live,
        connect(kind, live.address) as client,
        pytest.raises(UnreadableDocument),
    ):
        client.start_upload(tmp_path / "a.txt")


def test_documents_are_read_again(client: Any, collection: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Alpha.")
    (tmp_path / "b.docx").write_text("No document of Word.")
    client.upload([tmp_path / "a.txt", tmp_path / "b.docx"], collection)
    ids = {each.name: each.id for each in client.documents(collection)}
    for begun, expected in (
        (client.reingest(ids["a.txt"], collection), {"a.txt": "replaced"}),
        (client.reingest(ids.values(), collection), {"a.txt": "replaced", "b.docx": "failed"}),
        (client.reingest_failed(collection), {"b.docx": "failed"}),
    ):
        assert begun.accepted == list(expected)
        events = list(client.follow_job(begun.job))
        outcomes = {each.file.name: each.file.outcome for each in events if each.file is not None}
        assert outcomes == expected
    with pytest.raises(DocumentNotFound):
        client.reingest("unknown", collection)
