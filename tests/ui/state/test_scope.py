"""What a tab asks, and the panel in which it is chosen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from carrel.core.chat import Scope
from carrel.core.documents import DocumentRecord, DocumentStatus
from carrel.settings.schema import Settings
from carrel.ui.i18n.texts import ENGLISH
from carrel.ui.scope.render_scope import (
    OfferedDocuments,
    collections_html,
    documents_html,
    scope_button_html,
)
from carrel.ui.state.scope import ChosenDocument, ChosenScope

HOSTILE = '"><img src=x onerror=alert(1)>'


def record(name: str, document_id: str = "7") -> DocumentRecord:
    return DocumentRecord(
        id=document_id,
        collection_id="c",
        name=name,
        sha256="",
        bytes=1,
        status=DocumentStatus.READY,
        added_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def test_collections_are_added_and_taken_away() -> None:
    both = ChosenScope(("A",)).with_collection("B")
    assert both.collections == ("A", "B")
    assert both.with_collection("A").collections == ("B",)
    assert ChosenScope(("A",)).with_collection("A") == ChosenScope()


def test_a_collection_takes_its_documents_with_it() -> None:
    scope = ChosenScope(("A", "B")).with_document(record("a.pdf", "1"), "A")
    scope = scope.with_document(record("b.pdf", "2"), "B")
    assert scope.without_collection("A") == ChosenScope(
        ("B",), (ChosenDocument("2", "b.pdf", "B"),)
    )


def test_a_document_is_chosen_and_left_again() -> None:
    scope = ChosenScope(("A",)).with_document(record("a.pdf"), "A")
    assert [each.name for each in scope.documents] == ["a.pdf"]
    assert scope.with_document(record("a.pdf"), "A") == ChosenScope(("A",))
    assert scope.without_document("7") == ChosenScope(("A",))


def test_a_change_of_name_reaches_the_documents() -> None:
    scope = ChosenScope(("A", "B"), (ChosenDocument("1", "a.pdf", "A"),)).renamed("A", "C")
    assert scope == ChosenScope(("C", "B"), (ChosenDocument("1", "a.pdf", "C"),))


def test_a_scope_is_what_the_services_take(make_settings: Callable[..., Settings]) -> None:
    settings = make_settings(top_k=3)
    scope = ChosenScope(("A", "B"), (ChosenDocument("1", "a.pdf", "A"),))
    assert scope.asked(settings) == Scope(("A", "B"), ("1",), top_k=3)
    assert ChosenScope().asked(settings) is None


@pytest.mark.parametrize(
    ("scope", "label"),
    [
        (ChosenScope(), "No documents"),
        (ChosenScope(("A",)), "A"),
        (ChosenScope(("A", "B")), "2 collections"),
        (ChosenScope(("A",), (ChosenDocument("1", "a.pdf", "A"),)), "a.pdf"),
        (
            ChosenScope(
                ("A",), (ChosenDocument("1", "a.pdf", "A"), ChosenDocument("2", "b.pdf", "A"))
            ),
            "2 documents",
        ),
    ],
)
def test_a_scope_is_named_in_a_few_words(scope: ChosenScope, label: str) -> None:
    assert scope.label(ENGLISH) == label
    assert f">{label}<" in scope_button_html(scope, ENGLISH)


def test_the_panel_says_what_is_ticked() -> None:
    html = collections_html(ChosenScope(("A",)), {"A": 2, "B": 0}, ENGLISH)
    assert html.count('aria-checked="true"') == 1
    assert "2 documents" in html
    assert "Ask only B" in html
    none = collections_html(ChosenScope(), {"A": 2}, ENGLISH)
    assert none.index('aria-checked="true"') > none.index('aria-checked="false"')


def test_the_panel_says_how_many_documents_are_not_listed() -> None:
    offered = OfferedDocuments([record("a.pdf")], found=3, ready=9)
    html = documents_html(ChosenScope(("A",)), offered, ENGLISH)
    assert "None selected: all are asked." in html
    assert "2 more: find them by their names." in html
    assert documents_html(ChosenScope(("A",)), OfferedDocuments([], 0, 0), ENGLISH) == ""
    assert "No matching documents." in documents_html(
        ChosenScope(("A",)), OfferedDocuments([], 0, 4), ENGLISH
    )


def test_names_are_text() -> None:
    scope = ChosenScope((HOSTILE,), (ChosenDocument(HOSTILE, HOSTILE, HOSTILE),))
    offered = OfferedDocuments([record(HOSTILE, HOSTILE)], 1, 1)
    shown = (
        scope_button_html(scope, ENGLISH)
        + collections_html(scope, {HOSTILE: 1}, ENGLISH)
        + documents_html(scope, offered, ENGLISH)
    )
    assert "<img" not in shown
    assert HOSTILE not in shown
