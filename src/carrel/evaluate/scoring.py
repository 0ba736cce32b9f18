"""Scores of the passages and the answer of one question. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from carrel.core.documents import Source
from carrel.evaluate.metrics import contains, exact_match, first_rank, is_verbatim, token_f1
from carrel.evaluate.questions import KnownQuestion

_DECLINES = re.compile(
    r"\b(?:documents?|sources?|text|passages?|context)\b[^.!?]{0,40}"
    r"\b(?:do|does|did) ?(?:not|n['’]t)\b[^.!?]{0,20}"
    r"\b(?:contain|say|mention|provide|include|state|answer|specify|tell)"
    r"|\bnot (?:\w+ ){0,2}in the (?:documents?|sources?|text|passages?|context)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. Times are seconds from the question; ``first`` is None without text."""

    text: str
    sources: tuple[Source, ...]
    first: float | None
    whole: float


@dataclass(frozen=True, slots=True)
class Ranks:
    """Ranks, from 1, of the first right passage by each definition; None if there is none.

    ``document``: of the right document. ``page``: and on one of the right pages. ``answer``:
    contains an accepted answer, and is of the right document if that is known.
    """

    document: int | None = None
    page: int | None = None
    answer: int | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """One question with its measurements.

    ``retrieval`` is the seconds of the search. The rest is set if an answer was requested:
    ``verbatim`` and ``supporting`` have one entry per quote; the latter says whether its passage is
    right.
    """

    asked: KnownQuestion
    ranks: Ranks
    retrieval: float
    reply: Reply | None = None
    abstained: bool = False
    exact: bool = False
    f1: float = 0.0
    contained: bool = False
    verbatim: tuple[bool, ...] = ()
    supporting: tuple[bool, ...] = ()


def declines(text: str) -> bool:
    """Return whether an answer says that the documents do not have it, as Carrel words it."""
    return not text.strip() or bool(_DECLINES.search(text))


def ranks_of(asked: KnownQuestion, found: Sequence[Source]) -> Ranks:
    """Return the ranks of the first right passages."""
    return Ranks(
        first_rank(_is_of(asked, each) for each in found) if asked.document else None,
        first_rank(_is_on(asked, each) for each in found) if asked.pages else None,
        first_rank(_holds(asked, each) for each in found) if asked.answers else None,
    )


def judge(
    asked: KnownQuestion, found: Sequence[Source], retrieval: float, reply: Reply | None
) -> Judged:
    """Return the measurements of a question, from its passages and, if requested, its answer.

    An abstention is neither exact nor contained, and its F1 is 0.
    """
    ranks = ranks_of(asked, found)
    if reply is None:
        return Judged(asked, ranks, retrieval)
    abstained = declines(reply.text)
    quotes = [each for each in reply.sources if each.quote]
    accepted = () if abstained else asked.answers
    return Judged(
        asked=asked,
        ranks=ranks,
        retrieval=retrieval,
        reply=reply,
        abstained=abstained,
        exact=exact_match(reply.text, accepted),
        f1=token_f1(reply.text, accepted),
        contained=contains(reply.text, accepted),
        verbatim=tuple(is_verbatim(each.quote, each.text) for each in quotes),
        supporting=tuple(_is_right(asked, each) for each in quotes) if asked.answers else (),
    )


def _is_right(asked: KnownQuestion, source: Source) -> bool:
    """Whether a passage is right by the strictest definition that the question allows."""
    return _is_on(asked, source) if asked.pages else _holds(asked, source)


def _is_of(asked: KnownQuestion, source: Source) -> bool:
    return source.document == asked.document


def _is_on(asked: KnownQuestion, source: Source) -> bool:
    return _is_of(asked, source) and source.page in asked.pages


def _holds(asked: KnownQuestion, source: Source) -> bool:
    return (asked.document is None or _is_of(asked, source)) and contains(
        source.text, asked.answers
    )
