"""Citations of an answer's sentences during streaming."""

from __future__ import annotations

from collections.abc import Sequence

from carrel.core.citations import CheckedSentence
from carrel.core.documents import RetrievedChunk
from carrel.services.citations.attribution import check
from carrel.services.citations.citing import cite, sentence_spans


def complete_until(text: str) -> int:
    """Return the end of the last sentence that is followed by another one; 0 if there is none."""
    ends = [end for _, end in sentence_spans(text)][:-1]
    return ends[-1] if ends else 0


class StreamedCitations:
    """Attributes each sentence of one answer once something follows it.

    Complete sentences of its ``beginning`` were attributed before, and are skipped.
    """

    def __init__(
        self, question: str, chunks: Sequence[RetrievedChunk], beginning: str = ""
    ) -> None:
        self._question = question
        self._sources = cite(question, "", chunks)
        self._text = beginning
        self._checked = complete_until(beginning)

    def push(self, text: str) -> list[CheckedSentence]:
        """Return the newly completed sentences, with their spans in the answer."""
        self._text += text
        start = self._checked
        self._checked += complete_until(self._text[start:])
        if self._checked == start:
            return []
        complete = check(self._question, self._text[start : self._checked], self._sources)
        return [
            CheckedSentence(each.text, start + each.start, start + each.end, each.citations)
            for each in complete
        ]
