"""How many tokens of a text a sentence-transformers model reads."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any

from carrel.core.errors import InvalidRequest
from carrel.index.embedding.document_prompt import document_prompt

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

ADDED = 8
"""Most tokens that a tokenizer puts around a text."""


class TokenWindow:
    """Counts texts in a model's own tokens, with its prompt for documents.

    It has a tokenizer of its own, because the model's is set to cut what it reads; it may be used
    while the model computes.
    """

    def __init__(self, model: SentenceTransformer) -> None:
        self.length = model.max_seq_length
        self._prompt = document_prompt(model)
        self._lock = Lock()
        self._tokenizer = _own_copy(model.tokenizer)
        self._is_slow = not hasattr(self._tokenizer, "encode_batch_fast")

    def fits(self, texts: Sequence[str], reserve: int) -> list[bool]:
        """Tell for each text whether it, its prompt and ``reserve`` tokens fit the window."""
        if self.length is None:
            return [True] * len(texts)
        room = self.length - reserve
        short = [self._surely_fits(text, room) for text in texts]
        longer = [text for text, known in zip(texts, short, strict=True) if not known]
        counts = iter(self.counts(longer))
        return [known or next(counts) <= room for known in short]

    def counts(self, texts: Sequence[str]) -> list[int]:
        """Return the tokens of each text, with its prompt and those around it."""
        return self._counts([self._prompt + text.strip() for text in texts])

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of token ids.

        Raises:
            InvalidRequest: an id is none of the vocabulary.
        """
        size = len(self._tokenizer) if self._is_slow else self._tokenizer.get_vocab_size()
        for each in ids:
            if not 0 <= each < size:
                raise InvalidRequest(
                    f"Token id {each} is none of the embedder's, which go from 0 to {size - 1}: "
                    "send the text instead."
                )
        with self._lock:
            return str(self._tokenizer.decode(list(ids), skip_special_tokens=True))

    def _surely_fits(self, text: str, room: int) -> bool:
        # A letter of ASCII is one token at most; normalizing can make many of another character.
        return text.isascii() and len(self._prompt) * 4 + len(text) + ADDED <= room

    def _counts(self, texts: list[str]) -> list[int]:
        if not texts:
            return []
        if not self._is_slow:
            return [len(each.ids) for each in self._tokenizer.encode_batch_fast(texts)]
        with self._lock:
            encoded = self._tokenizer(texts, truncation=False, verbose=False)["input_ids"]
        return [len(each) for each in encoded]


def _own_copy(tokenizer: Any) -> Any:
    """Return the fast tokenizer that neither cuts nor pads; one without it is used as it is."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        return tokenizer
    copy = type(backend).from_str(backend.to_str())
    copy.no_truncation()
    copy.no_padding()
    return copy
