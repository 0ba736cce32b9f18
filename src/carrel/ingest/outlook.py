"""Outlook messages (.msg) by python-oxmsg."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import olefile
from oxmsg import Message
from oxmsg.attachment import Attachment
from oxmsg.domain import constants

from carrel.core.documents import Section
from carrel.core.errors import UnreadableDocument
from carrel.ingest.blocks import SECTION_CHARACTERS, heading_line
from carrel.ingest.cleaning import clean_text, one_line, squeeze_blank_lines
from carrel.ingest.contained import ContainerReader, Contents
from carrel.ingest.encoding import decode
from carrel.ingest.mail_parts import declared_codec, decoded_header
from carrel.ingest.text import cut_long_text
from carrel.ingest.web import page_sections


class OutlookReader(ContainerReader):
    """Reads MSG as ``MailReader`` reads EML: headers, plain text or else the page, attachments.

    Messages attached to the message are named and not read. The format knows no pages.
    """

    def sections(self, path: Path, contents: Contents) -> Iterator[Section]:
        """Yield the sections of the message."""
        _require_honest_sizes(path)
        message = Message.load(str(path))
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
            if data is not None:
                yield from contents.read(name, data)


def _require_honest_sizes(path: Path) -> None:
    """Refuse a container whose streams claim more than it holds, all of which would be read."""
    with olefile.OleFileIO(str(path)) as container:
        claimed = sum(
            entry.size
            for entry in container.direntries
            if entry is not None and entry.entry_type == olefile.STGTY_STREAM
        )
    if claimed > path.stat().st_size:
        raise UnreadableDocument("it is damaged: its parts claim more room than the file has")


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
    text = message.body
    if text and text.strip():
        return text
    data = message.properties.binary_prop_value(constants.PID_HTML)
    if data:
        page = decode(data, declared_codec(message.properties.body_encoding, data))
    else:
        page = message.properties.str_prop_value(constants.PID_BODY_HTML) or ""
    return "\n".join(section.text for section in page_sections(page)) if page.strip() else ""


def _name(attachment: Attachment, number: int) -> str:
    properties = attachment.properties
    name = (
        attachment.file_name
        or properties.str_prop_value(constants.PID_ATTACH_FILENAME)
        or properties.str_prop_value(constants.PID_DISPLAY_NAME)
        or ""
    )
    return one_line(name.replace("/", " ").replace("\\", " ")) or f"attachment {number}"
