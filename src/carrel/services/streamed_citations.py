"""The citations of an answer's sentences while the text still comes."""

from __future__ import annotations

from collections.abc import Sequence

from carrel.core.citations import CheckedSentence
from carrel.core.documents import RetrievedChunk
from carrel.services.checking import check
from carrel.services.citing import cite, sentence_spans


class StreamedCitations:
    """Checks each sentence of one answer once something follows it."""

    def __init__(self, question: str, chunks: Sequence[RetrievedChunk]) -> None:
        self._question = question
        self._sources = cite(question, "", chunks)
        self._text = ""
        self._checked = 0

    def push(self, text: str) -> list[CheckedSentence]:
        """Return the sentences that are complete with this text, their spans in the answer."""
        self._text += text
        ends = [end for _, end in sentence_spans(self._text[self._checked :])][:-1]
        if not ends:
            return []
        start = self._checked
        self._checked += ends[-1]
        complete = check(self._question, self._text[start : self._checked], self._sources)
        return [
            CheckedSentence(each.text, start + each.start, start + each.end, each.citations)
            for each in complete
        ]
