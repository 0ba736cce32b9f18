"""Renders the documents of a collection as a sortable table, with its heading.

The page's script sorts and filters. Pure functions; names and reasons are escaped.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape

from carrel.core.documents import DocumentRecord, DocumentStatus
from carrel.ui.documents.render_documents import size_text
from carrel.ui.i18n.texts import ENGLISH, Texts

COLUMNS = ("name", "status", "pages", "chunks", "size", "added")
NUMBERS = ("pages", "chunks", "size")
FEW = 2
"""Number of documents above which the table can be filtered."""


def documents_head_html(suffixes: Sequence[str], largest: int, texts: Texts = ENGLISH) -> str:
    """Return the heading with the supported formats.

    ``suffixes`` are the supported ones, ``largest`` is the maximum size of a file; the page's
    script skips larger ones before uploading.
    """
    formats = f'<span title="{escape(" ".join(suffixes))}">{texts.html("documents.formats")}</span>'
    size = size_text(largest, texts)
    line = texts.html("documents.reads", formats="\0", size=size).replace("\0", formats)
    left_out = texts.html("upload.too_large", size=size, names="{names}")
    unread = texts.html("upload.unread", names="{names}")
    # The text in the file field is Gradio's; a rule of the page and its script replace it.
    drop = json.dumps(texts("upload.drop"), ensure_ascii=False).replace("<", r"\3c ")
    return (
        f'<h1>{texts.html("documents.title")}</h1><p class="formats" '
        f'data-largest-file="{largest}" data-left-out="{left_out}" data-unread="{unread}" '
        f'data-suffixes="{escape(" ".join(suffixes))}" '
        f'data-drop="{texts.html("upload.drop")}">{line}</p>'
        f"<style>#documents-view {{ --upload-text: {drop}; }}</style>"
    )


def documents_html(
    documents: Sequence[DocumentRecord], collection: str, texts: Texts = ENGLISH
) -> str:
    """Return the table of a collection's documents, or a hint if there are none."""
    if not documents:
        return f'<p class="empty">{texts.html("documents.none", collection=collection)}</p>'
    heads = "".join(_head(column, texts) for column in COLUMNS)
    rows = "".join(_row(each, texts) for each in documents)
    return (
        f"{_filters(texts) if len(documents) > FEW else ''}{_failed_again(documents, texts)}"
        f'<table class="documents"><thead><tr>{heads}'
        f'<th scope="col"><span class="unseen">{texts.html("documents.actions")}</span></th></tr>'
        f"</thead><tbody>{rows}</tbody></table>"
        f'<p class="empty none-like-that" role="status" hidden>'
        f"{texts.html('documents.filter.none')}</p>"
    )


def _filters(texts: Texts) -> str:
    states = "".join(
        f'<option value="{each.value}">{texts.html(f"documents.{each.value}")}</option>'
        for each in DocumentStatus
    )
    name = texts.html("documents.filter")
    return (
        '<div class="document-filters"><input type="search" name="filter-name" autocomplete="off" '
        f'aria-label="{name}" placeholder="{name}"><select name="filter-status" '
        f'aria-label="{texts.html("documents.filter.status")}">'
        f'<option value="">{texts.html("documents.filter.every")}</option>{states}</select></div>'
    )


def _head(column: str, texts: Texts) -> str:
    kind = ' class="number"' if column in NUMBERS else ""
    return (
        f'<th scope="col"{kind}><button class="sort" data-sort="{column}">'
        f"{texts.html(f'documents.{column}')}</button></th>"
    )


