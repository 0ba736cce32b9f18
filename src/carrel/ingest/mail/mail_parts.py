"""Parts of a mail: text and attachments, decoded."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from html import unescape
from pathlib import PurePosixPath

from carrel.core.document_names import path_name
from carrel.ingest.text.cleaning import one_line
from carrel.ingest.text.encoding import codec_named, decode
from carrel.ingest.web.web import page_sections

_NAME_CHARACTERS = 150
_ENDING_CHARACTERS = 20
_ENDINGS = {"text/plain": ".txt", "text/html": ".html", "message/rfc822": ".eml"}
# Of the words of a page, so many may be in its head, its links and footers alone.
_MOST_MISSING = 0.6
_COMPARED_WORDS, _COMPARED_CHARACTERS = 1_000, 100_000
_MARKUP = re.compile(r"<[^<>]*>")
_UNSHOWN = re.compile(r"(<(?:style|script|title)\b|<!--)|(</(?:style|script|title)\b|-->)", re.I)
# Text without spaces is compared by its characters.
_WORD = re.compile(r"[\u0e00-\u0eff\u3040-\u9fff]|[^\W_]{2,}")
_FORBIDDEN_IN_NAMES = re.compile(r'[/\\:*?"<>|]+')


@dataclass
class MailParts:
    """The parts of a message in their order."""

    bodies: list[Message] = field(default_factory=list)
    attachments: list[Message] = field(default_factory=list)


def parts_of(message: Message) -> MailParts:
    """Return the parts; of alternatives the plain text is the body, else the HTML.

    A mail inside the mail is one attachment, whatever it contains.
    """
    found = MailParts()
    if message.get_content_type() == "message/rfc822" or not message.is_multipart():
        is_body = _is_text(message) and not _is_attached(message)
        (found.bodies if is_body else found.attachments).append(message)
        return found
    inner = [parts_of(part) for part in _children(message)]
    for parts in inner:
        found.attachments += parts.attachments
    if message.get_content_type() != "multipart/alternative":
        for parts in inner:
            found.bodies += parts.bodies
    else:
        found.bodies = _best_form([parts.bodies for parts in inner])
    return found


def decoded_body(part: Message) -> str:
    """Return a body part as it is written, in its declared or detected encoding."""
    data = payload(part)
    return decode(data, charset_of(part))


def text_of(part: Message) -> str:
    """Return the text of a body part; HTML is read like ``WebReader`` does."""
    text = decoded_body(part)
    if part.get_content_type() == "text/html":
        return "\n".join(section.text for section in page_sections(text))
    return text


def payload(part: Message) -> bytes:
    """Return the decoded bytes of a part; of damaged base64 the decodable part."""
    if part.is_multipart():
        inner = _children(part)
        return inner[0].as_bytes() if inner else b""
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def charset_of(part: Message) -> str | None:
    """Return the declared codec of a part's text, if usable."""
    return codec_named(_parameter(part.get_content_charset))


def attachment_name(part: Message, number: int) -> str:
    """Return the name of an attachment, made up from its type if the mail gives none."""
    kind = part.get_content_type()
    ending = _ENDINGS.get(kind) or mimetypes.guess_extension(kind) or ""
    name = decoded_header(_parameter(part.get_filename))
    if not name and kind == "message/rfc822" and (inner := _children(part)):
        name = header_text(inner[0], "Subject")
    name = _within_length(_FORBIDDEN_IN_NAMES.sub(" ", path_name(name)).strip())
    if not name or (name.startswith(".") and not PurePosixPath(name).suffix):
        # A suffix alone is a type and no name.
        name = f"attachment {number}{name}"
    # The name selects the reader, and a mail's subject may well end in ".pdf".
    if kind == "message/rfc822" and not name.lower().endswith(ending):
        return name + ending
    return name if PurePosixPath(name).suffix else name + ending


