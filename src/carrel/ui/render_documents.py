"""The way in of documents as HTML. Pure functions that escape all that is not ours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from carrel.core.documents import OutcomeKind
from carrel.ui.render import counted, time_left
from carrel.ui.upload import FileRow, Upload

MOST_ROWS = 200
"""Files of one upload that are shown one by one."""

LEFT_OUT = '<p class="error-line" role="alert" hidden></p>'
"""Where the page's script says which files it left out because of their size."""


def size_text(size: int) -> str:
    """Return a size in bytes as ``320 B``, ``1.2 kB``, ``3.4 MB``."""
    amount = float(size)
    for unit in ("B", "kB", "MB"):
        if amount < 1000:
            return (
                f"{amount:.0f} {unit}" if unit == "B" or amount >= 100 else f"{amount:.1f} {unit}"
            )
        amount /= 1000
    return f"{amount:.1f} GB"


def _failure(reason: str | None) -> str:
    return f"Could not be read: {reason}" if reason else "Could not be read."


def uploads_html(uploads: Iterable[Upload]) -> str:
    """Return what is known of several uploads, one below the other."""
    return "".join(upload_html(each) for each in uploads)


def upload_html(upload: Upload) -> str:
    """Return one row per file with its stage, below a line on the whole."""
    shown = _shown(upload.files)
    rows = "".join(_file_row(each) for each in shown)
    if len(shown) < len(upload.files):
        more = counted(len(upload.files) - len(shown), "more file")
        rows += f'<li class="file waiting"><span class="file-name">and {more}</span></li>'
    bar = ""
    if upload.running and not upload.growing:
        percent = f"{upload.share:.0%}"
        bar = f'<progress max="1" value="{upload.share:.3f}">{percent}</progress>'
    return (
        f'<section class="upload"><p class="upload-state" role="status">{escape(_state(upload))}'
        f"</p>{bar}<ul>{rows}</ul></section>"
    )


def _shown(files: Sequence[FileRow]) -> Sequence[FileRow]:
    """Return the rows to show: of very many files the one in work and those that failed."""
    if len(files) <= MOST_ROWS:
        return files
    telling = [
        each
        for each in files
        if each.current or (each.outcome is not None and each.outcome.kind is OutcomeKind.FAILED)
    ]
    return telling[-MOST_ROWS:]


def _state(upload: Upload) -> str:
    done = f"{upload.done:,} of {counted(len(upload.files), 'file')}"
    if upload.growing:
        done = counted(upload.done, "document")
    parts = [done, counted(upload.chunks, "chunk")]
    if upload.failed:
        parts.append(f"{upload.failed:,} failed")
    if upload.running and upload.chunks_per_second is not None:
        rate = upload.chunks_per_second
        parts.append(f"{rate:.0f} chunks/s" if rate >= 10 else f"{rate:.1f} chunks/s")
    if upload.running and upload.seconds_left is not None:
        parts.append(time_left(upload.seconds_left))
    if upload.stopped:
        parts.append("stopped by you")
    return " · ".join(parts)


def _file_row(row: FileRow) -> str:
    kind, stage = _stage(row)
    return (
        f'<li class="file {kind}"><span class="file-name" title="{escape(row.name)}">'
        f'{escape(row.name)}</span><span class="file-stage">{escape(stage)}</span></li>'
    )


def _stage(row: FileRow) -> tuple[str, str]:
    """Return the style and the words of a file's stage."""
    if row.outcome is None:
        if row.left_out:
            return "left-out", "left out"
        if not row.current:
            return "waiting", "waiting"
        of = f" of {row.page_count:,}" if row.page_count else ""
        return "reading", f"reading page {row.pages:,}{of}" if row.pages else "reading"
    outcome = row.outcome
    if outcome.kind is OutcomeKind.FAILED:
        return "failed", _failure(outcome.reason)
    if outcome.kind is OutcomeKind.UNCHANGED:
        return "ready", "there already, unchanged"
    document = outcome.document
    parts = ["replaced the older version" if outcome.kind is OutcomeKind.REPLACED else "ready"]
    if document is not None and document.pages:
        parts.append(counted(document.pages, "page"))
    if document is not None:
        parts.append(counted(document.chunks, "chunk"))
    return "ready", " · ".join(parts)
