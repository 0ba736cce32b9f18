"""Reader of mail (RFC 5322, MIME), one message per file or many in a mailbox."""

from __future__ import annotations

import mailbox
from collections.abc import Iterator
from contextlib import closing
from email.message import Message
from email.parser import BytesParser
from email.policy import Compat32
from pathlib import Path
from typing import IO, Any

from carrel.core.documents import Section
from carrel.core.errors import UnreadableDocument
from carrel.ingest.archives.embedded_files import ContainerReader, Contents
from carrel.ingest.detection.mail_head import is_mailbox
from carrel.ingest.mail.mail_parts import (
    MailParts,
    attachment_name,
    header_text,
    parts_of,
    text_of,
)
from carrel.ingest.mail.mail_stream import attachment_data
from carrel.ingest.text.blocks import SECTION_CHARACTERS, heading_line
from carrel.ingest.text.cleaning import clean_text, squeeze_blank_lines
from carrel.ingest.text.text import TextReader, cut_long_text

_HEADERS = ("From", "To", "Cc", "Date", "Subject")
# One of them distinguishes a mail from other text; a part of a mail may only have the last.
_KNOWN_HEADERS = frozenset(("from", "to", "date", "subject", "received", "return-path")).union(
    ("reply-to", "sender", "cc", "bcc", "delivered-to", "message-id", "mime-version"),
    ("content-type",),
)
_HEADER_CHARACTERS = 10_000
_FIRST_BYTES = 1 << 16


class MailReader(ContainerReader):
    """Reads EML: the headers as first lines, the body, then the attachments.

    The subject is the heading of the body; an attachment's sections have its name as heading.
    Of a body in several forms the plain text is read, else the HTML. The format has no pages. A
    file without any header is read as plain text, and several mails as a mailbox.
    """

    def sections(self, path: Path, contents: Contents) -> Iterator[Section]:
        """Yield the sections of the message."""
        with path.open("rb") as stream:
            if is_mailbox(stream.read(_FIRST_BYTES)):
                yield from mailbox_sections(path, contents)
                return
            stream.seek(0)
            message = parse_mail(stream)
        if _KNOWN_HEADERS.isdisjoint(map(str.lower, message.keys())):
            yield from TextReader().read(path)
        else:
            yield from message_sections(message, contents)


class MailboxReader(ContainerReader):
    """Reads mbox: every message as ``MailReader`` does, ``page`` is its number.

    One message is in memory at a time.
    """

    def sections(self, path: Path, contents: Contents) -> Iterator[Section]:
        """Yield the sections of one message after the other, attachments included."""
        _require_mailbox(path)
        yield from mailbox_sections(path, contents)


def mailbox_sections(path: Path, contents: Contents) -> Iterator[Section]:
    """Yield the sections of each message of a mailbox, with its number as page."""
    with closing(mailbox.mbox(path, create=False)) as box:
        for number, key in enumerate(box.iterkeys(), start=1):
            contents.reset_count()
            with closing(box.get_file(key)) as stream:
                message = parse_mail(stream)
            for section in message_sections(message, contents):
                yield Section(section.text, number, section.heading)


def parse_mail(stream: IO[bytes] | Any) -> Message:
    """Return the message in a byte stream.

    The parser accepts anything. It is the older one of Python's two: the newer takes quadratic time
    for long headers and fails on damaged ones.
    """
    return BytesParser(policy=_ShortHeaders()).parse(stream)


class _ShortHeaders(Compat32):
    """Cuts headers that are longer than any real one."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[:_HEADER_CHARACTERS]


def message_sections(message: Message, contents: Contents) -> Iterator[Section]:
    """Yield the sections of a message: headers and body, then each attachment."""
    parts = parts_of(message)
    subject = heading_line(header_text(message, "Subject"))
    for text in cut_long_text([_head_and_body(message, parts)], SECTION_CHARACTERS):
        if text.strip():
            yield Section(text, heading=subject)
    for number, part in enumerate(parts.attachments, start=1):
        yield from contents.read(attachment_name(part, number), attachment_data(part))


def _head_and_body(message: Message, parts: MailParts) -> str:
    lines = [f"{name}: {text}" for name in _HEADERS if (text := header_text(message, name))]
    names = [attachment_name(part, number) for number, part in enumerate(parts.attachments, 1)]
    if names:
        lines.append(f"Attachments: {', '.join(names)}")
    body = "\n\n".join(squeeze_blank_lines(clean_text(text_of(part))) for part in parts.bodies)
    return "\n".join(lines) + "\n\n" + body if lines and body else "\n".join(lines) or body


def _require_mailbox(path: Path) -> None:
    with path.open("rb") as stream:
        head = stream.read(_FIRST_BYTES)
    if head.strip() and not head.startswith(b"From ") and b"\nFrom " not in head:
        raise UnreadableDocument(
            'it is no mailbox: no message in it begins with a line "From "; '
            "rename it to end in .eml if it is a single mail"
        )
