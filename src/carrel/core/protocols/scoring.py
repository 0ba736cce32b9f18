"""Protocol of reward models; ``tests/contracts`` has its conformance suite."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from carrel.core.chat import Message


class ResponseScorer(Protocol):
    """A reward model: scores answers."""

    @property
    def name(self) -> str:
        """The model's name, shown beside a score."""
        ...

    async def score(self, messages: Sequence[Message], answer: str) -> float:
        """Return the score of the answer to the conversation: finite, higher is better.

        The scale is the model's own; scores of one model are comparable. A conversation that is
        too long loses its beginning, never a part of the answer. The same call returns the same
        score, whatever else is scored. Calls are queued; a cancelled one does not block the
        others.

        Raises:
            InvalidRequest: there is no message, or the model's chat template rejects them.
            PromptTooLong: the answer alone does not fit the model.
            ModelNotReady: the model is still loading.
            ModelNotFound, ModelLoadFailed, StorageFull: it could not be loaded.
            GenerationFailed: the model failed or was unloaded.
        """
        ...

    async def close(self) -> None:
        """Stop scoring and free the memory. Closing twice does nothing."""
        ...
