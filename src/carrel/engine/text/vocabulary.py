"""Valid token ids of a model. Its tokenizer may have more: some fine-tunes only add tokens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from transformers import GenerationConfig

from carrel.core.errors import InvalidRequest


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Number of ids that a model can read (``readable``) and write (``writable``), from 0."""

    readable: int
    writable: int

    def refuse_unreadable(self, tokens: Sequence[int], text: Any) -> None:
        """Refuse a prompt with an id that has no embedding; ``text`` decodes ids.

        Raises:
            InvalidRequest: with the first such token.
        """
        foreign = next((each for each in tokens if not 0 <= each < self.readable), None)
        if foreign is not None:
            raise InvalidRequest(
                f"The prompt holds the token {text([foreign])!r} with the id {foreign}, which the "
                f"model does not have: its ids go from 0 to {self.readable - 1}. Remove it."
            )

    def written(self, tokens: Iterable[int] | None) -> list[int] | None:
        """Return those of the ids that the model can write, None if none is left."""
        return [each for each in tokens or () if 0 <= each < self.writable] or None


def vocabulary_of(model: Any) -> Vocabulary:
    """Return the ids of a model: by its embedding and its output, if it shows them."""
    size = int(model.config.get_text_config().vocab_size)
    return Vocabulary(
        _rows(model, "get_input_embeddings") or size, _rows(model, "get_output_embeddings") or size
    )


def keep_writable(defaults: GenerationConfig, vocabulary: Vocabulary) -> None:
    """Drop ids without scores from a generation configuration."""
    for name in ("eos_token_id", "suppress_tokens", "begin_suppress_tokens"):
        setattr(defaults, name, vocabulary.written(getattr(defaults, name)))
    bad = [each for each in defaults.bad_words_ids or () if vocabulary.written(each) == list(each)]
    defaults.bad_words_ids = bad or None


def _rows(model: Any, method: str) -> int | None:
    """Return the rows of the matrix that a method of transformers models names, if it has one."""
    try:
        weight = getattr(getattr(model, method)(), "weight", None)
    except (AttributeError, NotImplementedError):
        return None
    # Packed weights have another shape.
    if weight is None or weight.ndim != 2 or not weight.is_floating_point():
        return None
    return int(weight.shape[0])
