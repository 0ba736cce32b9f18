"""Answer settings of a tab, in place of the server's defaults."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, ValidationError

from carrel.core.chat import AnswerStyle, Message, Role, SamplingParams, Scope
from carrel.core.errors import InvalidRequest
from carrel.settings.schema import Settings
from carrel.ui.i18n.texts import ENGLISH
from carrel.ui.state.choices import sampling_of

GENERATION = ("temperature", "top_p", "repetition_penalty", "max_new_tokens")
DOCUMENTS = ("answer_style", "top_k")
FIELDS = ("system_prompt", *GENERATION, *DOCUMENTS)
"""Names of the settings in the tab's panel."""


@dataclass(frozen=True, slots=True)
class AnswerOptions:
    """The tab's options; ``system_prompt`` None keeps the server's own."""

    sampling: SamplingParams
    style: AnswerStyle
    top_k: int
    system_prompt: str | None = None

    def scoped(self, scope: Scope | None) -> Scope | None:
        """Return the scope with the tab's style and number of passages."""
        return scope and replace(scope, style=self.style, top_k=self.top_k)

    def led(self, messages: tuple[Message, ...]) -> tuple[Message, ...]:
        """Return the messages with the tab's system prompt first."""
        if self.system_prompt is None:
            return messages
        return (Message(Role.SYSTEM, self.system_prompt), *messages)


def defaults_of(settings: Settings) -> dict[str, Any]:
    """Return the server's own value of each field."""
    generation, documents = settings.generation, settings.documents
    return {
        "system_prompt": generation.system_prompt,
        **{name: getattr(generation, name) for name in GENERATION},
        **{name: getattr(documents, name) for name in DOCUMENTS},
    }


def read_options(settings: Settings, given: dict[str, Any]) -> AnswerOptions:
    """Parse the fields of the panel; an empty or missing one means the default.

    Raises:
        InvalidRequest: a value is out of its bounds.
    """
    usual = defaults_of(settings)
    wanted = usual | {name: value for name, value in given.items() if value is not None}
    _check(settings.generation, GENERATION, wanted)
    _check(settings.documents, DOCUMENTS, wanted)
    prompt = wanted["system_prompt"].strip()
    sampling = replace(sampling_of(settings), **{name: wanted[name] for name in GENERATION})
    return AnswerOptions(
        sampling,
        AnswerStyle(wanted["answer_style"]),
        wanted["top_k"],
        None if not prompt or prompt == usual["system_prompt"].strip() else prompt,
    )


def _check(section: BaseModel, names: tuple[str, ...], wanted: dict[str, Any]) -> None:
    # The bounds are those of the settings: they are defined once.
    try:
        type(section).model_validate(section.model_dump() | {name: wanted[name] for name in names})
    except ValidationError as error:
        fault = error.errors()[0]
        name = str(fault["loc"][0]) if fault["loc"] else names[0]
        why = fault["msg"].removeprefix("Value error, ").removeprefix("Input ")
        label = ENGLISH(f"answer.{name}")
        raise InvalidRequest(f"{label} {wanted[name]}: {why}. Change it.") from error
