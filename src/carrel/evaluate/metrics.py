"""Metrics of an evaluation, as pure functions. Shares are from 0 to 1.

Texts are compared as SQuAD compares them (Rajpurkar et al., "SQuAD: 100,000+ Questions for Machine
Comprehension of Text", EMNLP 2016; ``evaluate-v1.1.py``): in lower case, without ASCII punctuation
and without the words a, an and the.
"""

from __future__ import annotations

import math
import re
import string
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


def normalised(text: str) -> str:
    """Return a text as ``evaluate-v1.1.py`` of SQuAD compares it."""
    bare = text.lower().translate(_NO_PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", bare).split())


def exact_match(answer: str, accepted: Iterable[str]) -> bool:
    """Return whether an answer is one of the accepted ones, both normalised (SQuAD's EM)."""
    return normalised(answer) in {normalised(each) for each in accepted}


def token_f1(answer: str, accepted: Iterable[str]) -> float:
    """Return the best F1 of an answer's words with those of an accepted one (SQuAD's F1).

    Common words count as often as they occur in both; 0 without common words.
    """
    return max(
        (_f1(normalised(answer).split(), normalised(each).split()) for each in accepted),
        default=0.0,
    )


def _f1(answer: Sequence[str], accepted: Sequence[str]) -> float:
    common = sum((Counter(answer) & Counter(accepted)).values())
    if not common:
        return 0.0
    precision, recall = common / len(answer), common / len(accepted)
    return 2 * precision * recall / (precision + recall)


def contains(text: str, accepted: Iterable[str]) -> bool:
    """Return whether an accepted answer occurs in a text, both normalised, in whole words.

    "2" does not occur in "2022". An answer of which normalisation leaves nothing ("A", "%") is
    searched for unchanged.
    """
    padded = f" {normalised(text)} "
    for each in accepted:
        wanted = normalised(each)
        if f" {wanted} " in padded if wanted else each.strip() and each.strip() in text:
            return True
    return False


def first_rank(relevant: Iterable[bool]) -> int | None:
    """Return the rank, from 1, of the first relevant result; None where there is none."""
    return next((rank for rank, each in enumerate(relevant, start=1) if each), None)


def hit_at(ranks: Sequence[int | None], k: int) -> float | None:
    """Return the share of questions whose first relevant result is among the first ``k``.

    None without questions; so are the other means.
    """
    return mean([rank is not None and rank <= k for rank in ranks])


def mean_reciprocal_rank(ranks: Sequence[int | None]) -> float | None:
    """Return the mean of 1 / rank, 0 for a question without a relevant result (TREC-8, 1999)."""
    return mean([1 / rank if rank else 0.0 for rank in ranks])


def mean(values: Sequence[float]) -> float | None:
    """Return the arithmetic mean; None of no values."""
    return math.fsum(values) / len(values) if values else None


def percentile(values: Sequence[float], percent: float) -> float | None:
    """Return a percentile, interpolated between neighbours; None of no values.

    Definition 7 of Hyndman and Fan, "Sample Quantiles in Statistical Packages", 1996.
    """
    if not values:
        return None
    ordered = sorted(values)
    place = (len(ordered) - 1) * percent / 100
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


@dataclass(frozen=True, slots=True)
class Abstention:
    """Quality of the decision to abstain.

    ``precision`` is the share of abstentions that were right, ``recall`` the share of questions
    without an answer that were abstained from, ``answered`` the share of those with one that were
    answered, ``balanced_accuracy`` the mean of the last two (Brodersen et al., ICPR 2010). None
    where there is nothing to take a share of.
    """

    precision: float | None
    recall: float | None
    answered: float | None
    balanced_accuracy: float | None


def abstention(outcomes: Iterable[tuple[bool, bool]]) -> Abstention:
    """Return the figures of pairs (has an answer in the documents, was abstained from)."""
    counts = Counter(outcomes)
    right, missed = counts[False, True], counts[False, False]
    wrong, answered = counts[True, True], counts[True, False]
    recall = _share(right, right + missed)
    kept = _share(answered, answered + wrong)
    balanced = None if recall is None or kept is None else (recall + kept) / 2
    return Abstention(_share(right, right + wrong), recall, kept, balanced)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def is_verbatim(quote: str, text: str) -> bool:
    """Return whether a quote occurs in a text, character by character; an empty one does not."""
    return bool(quote) and quote in text
