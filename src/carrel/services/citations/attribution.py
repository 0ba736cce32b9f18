"""Attributes each sentence of an answer to its sources. Pure functions.

Independent of the model, which is not asked to cite. A sentence is supported if at most
``MOST_CITATIONS`` sentences of the sources together contain ``LEAST_SHARE`` of its words, weighted
by rarity, all of its amounts and names, and the same negations. Measured by
``benchmarks/citations.py``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from carrel.core.chat import SourcesCited
from carrel.core.citations import CheckedSentence, Citation
from carrel.core.documents import RetrievedChunk, Source
from carrel.services.citations.citing import cite
from carrel.services.citations.facts import Amount, amounts, contradicts
from carrel.services.citations.source_sentences import (
    Evidence,
    SourceSentences,
    exact_terms,
    normalized_terms,
)
from carrel.services.text.sentences import sentence_spans
from carrel.services.text.words import words

LEAST_SHARE = 0.5
LEAST_GAIN = 0.15
"""Minimum share of the sentence's words that a further citation must add."""
MOST_CITATIONS = 3
# Many sentences share a short answer's words: prefer one about the question, then one from a
# passage about it.
_QUESTION_WEIGHT = 0.5
_AROUND_WEIGHT = 0.2
_RANK_WEIGHT = 0.02
# The number of a list item, and of a source, as some models write it unprompted.
_NOT_SAID = re.compile(r"\A[\s#>*+|-]*\d{1,3}[.)]\s|\[\d{1,3}\]")


class SentenceAttribution:
    """Attributes sentences to sources, each distinct sentence once."""

    def __init__(self, question: str, sources: Sequence[Source]) -> None:
        self._asked = normalized_terms(question)
        self._given = SourceSentences(sources)
        self._known: dict[str, tuple[Citation, ...]] = {}

    def sentences(self, text: str) -> list[CheckedSentence]:
        """Return the sentences of a text, each with what supports it, best first.

        Lines without words, such as those of a table's frame, are left out; so is everything where
        there are no sources.
        """
        if not self._given.evidence:
            return []
        return [
            CheckedSentence(text[start:end], start, end, self._citations(text[start:end]))
            for start, end in sentence_spans(text)
            if words(text[start:end])
        ]

    def _citations(self, sentence: str) -> tuple[Citation, ...]:
        if sentence not in self._known:
            self._known[sentence] = _citations(sentence, self._asked, self._given)
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


def _citations(sentence: str, asked: set[str], given: SourceSentences) -> tuple[Citation, ...]:
    sentence = _NOT_SAID.sub(" ", sentence)
    said, exact = normalized_terms(sentence), exact_terms(sentence)
    chosen: list[Evidence] = []
    covered: set[str] = set()
    for _ in range(MOST_CITATIONS):
        best = _best(said - covered, asked, given)
        if best is None:
            break
        gained = given.rarity.total((said - covered) & best.terms)
        if gained < LEAST_GAIN * given.rarity.total(said) and not (exact - covered) & best.terms:
            break
        chosen.append(best)
        covered |= said & best.terms
    if given.rarity.share(said, covered) < LEAST_SHARE or not _agree(exact, asked, chosen):
        return ()
    if not _amounts_agree(sentence, asked, chosen) or contradicts(
        sentence, (each.text for each in chosen)
    ):
        return ()
    return tuple(Citation(each.source, each.start, each.end) for each in chosen)


def _best(missing: set[str], asked: set[str], given: SourceSentences) -> Evidence | None:
    """Return the sentence with most of the missing terms, and of those of the question."""

    def merit(each: Evidence) -> float:
        return (
            given.rarity.share(missing, each.terms)
            + _QUESTION_WEIGHT * given.rarity.share(asked, each.terms)
            + _AROUND_WEIGHT * given.rarity.share(asked, each.around)
            - _RANK_WEIGHT * each.source.index
        )

    return max((each for each in given.evidence if missing & each.terms), key=merit, default=None)


def _agree(exact: set[str], asked: set[str], chosen: Sequence[Evidence]) -> bool:
    """Whether each number and name is cited; those of the question may be near the citation."""
    cited = {term for each in chosen for term in each.terms}
    around = {term for each in chosen for term in each.around}
    return exact <= cited | (asked & around)


def _amounts_agree(sentence: str, asked: set[str], chosen: Sequence[Evidence]) -> bool:
    """Whether each amount is cited; a number of the question may be near the citation.

    So may a scale or unit, as in a table header, without a conflicting number.
    """
    cited = [amount for each in chosen for amount in amounts(each.text)]
    around = {term for each in chosen for term in each.around}
    return all(
        any(_is_cited(amount, other, around) for other in cited)
        or normalized_terms(amount.number) <= asked & around
        for amount in amounts(sentence)
    )


def _is_cited(amount: Amount, other: Amount, around: set[str]) -> bool:
    if not amount.agrees(other):
        return False
    scale = amount.scale if amount.value != other.value else None
    unit = amount.unit if other.unit is None else None
    return all(normalized_terms(each) <= around for each in (scale, unit) if each)
