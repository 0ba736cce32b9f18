"""Properties of mails: the subject is the title, the sender the author."""

from __future__ import annotations

import io
import re
from pathlib import Path

from oxmsg import Message as OutlookMessage

from carrel.core.document_properties import NOTHING_STATED, DocumentProperties
from carrel.ingest.detection.mail_head import is_mailbox
from carrel.ingest.mail.mail import parse_mail
from carrel.ingest.mail.mail_parts import decoded_header, header_text
from carrel.ingest.mail.outlook import require_honest_sizes
from carrel.ingest.properties.stated import Stated

_HEAD_BYTES = 1 << 18
_NEXT_SENDER = re.compile(r"(?<=>)\s*,\s*")
_QUOTED = re.compile(r'"([^"<>]*)"(?= *(?:<|$))')
# An address of an Exchange server, which is no one's outside of it.
_INTERNAL = re.compile(r" *</[^<>@]*>")


def mail_properties(path: Path) -> DocumentProperties:
    """Return the properties of a single mail."""
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    if is_mailbox(head):
        return NOTHING_STATED
    message = parse_mail(io.BytesIO(head))
    stated = Stated()
    stated.title(header_text(message, "Subject"))
    stated.author(*_senders(header_text(message, "From")))
    stated.created(header_text(message, "Date"))
    stated.keywords(header_text(message, "Keywords"))
    stated.language(header_text(message, "Content-Language"))
    return stated.properties()


def outlook_properties(path: Path) -> DocumentProperties:
    """Return the properties of a message of Outlook."""
    require_honest_sizes(path)
    message = OutlookMessage.load(str(path))
    stated = Stated()
    stated.title(message.subject)
    stated.author(*_senders(decoded_header(message.sender or "")))
    stated.created(message.sent_date)
    return stated.properties()


def _senders(header: str) -> list[str]:
    """Return name and address of each sender, without quotation marks."""
    return [_INTERNAL.sub("", _QUOTED.sub(r"\1", each)) for each in _NEXT_SENDER.split(header)]
