"""Returns what a file states about itself, by the suffix of its name."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path, PurePath

import structlog

from carrel.core.document_properties import NOTHING_STATED, DocumentProperties

log = structlog.get_logger()

# By suffix, the function below this package; none of a format is imported before its first file.
_BY_SUFFIX = {
    suffix: where
    for suffixes, where in (
        (".docx .docm .dotx .dotm", "packages:office_properties"),
        (".pptx .pptm .ppsx .ppsm .potx .potm", "packages:office_properties"),
        (".xlsx .xlsm .xltx .xltm", "packages:office_properties"),
        (".odt .odp .ods", "packages:open_document_properties"),
        (".epub", "packages:book_properties"),
        (".pdf", "pdf_info:pdf_properties"),
        (".doc .ppt .xls", "old_office:summary_properties"),
        (".rtf", "rich_text:rich_text_properties"),
        (".html .htm", "pages:page_properties"),
        (".mht .mhtml", "pages:saved_page_properties"),
        (".eml", "messages:mail_properties"),
        (".msg", "messages:outlook_properties"),
        (".md .markdown", "front_matter:markdown_properties"),
        (".org", "front_matter:org_properties"),
        (".rst", "front_matter:restructured_text_properties"),
        (".jpg .jpeg .tif .tiff .webp .heic .heif .hif .avif .png", "pictures:picture_properties"),
    )
    for suffix in suffixes.split()
}


def properties_of(path: Path, name: str) -> DocumentProperties:
    """Return the properties of a file that was read; damage to them alone is no failure."""
    where = _BY_SUFFIX.get(PurePath(name).suffix.lower())
    if where is None:
        return NOTHING_STATED
    module, _, function = where.partition(":")
    stated: Callable[[Path], DocumentProperties]
    stated = getattr(import_module(f"carrel.ingest.properties.{module}"), function)
    try:
        return stated(path)
    except Exception as error:  # noqa: BLE001 - libraries raise undocumented ones
        log.debug("document.properties_unread", kind=type(error).__name__)
        return NOTHING_STATED
