"""Selects the cell of a row that answers a question. Pure functions.

The words that the question shares with the row's values say which row is meant; those that it
shares with the heads say which column.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from carrel.services.tables.row_text import Cell, Row
from carrel.services.text.answer_type import DATE_WORDS, AnswerType, fit, kind_of
from carrel.services.text.function_words import FOREIGN_TERMS
from carrel.services.text.terms import terms
from carrel.services.text.words import words

MOST_UNKNOWN = 0.34
"""Maximum share of the question's words that neither the row nor its surroundings contain."""

_NAMELESS = frozenset(
    (
        *("amount", "answer", "column", "figur", "file", "give", "high", "large", "list", "long"),
        *("much", "number", "mani", "row", "show", "tabl", "tell", "valu", "document", "big"),
    )
)
"""Stems of words that ask for a value without naming it."""

_DATE = re.compile(
    r"\b(?:1[5-9]|20|21)\d\d\b|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b|\b\d{1,2}[:.]\d\d\s?(?:h|am|pm|Uhr)?\b"
)
_AMOUNT = re.compile(r"[^\w]*\d[\d.,\s]*(?:\s?[\w%/°²³.€$£]+){0,3}[^\w]*")


_HEADS_ASKED = {
    re.compile(pattern, re.IGNORECASE): frozenset(heads.split())
    for pattern, heads in {
        r"\bwho(m|se)?\b": (
            "name person contact owner manag respons author chair lead assigne staff"
        ),
        r"\bwhere\b": "place locat citi town hall address site country region venu",
        r"\bwhen\b": "date day time deadlin due month year week",
        r"\bhow long\b": "durat length time period term",
        r"\bhow (many|often)\b": "number quantiti count total unit stock",
        # "How much does it weigh?" asks for no price.
        r"\bhow much\b(?!.*\b(weigh|measure|hold|contain|use|produce)s?\b)"
        r"|\bcosts?\b|\bprices?\b|\bcharged?\b": ("price cost amount total fee rate charg sum"),
        r"\b(e-?mail|mail)\b": "email mail",
        r"\b(tele)?phone\b|\bcall\b": "phone telephon mobil tel",
        r"\b(earns?|paid|pay|salary|wages?)\b": "salari pay wage incom",
        r"\bhow old\b": "age",
        r"\bweighs?\b|\bhow heavy\b": "weight mass",
        r"\bhow (tall|high)\b": "height level",
        r"\bhow (wide|broad)\b": "width",
        r"\bhow deep\b": "depth",
        r"\bhow fast\b": "speed",
        r"\bhow far\b": "distanc",
        r"\bhow (hot|warm|cold)\b": "temperatur",
        r"\b(hold|contain)s?\b": "capac volum content",
        r"\b(introduced|launched|released|founded|built|opened)\b": "year date",
        r"\b(lives?)\b": "address citi town place",
        r"\bborn\b": "birth born birthday",
    }.items()
}
"""Stems of heads under which the answer to such a question usually is."""


class _Kind(Enum):
    NUMBER = "number"
    DATE = "date"
    WORDS = "words"


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question's terms, and those of them that the row's own values have."""

    text: str
    kind: AnswerType
    terms: frozenset[str]
    in_values: frozenset[str]


def answering_cell(
    question: str, row: Row, others: Sequence[Row] = (), around: str = ""
) -> Cell | None:
    """Return the cell that the question asks for; None if that is not certain.

    ``others`` are further rows of the table: none of them may fit the question as well.
    ``around`` is what the table is about: its caption, heading and file. The question's words may
    be there, too; other ones mean that it asks for something else.
    """
    asked = _asked(question, row)
    cells = [each for each in row.cells if not _is_named(each, asked)]
    if not cells or not is_about(question, " ".join([row.text, *row.heads, around])):
        return None
    is_pair = len(row.cells) == 1
    if len(cells) == len(row.cells) and not is_pair:
        # Nothing in the question says which row is meant.
        return None
    if not is_pair and any(_fits_as_well(question, each, row) for each in others):
        return None
    return _of_matching_head(cells, asked) or (None if is_pair else _of_kind(cells, asked))


def _asked(question: str, row: Row) -> _Asked:
    asked = frozenset(terms(question))
    values = {term for cell in row.cells for term in terms(cell.text)}
    heads = {term for cell in row.cells for term in terms(cell.head)}
    return _Asked(question, kind_of(question), asked, frozenset(asked & (values - heads)))


def _is_named(cell: Cell, asked: _Asked) -> bool:
    """Whether the question mentions the cell's value: it says which row is meant."""
    own = set(terms(cell.text))
    return bool(own) and 2 * len(own & asked.in_values) >= len(own)


