"""Renders a collection's statistics, and its rename and delete forms. Escapes names."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from carrel.core.documents import Collection, DocumentRecord, DocumentStatus
from carrel.ui.documents.render_documents import size_text
from carrel.ui.i18n.texts import ENGLISH, Texts


def collection_html(
    collection: Collection,
    documents: Sequence[DocumentRecord],
    *,
    changeable: bool,
    texts: Texts = ENGLISH,
) -> str:
    """Return a line of figures, and the actions on the whole collection."""
    kind = texts("collection.is_shared" if collection.shared else "collection.is_private")
    parts = [kind, *_figures(documents, texts)]
    figures = " · ".join(f"<span>{escape(each)}</span>" for each in parts)
    below = _changes(collection, documents, texts) if changeable else _permanent(collection, texts)
    return f'<div class="collection"><p class="summary">{figures}</p>{below}</div>'


def _figures(documents: Sequence[DocumentRecord], texts: Texts) -> list[str]:
    if not documents:
        return []
    ready = [each for each in documents if each.status is DocumentStatus.READY]
    return [
        texts.counted("count.document", len(documents)),
        texts.counted("count.page", sum(each.pages or 0 for each in ready)),
        texts.counted("count.chunk", sum(each.chunks for each in ready)),
        _size(documents, texts),
    ]


def _size(documents: Sequence[DocumentRecord], texts: Texts) -> str:
    return size_text(sum(each.bytes for each in documents if each.has_original), texts)


def _permanent(collection: Collection, texts: Texts) -> str:
    return f'<p class="permanent">{texts.html("collection.permanent", name=collection.name)}</p>'


def _changes(collection: Collection, documents: Sequence[DocumentRecord], texts: Texts) -> str:
    name = escape(collection.name)
    checked = " checked" if collection.shared else ""
    renamed = texts.html("collection.rename.name", name=collection.name)
    return (
        '<div class="collection-changes"><div class="confirmed">'
        f'<button class="quiet" data-ask>{texts.html("collection.rename")}</button>'
        f'<form class="confirm" data-action="rename_collection" data-id="{name}" hidden>'
        f'<input name="name" value="{name}" aria-label="{renamed}" '
        'maxlength="200" required data-first autocomplete="off">'
        f'<label><input type="checkbox" name="shared"{checked}> '
        f"{texts.html('collection.rename.shared')}</label>"
        f'<span class="choices"><button class="primary">{texts.html("save")}</button>'
        f'<button class="quiet" type="button" data-keep>{texts.html("cancel")}</button></span>'
        '</form></div><div class="confirmed">'
        f'<button class="quiet" data-ask>{texts.html("collection.delete")}</button>'
        f'<div class="confirm" role="group" hidden><p>{_question(collection, documents, texts)}</p>'
        '<span class="choices">'
        f'<button class="danger" data-action="delete_collection" data-id="{name}">'
        f"{texts.html('delete')}</button>"
        f'<button class="quiet" data-keep>{texts.html("keep")}</button></span></div></div></div>'
    )


def _question(collection: Collection, documents: Sequence[DocumentRecord], texts: Texts) -> str:
    question = texts("collection.delete.empty", name="\0")
    if documents:
        size = _size(documents, texts)
        question = texts.counted("collection.delete.what", len(documents), name="\0", size=size)
    return escape(question).replace("\0", f"<strong>{escape(collection.name)}</strong>")
