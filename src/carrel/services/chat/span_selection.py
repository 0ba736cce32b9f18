"""Ranks spans of a sentence as answers to a question. Pure functions.

The weights were set by hand on half of XQuAD's articles and validated on the other half; the
margins of certainty on QED (google-research-datasets/QED). Measured by
``benchmarks/answer_styles.py``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from carrel.services.text.answer_type import NUMBER_WORDS, AnswerType, fit, kind_of
from carrel.services.text.dates import date_spans
from carrel.services.text.terms import stem

LONGEST_SPAN = 8
"""In words."""

ASKED_WORDS = -1.2
"""For the share of words that the question contains."""
FUNCTION_WORD = -0.15
"""For each word such as "of" inside."""
NATURAL_EDGE = 0.6
"""For each end at punctuation, a function word or a word of the question."""
COMMA = -0.3
CUT_NAME = -0.6
"""For each end at which a capitalised word continues."""
OF_THE_KIND = 0.9
PROPER_NAME = 0.3
DISTANCE = -0.03
"""For each token of distance to the nearest word of the question."""
WORD_TOO_MANY = -0.1
"""For each word after the fourth."""
ENOUGH_WORDS = 4
CERTAIN_MARGIN = {AnswerType.DATE: 0.8, AnswerType.NUMBER: 1.0, AnswerType.NAME: 0.8}
"""How far the best span has to be ahead of every other one that does not overlap it, to be shown as
the answer. For other questions no margin makes it right in nine cases of ten."""

_FUNCTION_WORDS = (
    "the a an of in on at to for from by with and or but nor so yet as that this these those "
    "which who whom whose what when where why how is are was were be been being am do does "
    "did done has have had having will would can could may might must shall should not no it "
    "its they them their he she his her him we us our you your i me my there here than then "
    "such also into onto upon over under between among during through about against after "
    "before within without because although though while if since until unless both either "
    "neither each every all any some more most other another only very however thus therefore "
)
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())
# A colon belongs to a token only between digits, as in a time of day.
_TOKEN = re.compile(r"\w+(?:(?:[-–.,'’/&]|(?<=\d):(?=\d))\w+)*%?|[^\w\s]")
_BEGINS_WITH_NUMBER = re.compile(
    r"(?:(?:about|almost|nearly|over|around|some|only|at least|at most|more than|less than) )?"
    rf"(?:[^\w\s]?\d|(?:{'|'.join(sorted(NUMBER_WORDS))})\b|[$€£¥]|[A-Z]{{3}} ?\d)",
    re.IGNORECASE,
)
_BREAKS = frozenset(';:.!?()[]"”“。！？')


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a sentence; a higher ``score`` is better."""

    text: str
    score: float


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    start: int
    end: int
    is_word: bool
    asked: bool

    @property
    def is_function(self) -> bool:
        return self.text.lower() in FUNCTION_WORDS

    @property
    def is_edge(self) -> bool:
        """Whether a phrase may end next to it."""
        return not self.is_word or self.is_function or self.asked

    @property
    def has_capital(self) -> bool:
        return self.is_word and self.text[0].isupper()


def _tokens(sentence: str, asked: set[str]) -> list[_Token]:
    return [
        _Token(
            match.group(),
            match.start(),
            match.end(),
            match.group()[0].isalnum() or match.group()[0] == "_",
            stem(match.group()) in asked,
        )
        for match in _TOKEN.finditer(sentence)
    ]


def _ranges(tokens: Sequence[_Token]) -> Iterator[tuple[int, int]]:
    """Yield first and last token of every span that begins and ends with a content word."""
    for first, token in enumerate(tokens):
        if not token.is_word or token.is_function:
            continue
        length = 0
        for last in range(first, len(tokens)):
            if tokens[last].text in _BREAKS:
                break
            length += tokens[last].is_word
            if length > LONGEST_SPAN:
                break
            if tokens[last].is_word and not tokens[last].is_function:
                yield first, last


def _score(tokens: Sequence[_Token], first: int, last: int, kind: AnswerType) -> float:
    inside = [each for each in tokens[first : last + 1] if each.is_word]
    before = tokens[first - 1] if first else None
    after = tokens[last + 1] if last + 1 < len(tokens) else None
    function_words = sum(each.is_function for each in inside)
    names = sum(each.has_capital for each in inside)
    # The first word of a sentence is capitalised whether it belongs to the name or not.
    cuts = int(first > 1 and before is not None and before.has_capital and inside[0].has_capital)
    cuts += int(after is not None and after.has_capital and inside[-1].has_capital)
    places = [place for place, each in enumerate(tokens) if each.asked and not each.is_function]
    away = [max(first - place, place - last, 0) for place in places]
    return (
        ASKED_WORDS * sum(each.asked for each in inside) / len(inside)
        + FUNCTION_WORD * function_words
        + NATURAL_EDGE * ((before is None or before.is_edge) + (after is None or after.is_edge))
        + COMMA * sum(each.text == "," for each in tokens[first : last + 1])
        + CUT_NAME * cuts
        + OF_THE_KIND * fit(kind, [each.text for each in inside])
        + PROPER_NAME * (names == len(inside) - function_words)
        + DISTANCE * min(away, default=0)
        + WORD_TOO_MANY * max(0, len(inside) - ENOUGH_WORDS)
    )


def candidate_spans(question: str, sentence: str) -> list[Span]:
    """Return the spans of a sentence, best first, without duplicate texts.

    Empty if the sentence contains no word.
    """
    kind = kind_of(question)
    asked = {
        stem(each.group())
        for each in _TOKEN.finditer(question)
        if each.group().lower() not in FUNCTION_WORDS
    }
    best: dict[str, float] = {}
    tokens = _tokens(sentence, asked)
    for first, last in _ranges(tokens):
        span = sentence[tokens[first].start : tokens[last].end]
        score = _score(tokens, first, last, kind)
        if score > best.get(span, -math.inf):
            best[span] = score
    spans = (Span(text, score) for text, score in best.items())
    return sorted(spans, key=lambda span: -span.score)


def certain_span(question: str, sentence: str) -> str | None:
    """Return the few words of a sentence that answer a question; None if that is not certain."""
    kind = kind_of(question)
    margin = CERTAIN_MARGIN.get(kind)
    spans = candidate_spans(question, sentence)
    if margin is None or not spans:
        return None
    best = spans[0]
    others = (each for each in spans if each.text not in best.text and best.text not in each.text)
    second = next((each.score for each in others), -math.inf)
    if best.score - second < margin:
        return None
    if kind is AnswerType.NUMBER and not _BEGINS_WITH_NUMBER.match(best.text):
        # "took nine" is no amount.
        return None
    return _with_whole_date(best.text, sentence, kind)


def _with_whole_date(span: str, sentence: str, kind: AnswerType) -> str | None:
    """Return the date that a span is a part of or has in it; None for an amount within a date."""
    start = sentence.index(span)
    end = start + len(span)
    found = next((at for at in date_spans(sentence) if at[0] < end and start < at[1]), None)
    if found is None or kind is AnswerType.NAME:
        return span
    return None if kind is AnswerType.NUMBER else sentence[slice(*found)]
