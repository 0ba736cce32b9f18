"""Whether any sentence of the passages found is evidence of an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from carrel.core.documents import RetrievedChunk
from carrel.core.indexed_text import compatible
from carrel.core.protocols.adapters import Embedder
from carrel.services.chat.relevance import passages_of
from carrel.services.retrieval.named_files import names_said
from carrel.services.retrieval.ranking import BACKGROUND, TEXT_WEIGHT
from carrel.services.text.languages import ENGLISH, language_of
from carrel.services.text.search_words import ExactWords
from carrel.services.text.terms import question_terms, terms
from carrel.services.text.word_rarity import WordRarity
from carrel.settings.document_settings import BUNDLED

LEAST_MEAN = {BUNDLED: 0.42}
"""Of the best passage's evidence and the best sentence's, by embedder.

It separates 0.987 of the questions of English XQuAD with and without their article, passages alone
0.981; where the sentences of several articles make a passage, 0.74 and 0.69.
"""

READ_CHUNKS = 5
UNCLEAR = (0.1, 0.6)
"""Evidence of the best passage between which its sentences are looked at."""


class SentenceEvidence:
    """Compares the question with each sentence, as it was compared with the passages.

    A passage about several things is less near to a question than the sentence that answers it.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._least = LEAST_MEAN[embedder.name]

    @staticmethod
    def knows(embedder: Embedder) -> bool:
        """Whether the bound for an embedder is known."""
        return embedder.name in LEAST_MEAN

    async def suffices(self, question: str, found: Sequence[RetrievedChunk]) -> bool | None:
        """Whether passages and sentences suffice.

        None where the question or the nearest passage is in another language than English, or the
        question says the name of a file: a sentence does not repeat it.
        """
        read = found[:READ_CHUNKS]
        nearest = max(read, key=lambda each: each.evidence, default=None)
        if nearest is None or nearest.evidence < UNCLEAR[0]:
            return False
        if nearest.evidence > UNCLEAR[1]:
            return True
        english = [each for each in read if language_of(each.chunk.text) == ENGLISH]
        if nearest not in english or language_of(question) != ENGLISH:
            return None
        if names_said(question, {each.document_name for each in read}):
            return None
        of_sentence = await asyncio.to_thread(self._best, question, english)
        return (nearest.evidence + of_sentence) / 2 >= self._least

    def _best(self, question: str, found: Sequence[RetrievedChunk]) -> float:
        passages = passages_of(found)
        if not passages:
            return 0.0
        exact = ExactWords(question)
        own = [[*terms(each.text), *exact.within(each.text, ENGLISH)] for each in passages]
        asked = set(question_terms(question)) | exact.asked(set().union(*own))
        rarity = WordRarity(own, background=BACKGROUND)
        query = self._embedder.embed_query(compatible(question))
        vectors = self._embedder.embed_documents([compatible(each.text) for each in passages])
        cosines = (sum(a * b for a, b in zip(query, each, strict=True)) for each in vectors)
        return max(
            (max(cosine, 0.0) + TEXT_WEIGHT * rarity.share(asked, words)) / (1 + TEXT_WEIGHT)
            for cosine, words in zip(cosines, own, strict=True)
        )
