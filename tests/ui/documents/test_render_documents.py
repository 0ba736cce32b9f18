"""The documents as HTML."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from carrel.core.documents import (
    READABLE,
    DocumentRecord,
    DocumentStatus,
    FileOutcome,
    IngestionProgress,
    OutcomeKind,
)
from carrel.ui.documents.render_document_table import documents_head_html, documents_html
from carrel.ui.documents.render_documents import (
    size_text,
    upload_html,
    uploads_html,
)
from carrel.ui.state.upload import Upload

HOSTILE = """<img src=x onerror=alert(1)>"'&.pdf"""
READY = DocumentRecord(
    id="d1",
    collection_id="c1",
    name="report.pdf",
    sha256="0",
    bytes=1_234_567,
    status=DocumentStatus.READY,
    added_at=datetime(2026, 3, 4, 5, 6, tzinfo=UTC),
    pages=92,
    chunks=1204,
)
FAILED = replace(
    READY,
    id="d2",
    name="budget.xlsx",
    status=DocumentStatus.FAILED,
    pages=None,
    chunks=0,
    reason="it is password protected",
)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (123_456, "123 kB"),
        (1_234_567, "1.2 MB"),
        (200_000_000, "200 MB"),
        (2_500_000_000, "2.5 GB"),
        (2_500_000_000_000, "2500.0 GB"),
    ],
)
def test_sizes_are_rounded_for_reading(size: int, text: str) -> None:
    assert size_text(size) == text


def test_the_heading_says_what_is_read_and_up_to_which_size() -> None:
    html = documents_head_html([".docx", ".pdf"], 200_000_000)
    assert f'<span title=".docx .pdf">{READABLE}</span>, up to 200 MB each' in html
    assert 'data-largest-file="200000000"' in html


def test_a_row_tells_name_status_pages_chunks_size_and_day() -> None:
    html = documents_html([READY], "UserData")
    for part in ("report.pdf", "ready", ">92<", ">1,204<", "1.2 MB", "2026-03-04"):
        assert part in html
    assert 'data-action="delete_document" data-id="d1"' in html


def test_a_failed_document_says_why() -> None:
    html = documents_html([FAILED], "UserData")
    assert "Could not be read: it is password protected" in html


def test_a_document_in_work_cannot_be_deleted_from_its_row() -> None:
    html = documents_html([replace(READY, status=DocumentStatus.PENDING)], "UserData")
    assert "delete_document" not in html
    assert "being read" in html


def test_an_empty_collection_says_what_to_do() -> None:
    html = documents_html([], HOSTILE)
    assert "has no documents yet" in html
    assert "<img" not in html


def test_names_and_reasons_are_escaped() -> None:
    table = documents_html([replace(FAILED, name=HOSTILE, reason=HOSTILE, id='"')], "UserData")
    upload = Upload.of([HOSTILE])
    upload.apply(FileOutcome(HOSTILE, OutcomeKind.FAILED, reason=HOSTILE))
    for html in (table, upload_html(upload)):
        assert "<img" not in html
        assert html.count("&lt;img src=x onerror=alert(1)&gt;") >= 2


def test_no_upload_shows_nothing() -> None:
    assert uploads_html([]) == ""


def test_of_very_many_files_the_telling_ones_are_shown() -> None:
    upload = Upload.of([f"{number}.pdf" for number in range(5000)])
    upload.apply(FileOutcome("0.pdf", OutcomeKind.ADDED, READY))
    upload.apply(FileOutcome("1.pdf", OutcomeKind.FAILED, FAILED, "x", "it holds no text"))
    upload.apply(IngestionProgress(2, 5000, 1300, "2.pdf", 40, None, 120))
    html = upload_html(upload)
    assert html.count('<li class="file') == 3
    assert "2 of 5,000 files" in html
    assert "Could not be read: it holds no text" in html
    assert "reading page 40 of 120" in html
    assert "and 4,998 more files" in html


def test_rows_tell_the_stage_of_each_file_and_the_line_above_tells_the_whole() -> None:
    upload = Upload.of(["a.pdf", "b.pdf", "c.pdf", "d.pdf"])
    upload.apply(FileOutcome("a.pdf", OutcomeKind.ADDED, READY))
    upload.apply(FileOutcome("b.pdf", OutcomeKind.FAILED, FAILED, "x", "it holds no text"))
    upload.apply(IngestionProgress(2, 4, 1300, "c.pdf", 40, 39.6, None, 20, 0.51))
    html = upload_html(upload)
    assert "2 of 4 files · 1,300 chunks · 1 failed · 65 chunks/s · about 40 s left" in html
    assert "ready · 92 pages · 1,204 chunks" in html
    assert "Could not be read: it holds no text" in html
    assert "reading page 40" in html
    assert '<li class="file waiting">' in html
    assert '<progress max="1" value="0.510">' in html


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "about 1 s left"), (59, "about 59 s left"), (61, "about 1 min left"), (None, None)],
)
def test_the_time_left_is_reported_roughly(seconds: float | None, words: str | None) -> None:
    upload = Upload.of(["a.pdf"])
    upload.apply(IngestionProgress(0, 1, 5, "a.pdf", 1, seconds))
    html = upload_html(upload)
    assert words in html if words else "left" not in html


def test_unchanged_and_replaced_files_say_so() -> None:
    upload = Upload.of(["a.pdf", "b.pdf"])
    upload.apply(FileOutcome("a.pdf", OutcomeKind.UNCHANGED, READY))
    upload.apply(FileOutcome("b.pdf", OutcomeKind.REPLACED, READY))
    html = upload_html(upload)
    assert "already there, unchanged" in html
    assert "replaced the older version · 92 pages" in html


def test_a_stopped_upload_names_what_was_left_out() -> None:
    upload = Upload.of(["a.pdf", "b.pdf"])
    upload.apply(FileOutcome("a.pdf", OutcomeKind.ADDED, READY))
    upload.end(stopped=True)
    html = upload_html(upload)
    assert "1 of 2 files · 0 chunks · stopped by you" in html
    assert "left out" in html
    assert "<progress" not in html


def test_what_is_kept_can_be_read_again() -> None:
    html = documents_html([READY, FAILED], "UserData")
    assert html.count('data-action="reingest_document"') == 2
    assert "reingest_failed" not in html
    assert "Read the 2 failed ones again" in documents_html([FAILED, FAILED], "UserData")
    lost = documents_html([replace(FAILED, sha256="")] * 2, "UserData")
    assert "reingest" not in lost
    assert "The file is not kept: add it again to have it read." in lost
    assert "reingest" not in documents_html([replace(READY, status=DocumentStatus.PENDING)], "U")
