"""Saved chats as files: Markdown for reading, JSON for import. Pure functions."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from carrel.core.chat import Message, Role
from carrel.core.conversations import Conversation, Ending, SavedTurn
from carrel.core.document_tasks import Action, DocumentTask
from carrel.core.documents import Source
from carrel.core.errors import InvalidRequest
from carrel.core.request_limits import MOST_SAVED_MESSAGES, require_few_messages
from carrel.services.history.history import Chat, title_from

FORMAT = "carrel-chat"
VERSION = 2
FIRST_VERSION = 1
"""The first version: only the shown version of a chat, without how answers ended."""

LARGEST_FILE = 5_000_000
"""Maximum bytes of an imported file: about a thousand long answers with their sources."""

LARGEST_NUMBER = 2**31
_SOURCE_FIELDS = tuple(field.name for field in fields(Source))
_WHOLE_NUMBERS = ("index", "start")
_TEXTS = ("document", "document_id", "collection", "text", "quote")
_CHAT_KEYS = ("format", "version", "title", "updated_at", "messages")
_TURN_KEYS = ("role", "content", "model", "sources")
_TASK_KEYS = tuple(field.name for field in fields(DocumentTask))


def file_name(title: str, suffix: str) -> str:
    """Return a portable file name for a chat."""
    words = re.sub(r"[^\w.-]+", "-", title).strip("-.")[:60]
    return f"{words or 'chat'}.{suffix}"


def to_json(chat: Chat) -> str:
    """Return the file that ``from_json`` reads, with all versions of the chat.

    Messages are numbered from 1 by their position in the file: ``parent`` is the number of the
    preceding message, null for a first question, and ``shown`` that of the last one shown.
    """
    numbers = {turn.id: number for number, turn in enumerate(chat.turns, 1)}
    last = chat.conversation.last
    content = {
        "format": FORMAT,
        "version": VERSION,
        "title": chat.conversation.title,
        "updated_at": chat.conversation.updated_at.isoformat(),
        "shown": len(chat.turns) if last is None else numbers[last],
        "messages": [
            {
                "role": turn.message.role.value,
                "content": turn.message.content,
                "model": turn.model,
                "sources": [asdict(source) for source in turn.sources],
                "ending": turn.ending.value,
                "error": turn.error,
                "abstained": turn.abstained,
                "task": None if turn.task is None else asdict(turn.task),
                "parent": _parent(turn, number, numbers),
            }
            for number, turn in enumerate(chat.turns, 1)
        ],
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _parent(turn: SavedTurn, number: int, numbers: Mapping[int, int]) -> int | None:
    if not turn.id:
        # Turns without ids follow one another.
        return number - 1 or None
    return None if turn.parent is None else numbers[turn.parent]


def to_markdown(chat: Chat) -> str:
    """Return the shown version of a chat as Markdown.

    Questions are headings; the answers are followed by their sources.
    """
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
    """Parse a chat from the file that ``to_json`` made; it gets a new id.

    Raises:
        TooManyMessages: it has more than ``MOST_SAVED_MESSAGES``.
        InvalidRequest: it is too large, or differs from what ``to_json`` writes.
    """
    if len(text.encode("utf-8", errors="replace")) > LARGEST_FILE:
        raise _refused(f"it is larger than {LARGEST_FILE // 1_000_000} MB")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _refused("it is no JSON") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise _refused("it was not exported by Carrel")
    version = content.get("version")
    if type(version) is not int or version not in (FIRST_VERSION, VERSION):
        raise _refused(f"it is of version {version!r}, and this Carrel reads 1 and {VERSION}")
    first = version == FIRST_VERSION
    _check_keys(content, _CHAT_KEYS if first else (*_CHAT_KEYS, "shown"), "the chat")
    title = title_from(_value(content, "title", str, "the chat"))
    messages = _value(content, "messages", list, "the chat")
    require_few_messages(len(messages), MOST_SAVED_MESSAGES)
    read = _turn if first else _numbered_turn
    turns = tuple(read(each, number) for number, each in enumerate(messages, 1))
    if not turns or any(
        turn.message.role is not Role.USER
        for number, turn in enumerate(turns, 1)
        if number == 1 or (not first and turn.parent is None)
    ):
        raise _refused("its messages do not begin with a question")
    last = None if first else _number(content, "shown", len(turns), "the chat")
    conversation = Conversation(
        uuid4().hex, title, "", _date(content), messages=len(turns), last=last
    )
    return Chat(conversation, turns)


def _numbered_turn(content: object, number: int) -> SavedTurn:
    """Parse a message of a file with all versions."""
    where = f"message {number}"
    keys = (*_TURN_KEYS, "ending", "error", "abstained", "task", "parent")
    entries = _check_keys(content, keys, where)
    error = entries["error"]
    if error is not None and not isinstance(error, str):
        raise _refused(f"the error of {where} is no text")
    if entries["ending"] not in [each.value for each in Ending]:
        raise _refused(f"the ending of {where} is unknown")
    parent = entries["parent"]
    if parent is not None:
        parent = _number(entries, "parent", number - 1, where)
    return replace(
        _turn({name: entries[name] for name in _TURN_KEYS}, number),
        ending=Ending(entries["ending"]),
        error=error,
        abstained=_value(entries, "abstained", bool, where),
        task=None if entries["task"] is None else _task(entries["task"], f"the task of {where}"),
        id=number,
        parent=parent,
    )


def _task(content: object, where: str) -> DocumentTask:
    entries = _check_keys(content, _TASK_KEYS, where)
    if entries["action"] not in [each.value for each in Action]:
        raise _refused(f"the action of {where} is unknown")
    collections, ids = (
        tuple(_value(entries, name, list, where)) for name in ("collections", "document_ids")
    )
    if not collections or not all(isinstance(each, str) for each in (*collections, *ids)):
        raise _refused(f"the documents of {where} are not named by texts")
    return DocumentTask(
        Action(entries["action"]),
        collections,
        ids,
        _value(entries, "named", str, where),
        _value(entries, "focus", str, where),
    )


def _number(entries: dict[str, Any], name: str, most: int, where: str) -> int:
    number: int = _value(entries, name, int, where)
    if not 1 <= number <= most:
        raise _refused(f"the entry {name} of {where} is out of range")
    return number


def _turn(content: object, number: int) -> SavedTurn:
    where = f"message {number}"
    entries = _check_keys(content, _TURN_KEYS, where)
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
    # Not a float that JSON parsers accept but others do not: NaN, or endless digits.
    if type(score) not in (int, float) or not -LARGEST_NUMBER < score < LARGEST_NUMBER:
        raise _refused(f"the score of {where} is no number")
    for name in (*_WHOLE_NUMBERS, "page"):
        if not 0 <= (entries[name] or 0) < LARGEST_NUMBER:
            raise _refused(f"the entry {name} of {where} is out of range")
    if entries["quote"] not in entries["text"]:
        raise _refused(f"the quote of {where} does not occur in its text")
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
    # A future date would stay above all others.
    return min(date.astimezone(UTC), datetime.now(UTC))


def _refused(reason: str) -> InvalidRequest:
    return InvalidRequest(f"The chat was not imported: {reason}.")
