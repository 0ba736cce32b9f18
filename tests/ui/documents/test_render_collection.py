"""A collection as HTML: what is in it, and what can be done with all of it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

from carrel.core.documents import Collection, DocumentRecord, DocumentStatus
from carrel.ui.documents.render_collection import collection_html

HOSTILE = """<img src=x onerror=alert(1)>"'&"""
REPORTS = Collection("c1", "Reports", True, "local")
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
FAILED = replace(READY, id="d2", status=DocumentStatus.FAILED, pages=None, chunks=0)


def text_of(html: str) -> str:
    return re.sub(r"<[^>]*>", "", html)


def test_the_figures_count_all_documents_and_what_of_them_can_be_searched() -> None:
    lost = replace(FAILED, sha256="")
    documents = [READY, replace(READY, pages=None, chunks=1, bytes=433), lost]
    text = text_of(collection_html(REPORTS, documents, changeable=True))
    assert text.startswith("Shared · 3 documents · 92 pages · 1,205 chunks · 1.2 MBRename")
    kept = text_of(collection_html(REPORTS, [READY, FAILED], changeable=True))
    assert "· 2.5 MB" in kept
    private = collection_html(replace(REPORTS, shared=False), [READY], changeable=True)
    assert text_of(private).startswith("Private · 1 document · ")


def test_deleting_says_how_many_documents_are_lost() -> None:
    html = collection_html(REPORTS, [READY, READY], changeable=True)
    assert "Delete <strong>Reports</strong> and its 2 documents (2.5 MB)?" in html
    assert 'data-action="delete_collection" data-id="Reports"' in html
    empty = collection_html(REPORTS, [], changeable=True)
    assert "Delete <strong>Reports</strong>? It has no documents." in empty


def test_renaming_begins_with_what_there_is() -> None:
    shared = collection_html(REPORTS, [], changeable=True)
    assert 'data-action="rename_collection" data-id="Reports"' in shared
    assert 'value="Reports"' in shared
    assert 'name="shared" checked>' in shared
    private = collection_html(replace(REPORTS, shared=False), [], changeable=True)
    assert 'name="shared">' in private


def test_what_always_exists_says_so_and_offers_no_change() -> None:
    html = collection_html(replace(REPORTS, name="MyData"), [READY], changeable=False)
    assert "MyData always exists" in html
    assert "<button" not in html
    assert "<form" not in html


def test_a_hostile_name_is_text() -> None:
    for changeable in (True, False):
        html = collection_html(replace(REPORTS, name=HOSTILE), [], changeable=changeable)
        assert "<img" not in html
        assert "&lt;img src=x onerror=alert(1)&gt;&quot;&#x27;&amp;" in html
