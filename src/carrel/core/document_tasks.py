"""What is wanted of documents other than an answer to a question."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from carrel.core.access import Principal


class Action(StrEnum):
    """``SEARCH`` lists the passages that fit best, and asks no model."""

    SUMMARIZE = "summarize"
    EXTRACT = "extract"
    SEARCH = "search"


@dataclass(frozen=True, slots=True)
class DocumentTask:
    """What to do, with which documents.

    An empty ``document_ids`` means every document of the ``collections``; ``named`` is what they
    are called where the task is shown. ``focus`` is what to pay heed to, or to search for.
    """

    action: Action
    collections: tuple[str, ...]
    document_ids: tuple[str, ...] = ()
    named: str = ""
    focus: str = ""


@dataclass(frozen=True, slots=True)
class TaskRequest:
    """Who wants a task done. ``max_tokens`` is the longest text, in tokens of the model."""

    task: DocumentTask
    principal: Principal
    model: str | None = None
    max_tokens: int | None = None
    caller: str = ""
