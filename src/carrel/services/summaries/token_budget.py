"""Divides a model's context between input text and output."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from carrel.core.documents import Chunk
from carrel.core.errors import PromptTooLong
from carrel.core.protocols.adapters import Engine
from carrel.services.summaries.document_parts import Part
from carrel.services.summaries.parallel_texts import Prompt

WRITTEN_SHARE = 4
"""The output has at most one fourth of the context."""

LEAST_TOKENS = 64
"""With fewer tokens for the text a part would be a sentence or two."""


@dataclass(frozen=True, slots=True)
class TokenBudget:
    """Tokens of the input text of one prompt, and of its output."""

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
            PromptTooLong: the focus and the task leave no tokens for the text.
        """
        # Page numbers and the name take tokens beside the text, too.
        empty = Part(name, "", (Chunk("", "", 0, "", 99_999), Chunk("", "", 1, "", 99_999)))
        around = await engine.count_tokens(prompt(empty))
        length = engine.info.context_length
        written = min(longest, length // WRITTEN_SHARE)
        read = length - around - written
        if read < LEAST_TOKENS:
            raise PromptTooLong(
                f"The context of {engine.info.name} has {length} tokens: the task takes {around} "
                f"and its result {written}, so none are left for the text. Shorten the focus, ask "
                "for fewer tokens, or take another model."
            )
        return cls(read, written)
