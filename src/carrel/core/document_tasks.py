"""Document tasks: everything but answering a question."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from carrel.core.access import Principal


class Action(StrEnum):
    """``SEARCH`` lists the best passages without a model."""

    SUMMARIZE = "summarize"
    EXTRACT = "extract"
    SEARCH = "search"


@dataclass(frozen=True, slots=True)
class DocumentTask:
    """A task and its documents.

    Empty ``document_ids`` means every document of the ``collections``; ``named`` is how the task
    names them. ``focus`` is the topic to concentrate on, or the query.
    """

    action: Action
    collections: tuple[str, ...]
    document_ids: tuple[str, ...] = ()
    named: str = ""
    focus: str = ""


@dataclass(frozen=True, slots=True)
class TaskRequest:
    """Who requests a task. ``max_tokens`` limits the text, in tokens of the model."""

    task: DocumentTask
    principal: Principal
    model: str | None = None
    max_tokens: int | None = None
    caller: str = ""
