"""Reader of Outlook messages (.msg) with python-oxmsg."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import cast

import olefile
from oxmsg import Message
from oxmsg.attachment import Attachment
from oxmsg.domain import constants
from oxmsg.storage import Storage, Stream

from carrel.core.documents import Section
from carrel.core.errors import UnreadableDocument
from carrel.ingest.archives.embedded_files import ContainerReader, Contents
from carrel.ingest.mail.mail_parts import decoded_header, is_stub, says_more
from carrel.ingest.text.blocks import SECTION_CHARACTERS, heading_line
from carrel.ingest.text.cleaning import clean_text, one_line, squeeze_blank_lines
from carrel.ingest.text.encoding import codec_named, decode
from carrel.ingest.text.text import cut_long_text
from carrel.ingest.web.web import page_sections

_INNER_MESSAGE = "__substg1.0_3701000D"
_PROPERTIES = "__properties_version1.0"
_INNER_HEAD = 24
_MISSING_HEAD = bytes(8)


class OutlookReader(ContainerReader):
    """Reads MSG like ``MailReader`` reads EML: headers, plain text or else HTML, attachments.

    The format has no pages.
    """

    def sections(self, path: Path, contents: Contents) -> Iterator[Section]:
        """Yield the sections of the message."""
        require_honest_sizes(path)
        yield from _message_sections(Message.load(str(path)), contents)


def _message_sections(message: Message, contents: Contents) -> Iterator[Section]:
    attachments = [
        (_name(each, number), each) for number, each in enumerate(message.attachments, start=1)
    ]
    lines = _head(message)
    if attachments:
        lines.append(f"Attachments: {', '.join(name for name, _ in attachments)}")
    body = squeeze_blank_lines(clean_text(_body(message)))
    text = "\n\n".join(part for part in ("\n".join(lines), body) if part)
    for part in cut_long_text([text], SECTION_CHARACTERS):
        yield Section(part, heading=heading_line(message.subject))
    for name, attachment in attachments:
        data = attachment.file_bytes
        inner = _inner_message(attachment)
        if data is not None:
            yield from contents.read(name, data)
        elif inner is not None:
            yield from contents.read_part(name, partial(_message_sections, inner))


def _inner_message(attachment: Attachment) -> Message | None:
    """Return an attached message, if the attachment is one and not a file."""
    storages = cast(Storage, attachment._storage).storages
    storage = next((each for each in storages if each.name == _INNER_MESSAGE), None)
    if storage is None:
        return None
    # The property header of an inner message is shorter than the library assumes.
    streams = tuple(
        Stream(each.path, each.bytes_[:_INNER_HEAD] + _MISSING_HEAD + each.bytes_[_INNER_HEAD:])
        if each.name == _PROPERTIES
        else each
        for each in storage.streams
    )
    return Message(Storage(storage.path, streams, storage.storages))


def require_honest_sizes(path: Path) -> None:
    """Refuse a container whose streams claim to be larger than the file."""
    with olefile.OleFileIO(str(path)) as container:
        claimed = sum(
            entry.size
            for entry in container.direntries
            if entry is not None and entry.entry_type == olefile.STGTY_STREAM
        )
    if claimed > path.stat().st_size:
        raise UnreadableDocument("it is damaged: its parts claim to be larger than the file")


def _head(message: Message) -> list[str]:
    properties = message.properties
    sent = message.sent_date
    values = {
        "From": decoded_header(message.sender or ""),
        "To": one_line(properties.str_prop_value(constants.PID_DISPLAY_TO) or ""),
        "Cc": one_line(properties.str_prop_value(constants.PID_DISPLAY_CC) or ""),
        "Date": sent.isoformat(" ", "minutes") if sent else "",
        "Subject": one_line(message.subject),
    }
    return [f"{name}: {value}" for name, value in values.items() if value]


def _body(message: Message) -> str:
    text = message.body or ""
    page = _page(message)
    if text.strip() and not is_stub(text, page):
        return text
    shown = "\n".join(section.text for section in page_sections(page)) if page.strip() else ""
    return f"{text}\n\n{shown}" if text.strip() and says_more(text, page) else shown


def _page(message: Message) -> str:
    """Return the HTML form; empty if there is none."""
    data = message.properties.binary_prop_value(constants.PID_HTML)
    if data:
        return decode(data, codec_named(message.properties.body_encoding))
    return message.properties.str_prop_value(constants.PID_BODY_HTML) or ""


def _name(attachment: Attachment, number: int) -> str:
    properties = attachment.properties
    name = (
        attachment.file_name
        or properties.str_prop_value(constants.PID_ATTACH_FILENAME)
        or properties.str_prop_value(constants.PID_DISPLAY_NAME)
        or ""
    )
    return one_line(name.replace("/", " ").replace("\\", " ")) or f"attachment {number}"