def _row(document: DocumentRecord, texts: Texts) -> str:
    name, status = escape(document.name), document.status
    reason = ""
    if status is DocumentStatus.FAILED and document.reason:
        line = texts.html("documents.unread.because", reason=document.reason)
        reason = f'<p class="reason">{line}</p>'
        if not document.has_original:
            reason += f'<p class="reason">{texts.html("documents.again.not_kept")}</p>'
    elif status is DocumentStatus.READY and document.reason:
        reason = f'<p class="reason">{escape(document.reason)}</p>'
    added = document.added_at.isoformat()
    cells = (
        ("status", status.value, f'<span class="status">{texts.html(f"documents.{status.value}")}'
         "</span>"),
        ("pages", document.pages, _number(document.pages, texts)),
        ("chunks", document.chunks, _number(document.chunks or None, texts)),
        ("size", document.bytes, size_text(document.bytes, texts)),
        ("added", added, f'<time datetime="{added}">{texts.day(document.added_at)}</time>'),
    )  # fmt: skip
    return (
        f'<tr class="{status.value}"><th scope="row" data-value="{name}">'
        f"{_name(document)}{reason}</th>"
        + "".join(
            f'<td{" class=number" if column in NUMBERS else ""} data-label="'
            f'{texts.html(f"documents.{column}")}" data-value="{"" if value is None else value}">'
            f"{shown}</td>"
            for column, value, shown in cells
        )
        + f'<td class="last"><span class="row-actions">{_ask(document, texts)}'
        f"{_again(document, texts)}{_delete(document, texts)}</span></td></tr>"
    )


def _name(document: DocumentRecord) -> str:
    """Return the name; for a readable document it opens the viewer."""
    name = escape(document.name)
    shown = f'<span title="{name}">{name}</span>'
    if document.status is not DocumentStatus.READY:
        return shown
    return (
        '<button class="document-name" data-action="open_document" '
        f'data-id="{escape(document.id)}">{shown}</button>'
    )


def _ask(document: DocumentRecord, texts: Texts) -> str:
    """Return the button to ask only this document."""
    if document.status is not DocumentStatus.READY:
        return ""
    label = texts.html("documents.ask.named", name=document.name)
    return (
        '<button class="icon-button" data-action="ask_document" data-view="chat" '
        f'data-id="{escape(document.id)}" aria-label="{label}" '
        f'title="{texts.html("documents.ask")}"><span class="glyph icon-ask"></span></button>'
    )


def _again(document: DocumentRecord, texts: Texts) -> str:
    """Return the button to read a document again, if its original is kept."""
    if not document.has_original:
        return ""
    label = texts.html("documents.again.named", name=document.name)
    return (
        f'<button class="icon-button" data-action="reingest_document" '
        f'data-id="{escape(document.id)}" aria-label="{label}" '
        f'title="{texts.html("documents.again")}"><span class="glyph icon-again"></span></button>'
    )


def _failed_again(documents: Sequence[DocumentRecord], texts: Texts) -> str:
    """Return the button to read all failed documents again, if there are several."""
    failed = [
        each for each in documents if each.status is DocumentStatus.FAILED and each.has_original
    ]
    if len(failed) < FEW:
        return ""
    label = texts.html("documents.again.failed", count=texts.number(len(failed)))
    return f'<p><button class="quiet" data-action="reingest_failed">{label}</button></p>'


def _delete(document: DocumentRecord, texts: Texts) -> str:
    """Return a delete button with a confirmation."""
    if document.status is DocumentStatus.PENDING:
        return ""
    what = texts.html(
        "documents.delete.what", chunks=texts.counted("documents.chunk", document.chunks)
    )
    label = texts.html("documents.delete.named", name=document.name)
    return (
        f'<span class="confirmed"><button class="icon-button" data-ask aria-label="{label}" '
        f'title="{texts.html("documents.delete")}"><span class="glyph icon-trash"></span></button>'
        f'<span class="confirm" role="group" aria-label="{label}" hidden>'
        f'<span class="what">{what}</span><button class="danger" data-action="delete_document" '
        f'data-id="{escape(document.id)}">{texts.html("documents.delete")}</button>'
        f'<button class="quiet" data-keep>{texts.html("keep")}</button></span></span>'
    )


def _number(value: int | None, texts: Texts) -> str:
    return texts.number(value) if value is not None else "–"
