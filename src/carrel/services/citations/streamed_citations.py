"""The citations of an answer's sentences while the text still comes."""

from __future__ import annotations

from collections.abc import Sequence

from carrel.core.citations import CheckedSentence
from carrel.core.documents import RetrievedChunk
from carrel.services.citations.attribution import check
from carrel.services.citations.citing import cite, sentence_spans


def complete_until(text: str) -> int:
    """Return where the last sentence ends that another one follows; 0 where there is none."""
    ends = [end for _, end in sentence_spans(text)][:-1]
    return ends[-1] if ends else 0


class StreamedCitations:
    """Checks each sentence of one answer once something follows it.

    Those that are complete in its ``beginning`` were checked before, and are not again.
    """

    def __init__(
        self, question: str, chunks: Sequence[RetrievedChunk], beginning: str = ""
    ) -> None:
        self._question = question
        self._sources = cite(question, "", chunks)
        self._text = beginning
        self._checked = complete_until(beginning)

    def push(self, text: str) -> list[CheckedSentence]:
        """Return the sentences that are complete with this text, their spans in the answer."""
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
