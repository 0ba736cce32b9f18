"""Saved chats as files: Markdown to read, JSON to read in again. Pure functions."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from carrel.core.chat import Message, Role
from carrel.core.conversations import Conversation, SavedTurn
from carrel.core.documents import Source
from carrel.core.errors import InvalidRequest
from carrel.services.history import Chat, title_from

FORMAT = "carrel-chat"
VERSION = 1
LARGEST_FILE = 5_000_000
"""Bytes of a file that is read in: about a thousand long answers with their sources."""

LARGEST_NUMBER = 2**31
_SOURCE_FIELDS = tuple(field.name for field in fields(Source))
_WHOLE_NUMBERS = ("index", "start")
_TEXTS = ("document", "document_id", "collection", "text", "quote")


def file_name(title: str, suffix: str) -> str:
    """Return a name for the file of a chat that every system takes."""
    words = re.sub(r"[^\w.-]+", "-", title).strip("-.")[:60]
    return f"{words or 'chat'}.{suffix}"


def to_json(chat: Chat) -> str:
    """Return the file that ``from_json`` reads, with the shown version of the chat."""
    content = {
        "format": FORMAT,
        "version": VERSION,
        "title": chat.conversation.title,
        "updated_at": chat.conversation.updated_at.isoformat(),
        "messages": [
            {
                "role": turn.message.role.value,
                "content": turn.message.content,
                "model": turn.model,
                "sources": [asdict(source) for source in turn.sources],
            }
            for turn in chat.shown
        ],
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def to_markdown(chat: Chat) -> str:
    """Return the chat to be read: questions as headings, answers with their sources below."""
    blocks = [f"# {chat.conversation.title}"]
    for turn in chat.shown:
        if turn.message.role is Role.USER:
            blocks.append(f"## {' '.join(turn.message.content.split())}")
            continue
        blocks.append(turn.message.content.strip())
        if turn.sources:
            blocks.append("\n".join(_source_line(each) for each in turn.sources))
    return "\n\n".join(blocks) + "\n"


def _source_line(source: Source) -> str:
    page = f", page {source.page}" if source.page is not None else ""
    quote = " ".join(source.quote.split())
    return f"- [{source.index}] {source.document}{page}" + (f": “{quote}”" if quote else "")


def from_json(text: str) -> Chat:
    """Read a chat from the file that ``to_json`` made; it gets an id of its own.

    Raises:
        InvalidRequest: it is too large, or anything in it is not as ``to_json`` writes it.
    """
    if len(text.encode("utf-8", errors="replace")) > LARGEST_FILE:
        raise _refused(f"it is larger than {LARGEST_FILE // 1_000_000} MB")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _refused("it is no JSON") from error
    keys = ("format", "version", "title", "updated_at", "messages")
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise _refused("it was not exported by Carrel")
    if content.get("version") != VERSION:
        raise _refused(f"it is of version {content.get('version')!r}, and this Carrel reads 1")
    _check_keys(content, keys, "the chat")
    title = title_from(_value(content, "title", str, "the chat"))
    messages = _value(content, "messages", list, "the chat")
    turns = tuple(_turn(each, f"message {number}") for number, each in enumerate(messages, 1))
    if not turns or turns[0].message.role is not Role.USER:
        raise _refused("its messages do not begin with a question")
    conversation = Conversation(uuid4().hex, title, "", _date(content), messages=len(turns))
    return Chat(conversation, turns)


def _turn(content: object, where: str) -> SavedTurn:
    entries = _check_keys(content, ("role", "content", "model", "sources"), where)
    role = entries["role"]
    if role not in ("user", "assistant"):
        raise _refused(f"the role of {where} is neither user nor assistant")
    model = entries["model"]
    if model is not None and not isinstance(model, str):
        raise _refused(f"the model of {where} is no text")
    sources = _value(entries, "sources", list, where)
    return SavedTurn(
        Message(Role(role), _value(entries, "content", str, where)),
        tuple(_source(each, f"source {at} of {where}") for at, each in enumerate(sources, 1)),
        model,
    )


def _source(content: object, where: str) -> Source:
    entries = _check_keys(content, _SOURCE_FIELDS, where)
    for name in _TEXTS:
        _value(entries, name, str, where)
    for name in _WHOLE_NUMBERS:
        _value(entries, name, int, where)
    _value(entries, "used", bool, where)
    if entries["page"] is not None:
        _value(entries, "page", int, where)
    score = entries["score"]
    # Not a number that JSON's readers take for one: NaN, or digits without end.
    if type(score) not in (int, float) or not -LARGEST_NUMBER < score < LARGEST_NUMBER:
        raise _refused(f"the score of {where} is no number")
    for name in (*_WHOLE_NUMBERS, "page"):
        if not 0 <= (entries[name] or 0) < LARGEST_NUMBER:
            raise _refused(f"the entry {name} of {where} is out of range")
    if entries["quote"] not in entries["text"]:
        raise _refused(f"the quote of {where} does not stand in its text")
    return Source(**entries)


def _check_keys(content: object, keys: tuple[str, ...], where: str) -> dict[str, Any]:
    if not isinstance(content, dict) or set(content) != set(keys):
        raise _refused(f"{where} does not have exactly the entries {', '.join(keys)}")
    return content


def _value(entries: dict[str, Any], name: str, kind: type, where: str) -> Any:
    value = entries[name]
    if type(value) is not kind:
        raise _refused(f"the entry {name} of {where} is of the wrong type")
    return value


def _date(content: dict[str, Any]) -> datetime:
    try:
        date = datetime.fromisoformat(_value(content, "updated_at", str, "the chat"))
    except ValueError as error:
        raise _refused("its date cannot be read") from error
    if date.tzinfo is None:
        raise _refused("its date has no time zone")
    # What is dated later than now would stay above all others.
    return min(date.astimezone(UTC), datetime.now(UTC))


def _refused(reason: str) -> InvalidRequest:
    return InvalidRequest(f"The chat was not imported: {reason}.")
