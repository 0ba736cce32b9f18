"""Renders the scope chooser. Pure functions; everything is escaped here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from carrel.core.documents import DocumentRecord
from carrel.ui.i18n.texts import Texts
from carrel.ui.state.scope import ChosenScope


@dataclass(frozen=True, slots=True)
class OfferedDocuments:
    """Listed documents, of ``found`` that match, if they are narrowed, and ``ready`` in total."""

    records: Sequence[DocumentRecord]
    found: int
    ready: int
    is_narrowed: bool = False


def scope_button_html(scope: ChosenScope, texts: Texts) -> str:
    """Return the button that shows the scope and opens the panel."""
    label = escape(scope.label(texts))
    nothing = "" if scope.collections else "data-nothing "
    return (
        f'<button id="scope-button" {nothing}data-action="offer" aria-expanded="false" '
        f'aria-controls="scope-panel" aria-label="{texts.html("composer.scope")}: {label}" '
        f'title="{label}"><span class="scope-label">{label}</span></button>'
    )


def scope_line_html(scope: ChosenScope, texts: Texts) -> str:
    """Return the scope as a line, with a link to change it."""
    return (
        f'<p class="compare-hint">{texts.html("scope.line", documents=scope.label(texts))} '
        f'<button class="quiet" data-view="chat">{texts.html("scope.line.change")}</button></p>'
    )


def collections_html(scope: ChosenScope, collections: Mapping[str, int], texts: Texts) -> str:
    """Return the collections with their numbers of documents, and the option of none."""
    rows = [
        _collection_html(name, ready, name in scope.collections, texts)
        for name, ready in collections.items()
    ]
    rows.append(_row("no_documents", "", not scope.collections, texts("composer.no_documents")))
    return _part("".join(rows), texts.html("scope.collections"))


def _collection_html(name: str, ready: int, chosen: bool, texts: Texts) -> str:
    count = texts.counted("count.document", ready)
    only = texts.html("scope.only.named", name=name)
    return (
        '<div class="scope-row">'
        f"{_row('choose_collection', name, chosen, name, count)}"
        f'<button class="quiet scope-only" data-action="only_collection" data-id="{escape(name)}" '
        f'aria-label="{only}">{texts.html("scope.only")}</button></div>'
    )


def documents_html(scope: ChosenScope, offered: OfferedDocuments, texts: Texts) -> str:
    """Return the documents that can be selected; nothing if there are none."""
    if not offered.ready:
        return ""
    alone = {each.id for each in scope.documents}
    rows = "".join(
        _row("choose_document", each.id, each.id in alone, each.name) for each in offered.records
    )
    hint = "" if alone else texts.html("scope.every")
    if not offered.found:
        hint = texts.html("documents.filter.none")
    left = offered.found - len(offered.records)
    if offered.is_narrowed and len(offered.records) > 1:
        # Selected documents are always listed.
        are_chosen = len(offered.records) == offered.found and alone.issuperset(
            each.id for each in offered.records
        )
        rows = (
            _row("choose_found", "", are_chosen, texts.counted("scope.found", offered.found)) + rows
        )
    more = escape(texts.counted("scope.more", left)) if left else ""
    return _part(_hint(hint) + rows + _hint(more), texts.html("scope.single"))


def _part(content: str, label: str) -> str:
    return (
        f'<div class="scope-part" role="group" aria-label="{label}"><h3>{label}</h3>{content}</div>'
    )


def _hint(line: str) -> str:
    return f'<p class="scope-hint">{line}</p>' if line else ""


def _row(action: str, identity: str, chosen: bool, label: str, detail: str = "") -> str:
    counted = f'<span class="scope-detail">{escape(detail)}</span>' if detail else ""
    return (
        f'<button class="scope-choice" role="checkbox" aria-checked="{str(chosen).lower()}" '
        f'data-action="{action}" data-id="{escape(identity)}">'
        f'<span class="tick"></span><span class="scope-name">{escape(label)}</span>{counted}'
        "</button>"
    )
