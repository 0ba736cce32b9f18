"""Mail, mailboxes and saved pages, made by code."""

from __future__ import annotations

import mailbox
from collections.abc import Mapping, Sequence
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

SENT = "Mon, 02 Mar 2026 09:30:00 +0100"


def message(
    text: str = "",
    subject: str = "Alpha",
    html: str = "",
    attachments: Mapping[str, bytes] | None = None,
    inner: Sequence[EmailMessage] = (),
) -> EmailMessage:
    """Return a mail with a text, a page as its other form, attachments and mails inside it."""
    made = EmailMessage(policy=SMTP)
    made["From"] = "Ada <ada@example.org>"
    made["To"] = "Bob <bob@example.org>"
    made["Date"] = SENT
    if subject:
        made["Subject"] = subject
    if text or not html:
        made.set_content(text)
    if html and text:
        made.add_alternative(html, subtype="html")
    elif html:
        made.set_content(html, subtype="html")
    for name, data in (attachments or {}).items():
        made.add_attachment(data, "application", "octet-stream", filename=name)
    for each in inner:
        made.add_attachment(each)
    return made


def write_eml(path: Path, mail: EmailMessage) -> Path:
    """Write one mail."""
    path.write_bytes(mail.as_bytes())
    return path


def write_mbox(path: Path, mails: Sequence[EmailMessage]) -> Path:
    """Write mails into a mailbox; without any it is a file with a blank line."""
    box = mailbox.mbox(path)
    for each in mails:
        box.add(each.as_bytes().replace(b"\r\n", b"\n"))
    box.close()
    if not mails:
        path.write_text("\n")
    return path


def write_mhtml(path: Path, html: str) -> Path:
    """Write a page as browsers save it: with its pictures, in one file."""
    path.write_text(
        "From: <Saved by Blink>\r\nSubject: Saved\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/related; type="text/html"; boundary="--cut"\r\n\r\n'
        "----cut\r\nContent-Type: text/html; charset=utf-8\r\n"
        f"Content-Transfer-Encoding: 8bit\r\n\r\n{html}\r\n"
        "----cut\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n"
        "Content-Location: https://example.org/a.png\r\n\r\niVBORw0KGgo=\r\n----cut--\r\n",
        encoding="utf-8",
        newline="",
    )
    return path
