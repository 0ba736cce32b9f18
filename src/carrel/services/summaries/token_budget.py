"""How a model's context is shared between a text that is read and one that is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from carrel.core.documents import Chunk
from carrel.core.errors import PromptTooLong
from carrel.core.protocols.adapters import Engine
from carrel.services.summaries.document_parts import Part
from carrel.services.summaries.parallel_texts import Prompt

WRITTEN_SHARE = 4
"""What is written has at most one fourth of the context."""

LEAST_ROOM = 64
"""With fewer tokens for the text a part would be a sentence or two."""


@dataclass(frozen=True, slots=True)
class TokenBudget:
    """Tokens of a text that is read at once, and of the one that is written of it."""

    read: int
    written: int

    @classmethod
    async def of(
        cls,
        engine: Engine,
        prompt: Callable[[Part], Prompt],
        name: str,
        longest: int,
    ) -> TokenBudget:
        """Return the budget for prompts of documents with at most this ``name``.

        Raises:
            PromptTooLong: the focus and the task leave no room in the context.
        """
        # Page numbers and the name take tokens beside the text, too.
        empty = Part(name, "", (Chunk("", "", 0, "", 99_999), Chunk("", "", 1, "", 99_999)))
        around = await engine.count_tokens(prompt(empty))
        length = engine.info.context_length
        written = min(longest, length // WRITTEN_SHARE)
        read = length - around - written
        if read < LEAST_ROOM:
            raise PromptTooLong(
                f"The context of {engine.info.name} has {length} tokens: the task takes {around} "
                f"and its result {written}, so none are left for the text. Shorten the focus, ask "
                "for fewer tokens, or take another model."
            )
        return cls(read, written)
