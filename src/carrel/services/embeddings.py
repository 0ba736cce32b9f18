"""Embeddings of texts, by the embedder of the documents."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from carrel.core.errors import InvalidRequest, ModelNotFound, PromptTooLong, UnsupportedParameter
from carrel.core.protocols.adapters import Embedder
from carrel.core.protocols.embedding import EmbedderTokens

ALSO_KNOWN_AS: Mapping[str, str] = MappingProxyType({"bundled": "all-MiniLM-L6-v2"})
"""Public name of the bundled embedder."""

GROUP = 32
"""Texts per group; other requests and ingestions run in between."""


@dataclass(frozen=True, slots=True)
class EmbeddedTexts:
    """One unit vector per text, in order, and the total number of tokens."""

    vectors: list[list[float]]
    tokens: int


class EmbeddingService:
    """Embeds texts for clients."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        # The path of a folder is private, and of no use to clients.
        known = embedder.name.rstrip("/").rpartition("/")[2] if _is_path(embedder.name) else None
        self.name = known or ALSO_KNOWN_AS.get(embedder.name, embedder.name)

    def require(self, model: str) -> None:
        """Check that ``model`` is the loaded embedder.

        Raises:
            ModelNotFound: it is another one.
        """
        if model not in (self.name, self._embedder.name):
            raise ModelNotFound(f"There is no embedder {model!r}: the loaded one is {self.name!r}.")

    async def embed(
        self, inputs: Sequence[str | Sequence[int]], *, as_question: bool = False
    ) -> EmbeddedTexts:
        """Return the vectors of texts, given as text or as token ids of the embedder.

        ``as_question`` uses the model's query prompt instead of its document prompt. Cancelling
        takes effect after the current group of texts.

        Raises:
            InvalidRequest: a text is empty, or a token id is unknown.
            PromptTooLong: a text exceeds the embedder's input limit.
            UnsupportedParameter: token ids for an embedder without a local tokenizer.
            ModelNotFound, ModelLoadFailed, RemoteUnavailable, StorageFull: it cannot be used.
        """
        texts, tokens = await asyncio.to_thread(self._checked, inputs)
        vectors: list[list[float]] = []
        for start in range(0, len(texts), GROUP):
            group = texts[start : start + GROUP]
            vectors += await asyncio.to_thread(self._vectors, group, as_question)
        return EmbeddedTexts(vectors, tokens)

    async def dimension(self) -> int:
        """Return the length of a vector."""
        return await asyncio.to_thread(lambda: self._embedder.dimension)

    def _vectors(self, texts: Sequence[str], as_question: bool) -> list[list[float]]:
        if as_question:
            return [self._embedder.embed_query(text) for text in texts]
        return self._embedder.embed_documents(texts)

    def _checked(self, inputs: Sequence[str | Sequence[int]]) -> tuple[list[str], int]:
        """Return the texts and the number of their tokens."""
        texts = [each if isinstance(each, str) else self._decoded(each) for each in inputs]
        for number, text in enumerate(texts, start=1):
            if not text.strip():
                raise InvalidRequest(f"Text {number} of 'input' is empty.")
        if not isinstance(self._embedder, EmbedderTokens):
            return texts, 0
        counts = self._embedder.count_tokens(texts)
        longest = self._embedder.longest_text()
        for number, count in enumerate(counts, start=1):
            if longest is not None and count > longest:
                raise PromptTooLong(
                    f"Text {number} of 'input' has {count} tokens, and {self.name} reads "
                    f"{longest}: split it."
                )
        return texts, sum(counts)

    def _decoded(self, ids: Sequence[int]) -> str:
        if not isinstance(self._embedder, EmbedderTokens):
            raise UnsupportedParameter(
                f"{self.name} runs on another server, whose token ids are unknown: "
                "send the texts instead."
            )
        return self._embedder.decode(ids)


def _is_path(name: str) -> bool:
    return name.startswith(("/", "./", "../", "~"))