def _within_length(name: str) -> str:
    """Cut a long name before its suffix, which selects the reader."""
    if len(name) <= _NAME_CHARACTERS:
        return name
    ending = PurePosixPath(name).suffix[:_ENDING_CHARACTERS]
    return name[: _NAME_CHARACTERS - len(ending)].rstrip() + ending


def header_text(message: Message, name: str) -> str:
    """Return a decoded header on one line; empty if it is missing."""
    # The raw value: the library replaces bytes beyond ASCII in the parsed one.
    values = (value for key, value in message.raw_items() if key.lower() == name.lower())
    return decoded_header(str(next(values, "")))


def decoded_header(value: str) -> str:
    """Return a header's value in clean text; wrong or missing charsets are guessed."""
    # A zero byte would make the others look like UTF-16.
    value = decode(value.replace("\0", "").encode("utf-8", errors="surrogateescape"))
    try:
        words = decode_header(value)
    except (HeaderParseError, ValueError):
        return one_line(value)
    parts = []
    for word, charset in words:
        if isinstance(word, str):
            parts.append(word)
        else:
            parts.append(decode(word, codec_named(charset) if charset else None))
    return one_line("".join(parts))


def _parameter(get: Callable[[], str | None]) -> str:
    """Return a property of a part, empty if damage makes the library fail."""
    try:
        return get() or ""
    except (LookupError, ValueError, TypeError, AttributeError):
        return ""


def _is_text(part: Message) -> bool:
    return part.get_content_type() in ("text/plain", "text/html")


def _is_attached(part: Message) -> bool:
    return part.get_content_disposition() == "attachment" or bool(_parameter(part.get_filename))


def _children(message: Message) -> list[Message]:
    children = message.get_payload()
    if not isinstance(children, list):
        return []
    return [each for each in children if isinstance(each, Message)]


def _best_form(forms: list[list[Message]]) -> list[Message]:
    """Return the plain text unless it is blank or a stub, else the last form with any text.

    A stub goes before that form if it says something else.
    """
    last = next((form for form in reversed(forms) if form), [])
    page = "\n".join(map(decoded_body, _of_type(last, "text/html")))
    for form in forms:
        plain = "\n".join(map(decoded_body, _of_type(form, "text/plain")))
        if not plain.strip():
            continue
        if not is_stub(plain, page):
            return form
        return [*form, *last] if says_more(plain, page) else last
    return last


def _of_type(parts: list[Message], kind: str) -> list[Message]:
    return [each for each in parts if each.get_content_type() == kind]


def is_stub(plain: str, page: str) -> bool:
    """Whether the plain form of a mail lacks most words of its HTML form.

    Newsletters are sent with a line that asks for another mail program.
    """
    return bool(page) and _lacks(plain.lower(), _page_words(page))


def says_more(plain: str, page: str) -> bool:
    """Whether most words of the plain form of a mail are not in its HTML form."""
    words = set(_WORD.findall(plain[:_COMPARED_CHARACTERS].lower())[:_COMPARED_WORDS])
    return _lacks(" ".join(_page_words(page)), words)


def _lacks(text: str, words: set[str]) -> bool:
    known = text[:_COMPARED_CHARACTERS]
    missing = sum(word not in known for word in words)
    return len(words) > 1 and missing > _MOST_MISSING * len(words)


def _page_words(page: str) -> set[str]:
    text = _MARKUP.sub(" ", _shown(page) if _UNSHOWN.search(page) else page)
    found = _WORD.findall((unescape(text) if "&" in text else text).lower())
    # The beginnings tell, and the rest of a long mail would be searched for every word.
    return set(found[:_COMPARED_WORDS])


def _shown(page: str) -> str:
    """Return a page without styles, scripts and comments, in time that grows with its length."""
    shown, begin = [], 0
    for mark in _UNSHOWN.finditer(page):
        if mark[1] and begin >= 0:
            shown.append(page[begin : mark.start()])
            begin = -1
        elif mark[2]:
            begin = mark.end()
    return " ".join((*shown, page[begin:] if begin >= 0 else ""))
