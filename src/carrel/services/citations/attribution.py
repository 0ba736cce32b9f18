"""Attributes each sentence of an answer to its sources. Pure functions.

Independent of the model, which is not asked to cite; ``support.py`` says what counts as support.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from carrel.core.chat import SourcesCited
from carrel.core.citations import CheckedSentence, Citation
from carrel.core.documents import RetrievedChunk, Source
from carrel.services.citations.citing import cite
from carrel.services.citations.source_sentences import SourceSentences, normalized_terms
from carrel.services.citations.support import supporting
from carrel.services.text.computed_line import is_computed_line
from carrel.services.text.sentences import sentence_spans
from carrel.services.text.words import words


class SentenceAttribution:
    """Attributes sentences to sources, each distinct sentence once."""

    def __init__(self, question: str, sources: Sequence[Source]) -> None:
        self._asked = normalized_terms(question)
        self._given = SourceSentences(sources)
        self._known: dict[str, tuple[Citation, ...]] = {}

    def sentences(self, text: str) -> list[CheckedSentence]:
        """Return the sentences of a text, each with what supports it, best first.

        Lines without words, such as those of a table's frame, are left out, and those that are
        computed from the rows below them; so is everything where there are no sources.
        """
        if not self._given.evidence:
            return []
        return [
            CheckedSentence(text[start:end], start, end, self._citations(text[start:end]))
            for start, end in sentence_spans(text)
            if words(text[start:end]) and not is_computed_line(text[start:end])
        ]

    def _citations(self, sentence: str) -> tuple[Citation, ...]:
        if sentence not in self._known:
            self._known[sentence] = tuple(
                Citation(each.source, each.start, each.end)
                for each in supporting(sentence, self._asked, self._given)
            )
        return self._known[sentence]


class Attribution:
    """Attributes the sentences of one answer while it is streamed, and all of them at its end."""

    def __init__(
        self, question: str, chunks: Sequence[RetrievedChunk], beginning: str = ""
    ) -> None:
        """Take what the answer is from; complete sentences of ``beginning`` are not returned."""
        self._question = question
        self._chunks = chunks
        self._attributed = SentenceAttribution(question, cite(question, "", chunks))
        self._text = beginning
        self._complete = complete_until(beginning)

    def push(self, text: str) -> list[CheckedSentence]:
        """Return the sentences that are complete with this text, their spans in the answer."""
        self._text += text
        start = self._complete
        self._complete += complete_until(self._text[start:])
        return [
            replace(each, start=start + each.start, end=start + each.end)
            for each in self._attributed.sentences(self._text[start : self._complete])
        ]

    def of(self, answer: str) -> SourcesCited:
        """Return the sources, in the order of the chunks, and the sentences of the whole answer.

        A source that a sentence cites is marked as used and quotes what is cited first.
        """
        sentences = self._attributed.sentences(answer)
        quotes: dict[int, str] = {}
        for sentence in sentences:
            for citation in sentence.citations:
                quotes.setdefault(citation.source.index, citation.quote)
        sources = {each.index: each for each in cite(self._question, answer, self._chunks)}
        marked = (
            replace(each, quote=quotes.get(each.index, each.quote), used=each.index in quotes)
            for each in sources.values()
        )
        return SourcesCited(
            tuple(marked), tuple(_with_sources(each, sources) for each in sentences)
        )


def check(question: str, answer: str, sources: Sequence[Source]) -> list[CheckedSentence]:
    """Return the sentences of a finished answer, each with what supports it, best first."""
    return SentenceAttribution(question, sources).sentences(answer)


def cite_answer(question: str, answer: str, chunks: Sequence[RetrievedChunk]) -> SourcesCited:
    """Return the sources of a finished answer, and its sentences as ``Attribution.of`` does."""
    return Attribution(question, chunks).of(answer)


def complete_until(text: str) -> int:
    """Return where the last sentence ends that another one follows; 0 where there is none."""
    ends = [end for _, end in sentence_spans(text)][:-1]
    return ends[-1] if ends else 0


def _with_sources(sentence: CheckedSentence, sources: Mapping[int, Source]) -> CheckedSentence:
    citations = (replace(each, source=sources[each.source.index]) for each in sentence.citations)
    return replace(sentence, citations=tuple(citations))
