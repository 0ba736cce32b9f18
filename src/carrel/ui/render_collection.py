"""What is in a collection, and the way to rename and to delete it, as HTML that escapes names."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from carrel.core.documents import Collection, DocumentRecord, DocumentStatus
from carrel.ui.render import counted
from carrel.ui.render_documents import size_text


def collection_html(
    collection: Collection, documents: Sequence[DocumentRecord], *, changeable: bool
) -> str:
    """Return a line of figures, and beside it what can be done with the whole collection."""
    parts = ["Shared" if collection.shared else "Private", *_figures(documents)]
    figures = " · ".join(f"<span>{each}</span>" for each in parts)
    return (
        f'<div class="collection"><p class="summary">{figures}</p>'
        f"{_changes(collection, documents) if changeable else _permanent(collection)}</div>"
    )


def _figures(documents: Sequence[DocumentRecord]) -> list[str]:
    if not documents:
        return []
    ready = [each for each in documents if each.status is DocumentStatus.READY]
    return [
        counted(len(documents), "document"),
        counted(sum(each.pages or 0 for each in ready), "page"),
        counted(sum(each.chunks for each in ready), "chunk"),
        _size(documents),
    ]


def _size(documents: Sequence[DocumentRecord]) -> str:
    return size_text(sum(each.bytes for each in documents if each.has_original))


def _permanent(collection: Collection) -> str:
    return (
        f'<p class="permanent">{escape(collection.name)} always exists: '
        "it can be neither renamed nor deleted.</p>"
    )


def _changes(collection: Collection, documents: Sequence[DocumentRecord]) -> str:
    name = escape(collection.name)
    checked = " checked" if collection.shared else ""
    return (
        '<div class="collection-changes"><div class="confirmed">'
        '<button class="quiet" data-ask>Rename</button>'
        f'<form class="confirm" data-action="rename_collection" data-id="{name}" hidden>'
        f'<input name="name" value="{name}" aria-label="New name of the collection {name}" '
        'maxlength="200" required data-first autocomplete="off">'
        f'<label><input type="checkbox" name="shared"{checked}> Shared with everyone</label>'
        '<span class="choices"><button class="primary">Save</button>'
        '<button class="quiet" type="button" data-keep>Cancel</button></span></form></div>'
        '<div class="confirmed"><button class="quiet" data-ask>Delete collection</button>'
        f'<div class="confirm" role="group" hidden><p>{_question(collection, documents)}</p>'
        '<span class="choices">'
        f'<button class="danger" data-action="delete_collection" data-id="{name}">Delete</button>'
        '<button class="quiet" data-keep>Keep</button></span></div></div></div>'
    )


def _question(collection: Collection, documents: Sequence[DocumentRecord]) -> str:
    name = f"<strong>{escape(collection.name)}</strong>"
    if not documents:
        return f"Delete {name}? It has no documents."
    lost = f"its {counted(len(documents), 'document')} ({_size(documents)})"
    return f"Delete {name} and {lost}? This cannot be undone."
