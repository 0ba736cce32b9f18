"""What a reward model promises; ``tests/contracts`` holds its conformance suite."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from carrel.core.chat import Message


class ResponseScorer(Protocol):
    """A reward model: says how good an answer is."""

    @property
    def name(self) -> str:
        """The model's name, as users read it beside a score."""
        ...

    async def score(self, messages: Sequence[Message], answer: str) -> float:
        """Return how good the answer to the conversation is: finite, higher is better.

        The scale is the model's own; scores of one model are comparable. A conversation that is
        too long for the model loses its beginning, never a part of the answer. The same call gives
        the same score, whatever else is scored. Calls wait for each other; a cancelled one no
        longer holds up the others.

        Raises:
            InvalidRequest: there is no message, or the model's chat template refuses them.
            PromptTooLong: the answer alone does not fit the model.
            ModelNotReady: the model is still loading.
            ModelNotFound, ModelLoadFailed, StorageFull: it could not be loaded.
            GenerationFailed: it failed, or it was unloaded.
        """
        ...

    async def close(self) -> None:
        """Stop what is scored and free the memory. Closing twice does nothing."""
        ...
