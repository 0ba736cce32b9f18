"""Document tasks as selected and shown on the page."""

from __future__ import annotations

from dataclasses import replace

from carrel.core.document_tasks import Action, DocumentTask
from carrel.core.errors import InvalidRequest
from carrel.ui.i18n.texts import Texts
from carrel.ui.state.scope import ChosenScope

ASK = "ask"
"""The chooser's value for asking a question."""

ACTIONS = (ASK, *(each.value for each in Action))


def known_action(action: str | None) -> str:
    """Return the selected task, or asking; the value is untrusted input."""
    return action if action in ACTIONS else ASK


def task_of(
    action: str | None, focus: str, scope: ChosenScope, texts: Texts
) -> DocumentTask | None:
    """Return the selected task; None for a question.

    Without documents there is no task.
    """
    if action not in list(Action) or not scope.collections:
        return None
    return DocumentTask(
        Action(action),
        scope.collections,
        tuple(each.id for each in scope.documents),
        scope.label(texts),
        focus,
    )


def with_focus(task: DocumentTask, focus: str) -> DocumentTask:
    """Return the task with another focus.

    Raises:
        InvalidRequest: the query of a search is empty.
    """
    if task.action is Action.SEARCH and not focus:
        raise InvalidRequest("There is nothing to search for: write some words.")
    return replace(task, focus=focus)


def heading(task: DocumentTask, texts: Texts) -> str:
    """Return the task in words, for the chat."""
    what = texts(f"task.{task.action.value}.heading", documents=task.named)
    return texts("task.focused", task=what, focus=task.focus) if task.focus else what
