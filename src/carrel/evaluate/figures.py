"""Figures of a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from carrel.evaluate.metrics import (
    abstention,
    hit_at,
    mean,
    mean_reciprocal_rank,
    percentile,
)
from carrel.evaluate.scoring import Judged

CUTOFFS = (1, 3, 5, 10)

HIT_DEFINITIONS = {
    "page": "the first passage on a right page of the right document",
    "answer": "the first passage that holds an accepted answer (of the right document, where one "
    "is given)",
    "document": "the first passage of the right document",
}
"""Definitions of a hit, strictest first; each is measured on the questions that allow it."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: ``value`` None where there was nothing to measure, ``count`` questions (quotes,
    for citations) behind it. ``unit`` is ``share`` (0 to 1), ``seconds`` or ``words``."""

    name: str
    value: float | None
    count: int
    unit: str = "share"

    @property
    def shown(self) -> str:
        """The value as text."""
        if self.value is None:
            return "–"
        if self.unit == "share":
            return f"{self.value:.3f}"
        return f"{self.value:.2f} s" if self.unit == "seconds" else f"{self.value:.0f}"


def figures_of(judged: Sequence[Judged]) -> list[Figure]:
    """Return all figures of a run, in the order in which they are shown."""
    return [*_retrieval(judged), *_answers(judged), *_citations(judged), *_latency(judged)]


def ranks_by_definition(judged: Sequence[Judged]) -> dict[str, list[int | None]]:
    """Return the ranks of the first hits, by each definition that has questions."""
    known = [each for each in judged if each.asked.answers]
    ranks: dict[str, list[int | None]] = {
        "page": [each.ranks.page for each in known if each.asked.pages],
        "answer": [each.ranks.answer for each in known],
        "document": [each.ranks.document for each in known if each.asked.document],
    }
    return {name: own for name, own in ranks.items() if own}


def _retrieval(judged: Sequence[Judged]) -> Iterator[Figure]:
    for name, ranks in ranks_by_definition(judged).items():
        for cutoff in CUTOFFS:
            yield Figure(f"{name} hit@{cutoff}", hit_at(ranks, cutoff), len(ranks))
        yield Figure(f"{name} MRR", mean_reciprocal_rank(ranks), len(ranks))


def _answers(judged: Sequence[Judged]) -> Iterator[Figure]:
    answered = [each for each in judged if each.reply is not None]
    if not answered:
        return
    known = [each for each in answered if each.asked.answers]
    yield Figure("answer contained", mean([each.contained for each in known]), len(known))
    yield Figure("answer F1", mean([each.f1 for each in known]), len(known))
    yield Figure("answer exact", mean([each.exact for each in known]), len(known))
    lengths = [len(each.reply.text.split()) for each in answered if each.reply is not None]
    yield Figure("answer words, median", float(median(lengths)), len(lengths), "words")
    found = abstention((bool(each.asked.answers), each.abstained) for each in answered)
    abstained = sum(each.abstained for each in answered)
    unknown = len(answered) - len(known)
    yield Figure("abstention precision", found.precision, abstained)
    yield Figure("abstention recall", found.recall, unknown)
    yield Figure("abstention, answered of the known", found.answered, len(known))
    yield Figure("abstention balanced accuracy", found.balanced_accuracy, len(answered))


def _citations(judged: Sequence[Judged]) -> Iterator[Figure]:
    if all(each.reply is None for each in judged):
        return
    verbatim = [quote for each in judged for quote in each.verbatim]
    # An abstention shows the nearest passages and claims nothing about them.
    cited = [each.supporting for each in judged if not each.abstained and each.supporting]
    supporting = [quote for quotes in cited for quote in quotes]
    first = [quotes[0] for quotes in cited]
    yield Figure("quotes verbatim", mean(verbatim), len(verbatim))
    yield Figure("quotes from a right passage", mean(supporting), len(supporting))
    yield Figure("first quote from a right passage", mean(first), len(first))


def _latency(judged: Sequence[Judged]) -> Iterator[Figure]:
    replies = [each.reply for each in judged if each.reply is not None]
    times = {
        "retrieval": [each.retrieval for each in judged],
        "first token": [each.first for each in replies if each.first is not None],
        "whole answer": [each.whole for each in replies],
    }
    for name, seconds in times.items():
        for percent in (50, 95):
            if seconds:
                value = percentile(seconds, percent)
                yield Figure(f"{name} p{percent}", value, len(seconds), "seconds")
