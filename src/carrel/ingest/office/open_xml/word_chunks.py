"""Documents of other formats inside Word documents (``altChunk``; ECMA-376, part 1, 17.17.2.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from email import message_from_bytes
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from carrel.core.documents import Section
from carrel.core.errors import UnreadableDocument, UnsupportedFormat
from carrel.ingest.failures import as_core_error
from carrel.ingest.office.rich_text import RichTextReader
from carrel.ingest.text.blocks import Block
from carrel.ingest.text.encoding import codec_named, decode
from carrel.ingest.web.web import page_sections, page_text

MOST_DEPTH = 4
_PAGES = ("text/html", "application/xhtml+xml")
_RICH_TEXT = ("application/rtf", "text/rtf")
_ARCHIVES = ("message/rfc822", "multipart/related", "application/x-mimearchive")

ReadWord = Callable[[Path], Iterator[Section]]


def chunk_blocks(part: Any, read_word: ReadWord) -> Iterator[Block]:
    """Yield the text of an embedded document by its content type.

    Raises:
        UnreadableDocument: it is damaged, or of another format.
    """
    try:
        yield from _chunk_blocks(part, read_word)
    except Exception as error:
        # What libraries raise for damage is not documented.
        raise as_core_error(error) from error


def _chunk_blocks(part: Any, read_word: ReadWord) -> Iterator[Block]:
    kind, data = str(part.content_type).partition(";")[0].lower(), part.blob
    if kind in _PAGES:
        yield from _blocks(page_sections(page_text(data)))
    elif kind in _ARCHIVES:
        yield from _blocks(_page_of_archive(data))
    elif kind == "text/plain":
        yield Block(decode(data))
    elif kind in _RICH_TEXT:
        yield from _read_file(data, RichTextReader().read)
    elif "wordprocessingml" in kind or "ms-word" in kind:
        yield from _read_file(data, read_word)
    else:
        raise UnsupportedFormat(f"an embedded document of type {kind} cannot be read")


def _blocks(sections: Iterator[Section]) -> Iterator[Block]:
    for section in sections:
        yield Block(section.text)


def _page_of_archive(data: bytes) -> Iterator[Section]:
    for part in message_from_bytes(data).walk():
        if part.get_content_type() in _PAGES:
            content = part.get_payload(decode=True)
            if isinstance(content, bytes):
                charset = part.get_content_charset()
                yield from page_sections(decode(content, codec_named(charset or "")))
                return
    raise UnreadableDocument("an embedded web page is damaged: no part of it is a page")


def _read_file(data: bytes, read: ReadWord) -> Iterator[Block]:
    with TemporaryDirectory(prefix="carrel-chunk-") as folder:
        path = Path(folder) / "file"
        path.write_bytes(data)
        yield from _blocks(read(path))
