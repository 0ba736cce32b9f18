"""Selects complete sentences of documents. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from carrel.services.text.reading_order import DocumentText
from carrel.services.text.sentences import sentences
from carrel.services.text.words import words

FEWEST_WORDS, MOST_WORDS = 5, 45
MOST_NUMBERS = 0.35
"""Share of numbers among the words, above which it is a table row."""

MOST_CAPITALS = 0.7
"""Share of capitalised words, above which it is a title or an address."""

_BEGINS = re.compile(r"[\"'“‘(\[]*[^\W_]")
_ENDS = re.compile(r"[.!?。！？…][\"'”’)\]]*$")
_ABBREVIATED = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|Prof|St|No|Nos|vs|cf|Fig|Sec|Art|Inc|Corp|Co|Ltd)\.$")
"""At the end of a text: the sentence was cut there and continues in the next one."""

_LEADERS = re.compile(r"\.{3}|_{3}|(?:\. ){3}")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, verbatim, and its position.

    ``place`` counts sentences of its document, ``position`` is the share of chunks before it.
    """

    text: str
    document: str
    document_id: str
    page: int | None
    place: int
    position: float
    words: tuple[str, ...]


def whole_sentences(document: DocumentText) -> list[Sentence]:
    """Return the complete sentences of a document, without duplicates.

    A document without any, such as a table or a list, gives its lines instead.
    """
    found = _distinct(document, strict=True)
    return found or _distinct(document, strict=False)


def _distinct(document: DocumentText, *, strict: bool) -> list[Sentence]:
    seen: set[tuple[str, ...]] = set()
    kept: list[Sentence] = []
    torn = False
    for text, page, position in _texts(document):
        own = tuple(words(text))
        begun, torn = torn, _ABBREVIATED.search(text) is not None
        if own in seen or not own or (strict and (begun or torn or not _is_whole(text, own))):
            continue
        seen.add(own)
        place = len(kept)
        kept.append(Sentence(text, document.name, document.document_id, page, place, position, own))
    return kept


def _texts(document: DocumentText) -> Iterator[tuple[str, int | None, float]]:
    for index, chunk in enumerate(document.chunks):
        for text in sentences(chunk.text):
            yield text, chunk.page, index / len(document.chunks)


def _is_whole(text: str, own: Sequence[str]) -> bool:
    """Whether a text is a sentence, and no table row, title, or fragment."""
    begins = _BEGINS.match(text)
    if begins is None or begins[0][-1].islower() or not _ENDS.search(text) or _LEADERS.search(text):
        return False
    if text.isascii() and not FEWEST_WORDS <= len(own) <= MOST_WORDS:
        return False
    numbers = sum(each[0].isdigit() for each in own)
    capitals = sum(each[0].isupper() for each in text.split())
    return numbers <= MOST_NUMBERS * len(own) and capitals <= MOST_CAPITALS * len(text.split())
