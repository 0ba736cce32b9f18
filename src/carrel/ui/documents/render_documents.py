"""Renders the progress of uploads. Pure functions; external text is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from carrel.core.documents import OutcomeKind
from carrel.ui.i18n.texts import ENGLISH, Texts
from carrel.ui.shell.render import time_left
from carrel.ui.state.upload import FileRow, Upload

MOST_ROWS = 200
"""Maximum rows of one upload."""

LEFT_OUT = '<p class="error-line" role="alert" hidden></p>'
"""Where the page's script lists the files that it skipped."""


def size_text(size: int, texts: Texts = ENGLISH) -> str:
    """Return a size in bytes as ``320 B``, ``1.2 kB``, ``3.4 MB``."""
    amount = float(size)
    for unit in ("B", "kB", "MB"):
        if amount < 1000:
            digits = 0 if unit == "B" or amount >= 100 else 1
            return texts(f"size.{unit}", value=texts.decimal(amount, digits))
        amount /= 1000
    return texts("size.GB", value=texts.decimal(amount, 1))


def _failure(reason: str | None, texts: Texts) -> str:
    if reason:
        return texts("documents.unread.because", reason=reason)
    return texts("documents.unread")


def uploads_html(uploads: Iterable[Upload], texts: Texts = ENGLISH) -> str:
    """Return the state of several uploads, one below the other."""
    return "".join(upload_html(each, texts) for each in uploads)


def upload_html(upload: Upload, texts: Texts = ENGLISH) -> str:
    """Return one row per file with its stage, below a summary line."""
    shown = _shown(upload.files)
    rows = "".join(_file_row(each, texts) for each in shown)
    if len(shown) < len(upload.files):
        more = escape(texts.counted("upload.more", len(upload.files) - len(shown)))
        rows += f'<li class="file waiting"><span class="file-name">{more}</span></li>'
    bar, state = "", escape(_state(upload, texts))
    if upload.running and not upload.growing:
        percent = escape(texts.percent(upload.share))
        bar = f'<progress max="1" value="{upload.share:.3f}">{percent}</progress>'
    return (
        f'<section class="upload"><p class="upload-state" role="status">{state}'
        f"</p>{bar}<ul>{rows}</ul></section>"
    )


def _shown(files: Sequence[FileRow]) -> Sequence[FileRow]:
    """Return the rows to show: of very many files the current one and the failed ones."""
    if len(files) <= MOST_ROWS:
        return files
    telling = [
        each
        for each in files
        if each.current or (each.outcome is not None and each.outcome.kind is OutcomeKind.FAILED)
    ]
    return telling[-MOST_ROWS:]


def _state(upload: Upload, texts: Texts) -> str:
    files = texts.counted("count.file", len(upload.files))
    done = texts("upload.done", done=texts.number(upload.done), files=files)
    if upload.growing:
        done = texts.counted("count.document", upload.done)
    parts = [done, texts.counted("count.chunk", upload.chunks)]
    if upload.failed:
        parts.append(texts("upload.failed", count=texts.number(upload.failed)))
    if upload.running and upload.chunks_per_second is not None:
        rate = upload.chunks_per_second
        parts.append(texts("upload.speed", count=texts.decimal(rate, 0 if rate >= 10 else 1)))
    if upload.running and upload.seconds_left is not None:
        parts.append(time_left(upload.seconds_left, texts))
    if upload.stopped:
        parts.append(texts("stopped"))
    return " · ".join(parts)


def _file_row(row: FileRow, texts: Texts) -> str:
    kind, stage = _stage(row, texts)
    return (
        f'<li class="file {kind}"><span class="file-name" title="{escape(row.name)}">'
        f'{escape(row.name)}</span><span class="file-stage">{escape(stage)}</span></li>'
    )


def _stage(row: FileRow, texts: Texts) -> tuple[str, str]:
    """Return the style and the text of a file's stage."""
    if row.outcome is None:
        if row.left_out:
            return "left-out", texts("upload.left_out")
        if not row.current:
            return "waiting", texts("upload.waiting")
        return "reading", _reading(row, texts)
    outcome = row.outcome
    if outcome.kind is OutcomeKind.FAILED:
        return "failed", _failure(outcome.reason, texts)
    if outcome.kind is OutcomeKind.UNCHANGED:
        return "ready", texts("upload.unchanged")
    document = outcome.document
    replaced = outcome.kind is OutcomeKind.REPLACED
    parts = [texts("upload.replaced" if replaced else "documents.ready")]
    if document is not None and document.pages:
        parts.append(texts.counted("count.page", document.pages))
    if document is not None:
        parts.append(texts.counted("count.chunk", document.chunks))
    if outcome.reason:
        parts.append(outcome.reason)
    return "ready", " · ".join(parts)


def _reading(row: FileRow, texts: Texts) -> str:
    page = texts.number(row.pages)
    if row.pages and row.page_count:
        return texts("upload.reading.page.of", page=page, pages=texts.number(row.page_count))
    return texts("upload.reading.page", page=page) if row.pages else texts("upload.reading")
