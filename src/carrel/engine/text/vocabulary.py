"""Which token ids a model has. Its tokenizer may know more: some fine-tunes add tokens alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from transformers import GenerationConfig

from carrel.core.errors import InvalidRequest


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """How many ids a model can read (``readable``) and write (``writable``), counted from 0."""

    readable: int
    writable: int

    def refuse_unreadable(self, tokens: Sequence[int], text: Any) -> None:
        """Refuse a prompt that holds an id without an embedding; ``text`` makes text of ids.

        Raises:
            InvalidRequest: with the first such token.
        """
        foreign = next((each for each in tokens if not 0 <= each < self.readable), None)
        if foreign is not None:
            raise InvalidRequest(
                f"The prompt holds the token {text([foreign])!r} with the id {foreign}, which the "
                f"model does not have: its ids go from 0 to {self.readable - 1}. Leave it out."
            )

    def written(self, tokens: Iterable[int] | None) -> list[int] | None:
        """Return those of the ids that the model can write, None where none is left."""
        return [each for each in tokens or () if 0 <= each < self.writable] or None


def vocabulary_of(model: Any) -> Vocabulary:
    """Return the ids of a model: by its embedding and its output where it shows them."""
    size = int(model.config.get_text_config().vocab_size)
    return Vocabulary(
        _rows(model, "get_input_embeddings") or size, _rows(model, "get_output_embeddings") or size
    )


def keep_writable(defaults: GenerationConfig, vocabulary: Vocabulary) -> None:
    """Drop from a generation configuration the ids for which there are no scores."""
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
    # Packed weights of few bits have another shape.
    if weight is None or weight.ndim != 2 or not weight.is_floating_point():
        return None
    return int(weight.shape[0])
