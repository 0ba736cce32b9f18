"""Facts that must match exactly: amounts and negations. Pure functions.

``$3.2 million``, ``3.2 million dollars`` and ``3,200,000 dollars`` are one amount, ``5%`` and
``five per cent`` another. The first content word after a negation in its clause is negated.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from types import MappingProxyType

from carrel.core.stop_words import STOP_WORDS
from carrel.services.text.terms import stem
from carrel.services.text.words import WordForm, words

SPELLED: Mapping[str, str] = MappingProxyType(
    {
        word: str(number)
        for number, word in enumerate(
            (
                *("zero", "one", "two", "three", "four", "five", "six"),
                *("seven", "eight", "nine", "ten", "eleven", "twelve"),
            )
        )
    }
)
_SCALES = {"thousand": 3, "million": 6, "billion": 9, "trillion": 12}
_SHORT_SCALES = {"mn": "million", "bn": "billion"}
_SIGNS = {"$": "dollar", "€": "euro", "£": "pound", "¥": "yen", "%": "percent"}
_UNITS = {
    **_SIGNS,
    **{name: name for name in _SIGNS.values()},
    **{f"{name}s": name for name in ("dollar", "euro", "pound")},
    "per cent": "percent",
    "usd": "dollar",
    "eur": "euro",
    "gbp": "pound",
}
_SPELLED = "|".join(SPELLED)
_AMOUNT = re.compile(
    r"(?P<sign>[$€£¥]|\b(?:usd|eur|gbp)\b)?\s?"
    rf"(?<![\w.,])(?P<number>\d+(?:[.,]\d+)*|(?:{_SPELLED})\b)"
    r"(?:[\s-]?(?P<scale>(?:thousand|million|billion|trillion|mn|bn)\b))?"
    r"(?:\s?(?P<unit>%|(?:per\scent|percent|dollars?|euros?|pounds?|yen|usd|eur|gbp)\b))?"
)
_SIGN = re.compile(r"[$€£¥%]|\bper\s+cent\b", re.I)
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_CLAUSE = re.compile(r"[,;:.!?()]\s|\b(?:but|although|though|while|whereas)\b")
_NEGATIONS = frozenset(("not", "no", "never", "none", "neither", "nor", "cannot"))
# "Not only" and "no more than" negate nothing.
_NO_DENIAL = frozenset(("only", "more", "less", "fewer", "least", "just", "doubt"))
_PASSED_OVER = frozenset(("longer", "yet", "ever", "even", "really", "fully"))


@dataclass(frozen=True, slots=True)
class Amount:
    """A number as written, without thousands separators; its scale and its unit."""

    number: str
    scale: str | None = None
    unit: str | None = None

    @property
    def value(self) -> Decimal | None:
        """The full value; None if it is not a number, such as ``1.2.3``."""
        try:
            return Decimal(self.number).scaleb(_SCALES[self.scale] if self.scale else 0)
        except InvalidOperation:
            return None

    def agrees(self, other: Amount) -> bool:
        """Whether both may be equal: a missing scale or unit is no contradiction."""
        if self.unit and other.unit and self.unit != other.unit:
            return False
        if self.value is not None and self.value == other.value:
            return True
        return self.number == other.number and None in (self.scale, other.scale)


def amounts(text: str) -> list[Amount]:
    """Return the amounts of a text, in order."""
    lowered = unicodedata.normalize("NFKC", text).lower()
    found = []
    for match in _AMOUNT.finditer(lowered):
        number = SPELLED.get(match["number"], match["number"])
        if _GROUPED.fullmatch(number):
            number = number.replace(",", "")
        scale = match["scale"]
        unit = match["sign"] or match["unit"]
        found.append(
            Amount(
                number,
                _SHORT_SCALES.get(scale, scale) if scale else None,
                _UNITS[re.sub(r"\s", " ", unit)] if unit else None,
            )
        )
    return found


def units_written_out(text: str) -> str:
    """Return the text with the names of currencies and percent in place of their signs."""
    return _SIGN.sub(lambda sign: f" {_SIGNS.get(sign[0], 'percent')} ", text)


def has_negation(text: str) -> bool:
    """Whether a text denies something."""
    return bool(_denied_and_said(text)[0])


def contradicts(sentence: str, quotes: Iterable[str]) -> bool:
    """Whether a sentence has a negation that no quote has, or negates something else."""
    denied, said = _denied_and_said(sentence)
    denied_there: set[str] = set()
    said_there: set[str] = set()
    for quote in quotes:
        denied_here, said_here = _denied_and_said(quote)
        denied_there |= denied_here
        said_there |= said_here
    if denied and not denied_there:
        return True
    return bool(
        (denied - said) & (said_there - denied_there)
        or (said - denied) & (denied_there - said_there)
    )


def _denied_and_said(text: str) -> tuple[set[str], set[str]]:
    denied: set[str] = set()
    said: set[str] = set()
    for clause in _CLAUSE.split(text.lower()):
        denies = False
        for word in words(clause, WordForm.CONTRACTION):
            if word in _NEGATIONS or word.endswith(("n't", "n’t")):
                denies = True
            elif denies and word in _NO_DENIAL:
                denies = False
            elif word not in STOP_WORDS and word not in _PASSED_OVER:
                (denied if denies else said).add(stem(word))
                denies = False
    return denied, said
