"""Chooses the sentences of the sources that support a sentence of an answer. Pure functions.

One sentence of a source has to say it: together with sentences beside it, or others that speak of
the same things, it contains ``LEAST_SHARE`` of the answer's words, weighted by rarity, and
``LEAST_NEW`` of those that are not the question's own; and all of its amounts and names, and the
same negations. Words that only two unrelated places have together are no support. A sentence of
several clauses is supported if each of them is. Measured by ``benchmarks/citations.py``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from carrel.services.citations.facts import Amount, amounts, contradicts
from carrel.services.citations.source_sentences import (
    Evidence,
    SourceSentences,
    exact_terms,
    normalized_terms,
)
from carrel.services.text.words import character_pairs

LEAST_SHARE = 0.5
"""Of the words of a sentence; those of the question may be elsewhere in the passage."""
LEAST_NEW = 0.5
"""Of the words of a sentence that are not the question's."""
LEAST_OWN = 0.3
"""Of the words of a sentence in the one that says it, and of its words in any other."""
LEAST_GAIN = 0.15
"""Minimum share of the sentence's words that a further citation must add."""
MOST_CITATIONS = 3
_TRIED = 2
_SHORTEST_CLAUSE = 3
# Many sentences share a short answer's words: prefer one about the question, then one from a
# passage about it.
_QUESTION_WEIGHT = 0.5
_AROUND_WEIGHT = 0.2
_RANK_WEIGHT = 0.02
# The number of a list item, and of a source, as some models write it unprompted.
_NOT_SAID = re.compile(r"\A[\s#>*+|-]*\d{1,3}[.)]\s|\[\d{1,3}\]")
_NUMBER = re.compile(r"[\d.,]+\Z")
_CLAUSE = re.compile(r"[,;:]\s+|[，；：،؛]")


def supporting(sentence: str, asked: set[str], given: SourceSentences) -> tuple[Evidence, ...]:
    """Return what supports a sentence of an answer, best first; nothing if it is not supported.

    ``asked`` are the terms of the question.
    """
    sentence = _NOT_SAID.sub(" ", sentence)
    whole = _Claim.of(sentence, exact_terms(sentence), asked)
    if found := _support(whole, given):
        return found
    clauses = _clauses(sentence)
    if len(clauses) < 2:
        return ()
    chosen: dict[int, Evidence] = {}
    for clause in clauses:
        claim = _Claim.of(clause, whole.exact, asked)
        found = _support(claim, given)
        if not _is_supported(claim, found[:1], given):
            return ()
        chosen |= {id(each): each for each in found}
    return tuple(chosen.values())


@dataclass(frozen=True, slots=True)
class _Claim:
    """A sentence or clause, its terms, those that must match exactly, and the question's."""

    text: str
    said: set[str]
    exact: set[str]
    asked: set[str]

    @classmethod
    def of(cls, text: str, exact: set[str], asked: set[str]) -> _Claim:
        said = normalized_terms(text)
        return cls(text, said, exact & said, asked)


def _clauses(sentence: str) -> list[str]:
    """Split a sentence at its commas into parts that say something."""
    clauses: list[str] = []
    start = 0
    for end in [*(match.end() for match in _CLAUSE.finditer(sentence)), len(sentence)]:
        if len(normalized_terms(sentence[start:end])) >= _SHORTEST_CLAUSE:
            clauses.append(sentence[start:end])
            start = end
    if clauses and start < len(sentence):
        clauses[-1] += sentence[start:]
    return clauses


def _support(claim: _Claim, given: SourceSentences) -> tuple[Evidence, ...]:
    shared = [(each, given.rarity.share(claim.said, each.terms)) for each in given.evidence]
    candidates = sorted(
        ((_merit(each, share, claim, given), place) for place, (each, share) in enumerate(shared)),
        key=lambda ranked: (-ranked[0], ranked[1]),
    )
    for _, place in candidates[:_TRIED]:
        if shared[place][1] < LEAST_OWN:
            continue
        chosen = _with_others(place, claim, given)
        if _is_supported(claim, chosen, given):
            return tuple(chosen)
    return ()


def _merit(each: Evidence, share: float, claim: _Claim, given: SourceSentences) -> float:
    if not share:
        return -1.0
    return (
        share
        + _QUESTION_WEIGHT * given.rarity.share(claim.asked, each.terms)
        + _AROUND_WEIGHT * given.rarity.share(claim.asked, each.around)
        - _RANK_WEIGHT * each.source.index
    )


def _with_others(place: int, claim: _Claim, given: SourceSentences) -> list[Evidence]:
    """Add the sentences with most of what the first one lacks, beside it or linked to it."""
    first = given.evidence[place]
    covered = claim.said & first.terms
    others = [
        each
        for number, each in enumerate(given.evidence)
        if number != place
        and (
            (
                each.source is first.source
                and abs(number - place) == 1
                and any(not _NUMBER.match(term) for term in claim.said & each.terms)
            )
            or given.rarity.share(claim.said, covered & each.terms) >= LEAST_OWN
        )
    ]
    chosen = [first]
    whole = given.rarity.total(claim.said)
    while others and len(chosen) < MOST_CITATIONS:
        missing = claim.said - covered
        gains = [given.rarity.total(missing & each.terms) for each in others]
        gain = max(gains)
        best = others[gains.index(gain)]
        names = (claim.exact - covered) & best.terms
        if not gain or (gain < LEAST_GAIN * whole and not names):
            break
        chosen.append(best)
        covered |= claim.said & best.terms
    return chosen


def _is_supported(claim: _Claim, chosen: Sequence[Evidence], given: SourceSentences) -> bool:
    covered = claim.said & {term for each in chosen for term in each.terms}
    around = {term for each in chosen for term in each.around}
    new = {term for term in claim.said - claim.asked if not _is_lenient(term)}
    return bool(
        chosen
        and given.rarity.share(claim.said, covered | (claim.asked & around)) >= LEAST_SHARE
        and (not new or given.rarity.share(new, covered) >= LEAST_NEW)
        and claim.exact <= covered | (claim.asked & around)
        and _amounts_agree(claim, chosen, around)
        and not contradicts(claim.text, (each.text for each in chosen))
    )


def _is_lenient(term: str) -> bool:
    """Whether a term is compared otherwise: as an amount, or as a pair across two words."""
    return bool(_NUMBER.match(term) or character_pairs(term))


def _amounts_agree(claim: _Claim, chosen: Sequence[Evidence], around: set[str]) -> bool:
    """Whether each amount is cited; a number of the question may be near the citation.

    So may a scale or unit, as in a table header, without a conflicting number.
    """
    cited = [amount for each in chosen for amount in amounts(each.text)]
    return all(
        any(_is_cited(amount, other, around) for other in cited)
        or normalized_terms(amount.number) <= claim.asked & around
        for amount in amounts(claim.text)
    )


def _is_cited(amount: Amount, other: Amount, around: set[str]) -> bool:
    if not amount.agrees(other):
        return False
    scale = amount.scale if amount.value != other.value else None
    unit = amount.unit if other.unit is None else None
    return all(normalized_terms(each) <= around for each in (scale, unit) if each)
