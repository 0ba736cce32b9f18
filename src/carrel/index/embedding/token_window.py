"""Input limit of a sentence-transformers model, in tokens."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any

from carrel.core.errors import InvalidRequest

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

ADDED = 8
"""Maximum number of special tokens around a text."""

DOCUMENT_PROMPTS = ("document", "passage", "corpus")
"""The names that models use for the prompt of documents, in the library's order."""


def document_prompt(model: SentenceTransformer) -> str:
    """Return the prompt for documents, empty if the model has none."""
    # The library takes the first existing name; it adds an empty 'document' to every model, so
    # that it would never reach the others.
    prompts = (model.prompts.get(name) for name in DOCUMENT_PROMPTS)
    return next((each for each in prompts if each), "")


class TokenWindow:
    """Counts texts in a model's own tokens, with its document prompt.

    It has its own tokenizer, because the model's truncates; it may be used while the model
    computes.
    """

    def __init__(self, model: SentenceTransformer) -> None:
        self.length = model.max_seq_length
        self._prompt = document_prompt(model)
        self._lock = Lock()
        self._tokenizer = _own_copy(model.tokenizer)
        self._is_slow = not hasattr(self._tokenizer, "encode_batch_fast")

    def fits(self, texts: Sequence[str], reserve: int) -> list[bool]:
        """Return for each text whether it, its prompt and ``reserve`` tokens fit the window."""
        if self.length is None:
            return [True] * len(texts)
        available = self.length - reserve
        short = [self._surely_fits(text, available) for text in texts]
        longer = [text for text, known in zip(texts, short, strict=True) if not known]
        counts = iter(self.counts(longer))
        return [known or next(counts) <= available for known in short]

    def counts(self, texts: Sequence[str]) -> list[int]:
        """Return the tokens of each text, with its prompt and special tokens."""
        return self._counts([self._prompt + text.strip() for text in texts])

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of token ids.

        Raises:
            InvalidRequest: an id is not in the vocabulary.
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

    def _surely_fits(self, text: str, available: int) -> bool:
        # An ASCII letter is one token at most; normalising can make many of other characters.
        return text.isascii() and len(self._prompt) * 4 + len(text) + ADDED <= available

    def _counts(self, texts: list[str]) -> list[int]:
        if not texts:
            return []
        if not self._is_slow:
            return [len(each.ids) for each in self._tokenizer.encode_batch_fast(texts)]
        with self._lock:
            encoded = self._tokenizer(texts, truncation=False, verbose=False)["input_ids"]
        return [len(each) for each in encoded]


def _own_copy(tokenizer: Any) -> Any:
    """Return a fast tokenizer without truncation and padding, or else the slow one."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        return tokenizer
    copy = type(backend).from_str(backend.to_str())
    copy.no_truncation()
    copy.no_padding()
    return copy
