"""Filters of documents."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrel.core.document_properties import DocumentProperties
from carrel.core.documents import DocumentRecord, DocumentStatus
from carrel.core.errors import InvalidRequest
from carrel.services.document_filter import parse_filter, split_filter


def record(name: str, **properties: object) -> DocumentRecord:
    return DocumentRecord(
        id=name,
        collection_id="c",
        name=name,
        sha256="0",
        bytes=1,
        status=DocumentStatus.READY,
        added_at=datetime(2026, 3, 9, 12, tzinfo=UTC),
        properties=DocumentProperties.of(properties),
    )


RECORDS = (
    record("invoices/2024/A-17.pdf", authors=["Anna Berg"], created="2024-05-14", language="de-AT"),
    record("invoices/draft.docx", authors=["Jörg Lund"], modified="2023", title="Draft of May"),
    record("Report 7.PDF", keywords=["pump"], created="2024-06-01T09:30:00+02:00"),
    record("notes.txt"),
)


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("", [0, 1, 2, 3]),
        ("report", [2]),
        ("name:*.pdf", [0, 2]),
        ("name:A-1?.pdf", [0]),
        ("name:report*", [2]),
        ('"report 7"', [2]),
        ("folder:invoices", [0, 1]),
        ("folder:invoices/2024", [0]),
        ("folder:2024", [0]),
        ("folder:inv", []),
        ("type:pdf", [0, 2]),
        ("type:.PDF", [0, 2]),
        ("type:word", [1]),
        ("-type:pdf", [1, 3]),
        ("author:berg", [0]),
        ("author:JÖRG", [1]),
        ('title:"draft of"', [1]),
        ("keyword:pump", [2]),
        ("language:de", [0]),
        ("after:2024-05-14", [0, 2, 3]),
        ("after:2024-06 before:2025", [2]),
        ("date:2024", [0, 2]),
        ("date:2023", [1]),
        ("date:2023..2024-05", [0, 1]),
        ("added:2026-03-09..", [0, 1, 2, 3]),
        ("added:..2025", []),
        ("added:2026-03", [0, 1, 2, 3]),
        ("date:2026-03-09", [3]),
        ("folder:invoices -author:berg", [1]),
    ],
)
def test_what_passes(text: str, passes: list[int]) -> None:
    wanted = parse_filter(text)
    assert [at for at, each in enumerate(RECORDS) if wanted.matches(each)] == passes


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("colour:red", "no key 'colour': use one of added, after, author, before, date"),
        ("type:", "no value after 'type:'"),
        ("type: pdf", "no value after 'type:'"),
        ('author:""', "no value after 'author:'"),
        ("after:May", "date 'may' is none: write 2024, 2024-05 or 2024-05-14"),
        ("before:2024-02-30", "date '2024-02-30' is none"),
        ("date:..", "no date on either side"),
        ("date:2024..May", "date 'may' is none"),
        ("date:9999", "date '9999' is none"),
        ("date:9999-12", "date '9999-12' is none"),
    ],
)
def test_what_is_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidRequest, match=message):
        parse_filter(text)


@pytest.mark.parametrize(
    ("text", "query", "kept"),
    [
        (
            'type:pdf copper  price author:"Anna Berg"',
            "copper price",
            'type:pdf author:"Anna Berg"',
        ),
        ("what is ratio 3:4 at http://a.example", "what is ratio 3:4 at http://a.example", ""),
        ("note: the type: field", "note: the type: field", ""),
        ("-folder:old pump", "pump", "-folder:old"),
    ],
)
def test_a_query_may_have_a_filter_in_it(text: str, query: str, kept: str) -> None:
    assert split_filter(text) == (query, kept)


def test_a_filter_is_written_as_it_is_read() -> None:
    text = 'folder:invoices -author:"anna berg" type:pdf'
    assert " ".join(map(str, parse_filter(text).terms)) == text


@given(st.text(alphabet='aä -:"*?[]0129type'))
def test_any_text_is_a_filter_or_refused(text: str) -> None:
    try:
        wanted = parse_filter(text)
    except InvalidRequest:
        return
    assert all(isinstance(wanted.matches(each), bool) for each in RECORDS)
