"""Text completion without a chat template."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace

from carrel.core.chat import EngineEvent, Message, Role, SamplingParams
from carrel.core.models import EnginePool
from carrel.services.merging import Numbered, merged

Prompt = str | tuple[int, ...]
"""A text, or ids of the model's own tokens."""


@dataclass(frozen=True, slots=True)
class TextRequest:
    """Prompts, each to be continued ``continuations`` times.

    ``caller`` tells apart users of an account, as in a ``ChatRequest``.
    """

    prompts: tuple[Prompt, ...]
    sampling: SamplingParams
    continuations: int = 1
    model: str | None = None
    caller: str = ""


class TextCompletionService:
    """Completes prompts."""

    def __init__(self, models: EnginePool) -> None:
        self._models = models

    def complete(self, request: TextRequest) -> AsyncGenerator[Numbered[EngineEvent]]:
        """Yield the events of all continuations as they arrive, each ending with ``Finished``.

        Numbered as by OpenAI: those of the first prompt, then the second's.
        Closing the generator stops the model.

        Raises:
            ModelNotFound, ModelNotReady, ModelLoadFailed: at once; the model cannot answer.
            InvalidRequest: a prompt is empty, or a token id is unknown.
            PromptTooLong, UnsupportedParameter, GenerationFailed: as ``Engine.generate``.
        """
        engine = self._models.get(request.model)
        return merged(
            [
                engine.generate([message], sampling, request.caller)
                for message in map(_message, request.prompts)
                for sampling in several(request.sampling, request.continuations)
            ]
        )


def several(sampling: SamplingParams, count: int) -> Sequence[SamplingParams]:
    """Return the sampling of ``count`` answers to one prompt, each with its own seed."""
    if sampling.seed is None:
        return [sampling] * count
    return [replace(sampling, seed=_seed(sampling.seed + number)) for number in range(count)]


def _seed(number: int) -> int:
    """Keep a seed within 64 bits."""
    return (number + 2**63) % 2**64 - 2**63


def _message(prompt: Prompt) -> Message:
    if isinstance(prompt, str):
        return Message(Role.PROMPT, prompt)
    return Message(Role.PROMPT, "", prompt)
