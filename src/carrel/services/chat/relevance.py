"""Selects the sentences and table rows of the retrieved chunks that most likely answer. Pure.

On half of XQuAD, over the five nearest paragraphs and with the bundled embedder, the best sentence
contains the answer of 86 % of the questions, 94 % of those for a number. By cosine and shared words
alone it is 85 % and 91 %.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from carrel.core.documents import RetrievedChunk
from carrel.core.indexed_text import compatible
from carrel.core.protocols.adapters import Embedder
from carrel.services.citations.facts import has_negation
from carrel.services.tables.row_text import Row, rows_of
from carrel.services.text.answer_type import AnswerType, fit, kind_of
from carrel.services.text.languages import language_of
from carrel.services.text.search_words import ExactWords
from carrel.services.text.sentences import sentence_spans
from carrel.services.text.terms import question_terms, terms
from carrel.services.text.word_rarity import WordRarity
from carrel.services.text.words import WordForm, words

RANK_WEIGHT = 0.2
"""Bonus of the first chunk over the last; cosine and shared words count up to 1 each."""

AROUND_WEIGHT = 0.5
"""For words of the question that only the file name or the heading has, as against the text."""

WRONG_KIND = {AnswerType.NUMBER: -1.0, AnswerType.DATE: -0.5}
"""For a text without any number, or any date, if the question asks for one."""

NEGATION = 0.3
"""For a negation in the question and in the text, and against a text without one."""

_HEADING_MARK = re.compile(r"#{1,6}\s|={1,6}\s")
_SENTENCE_END = re.compile(r"[.!?。！？…][\"”’)\]*_]*$")
_BARE_CELLS = " | "
_YES_NO = re.compile(
    r"(?:is|are|was|were|am|does|do|did|has|have|had|can|could|will|would|may|must|should|shall)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence or table row of a chunk: ``text`` is ``chunk.text[start:end]``, verbatim.

    ``source`` is the chunk's number in the prompt, from 1. ``row`` has the cells of a table row.
    """

    text: str
    source: int
    start: int
    end: int
    row: Row | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """A passage and its score; higher is better, at most 2.5."""

    passage: Passage
    score: float


def passages_of(chunks: Sequence[RetrievedChunk]) -> list[Passage]:
    """Return the sentences and table rows of all chunks in order, without duplicates."""
    found: dict[str, Passage] = {}
    for source, each in enumerate(chunks, start=1):
        text = each.chunk.text
        for start, end, row in _units(text):
            found.setdefault(text[start:end], Passage(text[start:end], source, start, end, row))
    return list(found.values())


def _units(text: str) -> Iterator[tuple[int, int, Row | None]]:
    """Yield the spans of table rows, and of the sentences between them."""
    begin = 0
    for row in rows_of(text):
        yield from _sentences(text, begin, row.start)
        yield row.start, row.end, row
        begin = row.end
    yield from _sentences(text, begin, len(text))


def _sentences(text: str, begin: int, end: int) -> Iterator[tuple[int, int, None]]:
    for start, stop in sentence_spans(text[begin:end]):
        # What remains of a table are its heads.
        if _BARE_CELLS not in text[begin + start : begin + stop]:
            yield begin + start, begin + stop, None


def rank(
    question: str,
    passages: Sequence[Passage],
    cosines: Sequence[float],
    limit: int,
    around: Sequence[str] = (),
) -> list[Evidence]:
    """Return the ``limit`` best passages, best first.

    A score is the cosine to the question, plus the share of the question's words that the passage
    contains, weighted by rarity among the passages, plus a bonus for early chunks. ``around`` is
    the file name and heading of each source. A text that lacks what is asked for, a number or a
    date, or denies what the question does not, loses.
    """
    language = language_of(question)
    asked = question_terms(question, language)
    exact = ExactWords(question)
    own = [{*terms(each.text, language), *exact.within(each.text, language)} for each in passages]
    outside = [set(terms(text.replace("_", " "), language)) for text in around]
    rarity = WordRarity(own)
    wanted = {word for word in asked if word in rarity} | exact.asked(set().union(*own))
    known = set(wanted).union(*outside).intersection(asked)
    kind = kind_of(question)
    denied = has_negation(question)
    scored = []
    for passage, cosine, of_passage in zip(passages, cosines, own, strict=True):
        score = cosine + rarity.share(wanted, of_passage) + RANK_WEIGHT / passage.source
        if outside:
            beside = outside[passage.source - 1] - of_passage
            score += AROUND_WEIGHT * rarity.share(known, beside)
        if kind in WRONG_KIND and fit(kind, words(passage.text)) < 0:
            score += WRONG_KIND[kind]
        if denied:
            score += NEGATION if has_negation(passage.text) else -NEGATION
        scored.append(Evidence(passage, score))
    return sorted(scored, key=lambda each: -each.score)[:limit]


def find_evidence(
    question: str, chunks: Sequence[RetrievedChunk], embedder: Embedder, limit: int
) -> list[Evidence]:
    """Return the best passages of the chunks; embeds each of them, so it may take a second.

    Headings, and texts that only repeat the question, answer nothing, unless there is nothing else.
    """
    everything = [each for each in passages_of(chunks) if words(each.text)]
    passages = [each for each in everything if _may_answer(question, each, chunks)] or everything
    if not passages:
        return []
    asked = embedder.embed_query(compatible(question))
    vectors = embedder.embed_documents([compatible(each.text) for each in passages])
    cosines = [sum(a * b for a, b in zip(asked, one, strict=True)) for one in vectors]
    around = [f"{each.document_name} {each.chunk.heading or ''}" for each in chunks]
    return rank(question, passages, cosines, limit, around)


def _may_answer(question: str, passage: Passage, chunks: Sequence[RetrievedChunk]) -> bool:
    """Whether a passage says more than the question; one that confirms it does, in a sentence."""
    if passage.row is not None:
        return True
    heading = chunks[passage.source - 1].chunk.heading
    if _HEADING_MARK.match(passage.text) or _same_words(passage.text, heading or ""):
        return False
    is_sentence = _SENTENCE_END.search(passage.text) is not None
    if is_sentence and _YES_NO.match(question.strip()):
        return True
    return not set(terms(passage.text)) <= set(terms(question))


def _same_words(first: str, second: str) -> bool:
    return words(first, WordForm.PLAIN) == words(second, WordForm.PLAIN)