def _fits_as_well(question: str, other: Row, row: Row) -> bool:
    if other.text == row.text or other.heads != row.heads:
        return False
    return _fit_of_row(question, other) >= _fit_of_row(question, row)


def _fit_of_row(question: str, row: Row) -> tuple[int, int]:
    """Return how many words of the question the values have, and how many of theirs it lacks."""
    asked = _asked(question, row)
    named = {term for cell in row.cells if _is_named(cell, asked) for term in terms(cell.text)}
    return len(asked.in_values), -len(named - asked.terms)


def _of_matching_head(cells: Sequence[Cell], asked: _Asked) -> Cell | None:
    """Return the one cell whose head the question names best, and whose value is of its kind."""
    matched = [(_head_match(each, asked), each) for each in cells]
    best = max(match for match, _ in matched)
    if best <= 0:
        return None
    found = [each for match, each in matched if match == best and _may_be(asked.kind, each.text)]
    return found[0] if len(found) == 1 else None


def _head_match(cell: Cell, asked: _Asked) -> float:
    """Return how many words of the head the question has; words that it lacks count against it."""
    own = set(terms(cell.head))
    shared = own & (asked.terms - asked.in_values)
    if shared:
        return len(shared) + len(shared) / len(own)
    usual = any(heads & own for asks, heads in _HEADS_ASKED.items() if asks.search(asked.text))
    return 0.5 if usual else 0.0


def _of_kind(cells: Sequence[Cell], asked: _Asked) -> Cell | None:
    """Return the only cell beside those that the question names, or the only date."""
    if len(cells) > 1 and asked.kind is not AnswerType.DATE:
        return None
    found = [each for each in cells if _may_be(asked.kind, each.text)]
    return found[0] if len(found) == 1 else None


def _may_be(kind: AnswerType, text: str) -> bool:
    """Whether the text of a cell may be an answer of the kind."""
    found = _kind_of_text(text)
    if kind is AnswerType.DATE:
        return found is _Kind.DATE
    if kind is AnswerType.NUMBER:
        # Four digits are a year or an amount; a date is none.
        is_amount = _AMOUNT.fullmatch(text) is not None and DATE_WORDS.isdisjoint(words(text))
        return is_amount or (found is _Kind.WORDS and fit(kind, words(text)) > 0)
    if kind is AnswerType.NAME:
        return found is _Kind.WORDS
    return True


def _kind_of_text(text: str) -> _Kind:
    if _DATE.search(text) or not DATE_WORDS.isdisjoint(words(text)):
        return _Kind.DATE
    if _AMOUNT.fullmatch(text):
        return _Kind.NUMBER
    return _Kind.WORDS


def is_about(question: str, known: str, operators: Iterable[re.Pattern[str]] = ()) -> bool:
    """Whether most words of a question are known from a table and its surroundings.

    Words that ask for a value without naming it do not count; nor do those that ``operators`` find.
    """
    asking = [*_HEADS_ASKED, *operators]
    passed = " ".join(match[0] for asks in asking for match in asks.finditer(question))
    wanted = set(terms(question)) - _NAMELESS - FOREIGN_TERMS - set(terms(passed))
    return len(wanted - set(terms(known.replace("_", " ")))) <= MOST_UNKNOWN * len(wanted)
