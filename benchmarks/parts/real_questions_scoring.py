"""The verdict on an answer that a person is shown, by rules alone.

What is shown is taken apart first. A paragraph in quotation marks is the **quote**, and the text
before it, if there is any, the **headline**: the few words that a person takes for the answer. A
headline of more than fifteen words, or of more than three numbers where one fact was asked for, is
read like a quote. Without a quoted paragraph, or with nothing before it, everything shown is one
text and there is no headline.

- **right**: the headline has a gold answer. Without a headline: the sentence or row shown has it,
  and also the words that make it the sentence or row which says so (of a table the row's label
  and the column's head); a sentence without such words has to be on a gold page. A yes or no
  counts by itself, before all else. Of a question about the collection the names and counts have
  to be complete, without the name of another file.
- **right page, no answer**: without a headline, something else from a gold page; or at least half
  of the items of a list.
- **wrong with confidence**: every other headline, even if the quote below it has the answer, and
  every other text from elsewhere; any answer to a question that the documents do not answer.
- **wrongly declined** and **rightly declined**: the product says that the documents do not
  contain the answer.

Numbers are compared as numbers: ``34,229``, ``34.229`` and ``34 229`` are one, and none of them is
found in ``134,229`` or in ``34,229.5``. Words are compared whole, without regard to case and width.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

LONGEST_HEADLINE = 15
MOST_NUMBERS = 3
LONGEST_ANSWER = 80
"""Words of an answer without a headline in which a single fact is looked for."""
ONE_FACT = frozenset({"prose", "table", "yes_no"})
YES = re.compile(r"(?:yes|ja|oui|是的?|对|有的)(?![^\W_])", re.IGNORECASE)
NO = re.compile(r"(?:no|nein|non|否|不是|没有|不)(?:(?![^\W_])|(?<=[否是有不]))", re.IGNORECASE)
QUOTED = re.compile(r"[\"“„«「『].*[\"”“»」』]\s*(?:\[\d+\]\s*)*", re.DOTALL)
MARK = re.compile(r"\s*\[\d+\]")
PIECE = re.compile(r"\d+(?:\.\d+)?|[^\W\d_]+|[^\w\s]", re.UNICODE)
FILE = re.compile(r"[\w.-]+\.(?:pdf|docx|xlsx|csv|md|html|eml|txt)\b")
NUMBER = re.compile(r"\d[\d.,]*")
IDEOGRAPH = re.compile(r"[\u3400-\u9fff\uac00-\ud7af\u3040-\u30ff]")


class Verdict(StrEnum):
    """What an answer is worth to the person who asked."""

    RIGHT = "right"
    DECLINED_RIGHTLY = "rightly declined"
    NO_ANSWER = "right page, no answer"
    DECLINED_WRONGLY = "wrongly declined"
    WRONG = "wrong with confidence"


GOOD = frozenset({Verdict.RIGHT, Verdict.DECLINED_RIGHTLY})


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its gold answer.

    ``answers`` are alternatives; each is a list of texts that all have to be there, and each text
    may have spellings parted by ``|``. Their numbers are written plainly, with a point. ``also``
    are the words that a sentence or row needs besides, if it is shown without a headline.
    ``within`` are the documents that the person has chosen, none for the whole collection.
    """

    id: str
    collection: str
    question: str
    kind: str
    language: str = "en"
    answers: Sequence[Sequence[str]] = ()
    also: Sequence[str] = ()
    yes: bool | None = None
    documents: Sequence[str] = ()
    pages: Sequence[int] = ()
    within: Sequence[str] = ()

    @property
    def unanswerable(self) -> bool:
        """Whether the documents do not answer it."""
        return self.kind == "unanswerable"


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer as it is shown: its text, and the document and page of each quote."""

    text: str
    declined: bool = False
    places: Sequence[tuple[str, int | None]] = field(default=())


def judge(question: Question, shown: Shown) -> Verdict:
    """Return the verdict on one answer."""
    if shown.declined or not shown.text.strip():
        return Verdict.DECLINED_RIGHTLY if question.unanswerable else Verdict.DECLINED_WRONGLY
    if question.unanswerable:
        return Verdict.WRONG
    headline, rest = taken_apart(shown.text)
    if question.kind in ONE_FACT and len(NUMBER.findall(headline)) > MOST_NUMBERS:
        headline, rest = "", f"{headline} {rest}"
    if question.kind == "collection" and holds(shown.text, question.answers):
        return Verdict.NO_ANSWER if _other_files(shown.text, question) else Verdict.RIGHT
    if question.kind in ONE_FACT and not headline:
        rest = _beginning(rest, LONGEST_ANSWER)
    if question.yes is not None and (said := said_yes(headline or rest)) is not None:
        return Verdict.RIGHT if said == question.yes else Verdict.WRONG
    if headline and holds(headline, question.answers):
        return Verdict.RIGHT
    if _half(headline or rest, question):
        complete = not headline and holds(rest, question.answers)
        return Verdict.RIGHT if complete else Verdict.NO_ANSWER
    if headline:
        return Verdict.WRONG
    here = any(_is_gold(question, *place) for place in shown.places)
    fitting = all(has(rest, each) for each in question.also)
    if holds(rest, question.answers) and fitting and (here or question.also):
        return Verdict.RIGHT
    return Verdict.NO_ANSWER if here else Verdict.WRONG


def taken_apart(text: str) -> tuple[str, str]:
    """Return the headline, empty if there is none, and the rest of what is shown."""
    paragraphs = [each.strip() for each in re.split(r"\n\s*\n", text.strip())]
    quoted = [at for at, each in enumerate(paragraphs) if QUOTED.fullmatch(each) or each[:1] == ">"]
    if not quoted or quoted[0] == 0:
        return "", MARK.sub("", text).strip()
    headline = MARK.sub("", " ".join(paragraphs[: quoted[0]])).strip()
    rest = MARK.sub("", " ".join(paragraphs[quoted[0] :])).strip()
    if _length(headline) > LONGEST_HEADLINE:
        return "", f"{headline} {rest}"
    return headline, rest


def said_yes(text: str) -> bool | None:
    """Return whether a text begins with a yes or a no; None if with neither."""
    text = text.lstrip(" \"“„«「'*")
    return True if YES.match(text) else False if NO.match(text) else None


def holds(text: str, answers: Iterable[Sequence[str]]) -> bool:
    """Whether every part of one of the gold answers is in the text."""
    return any(all(has(text, part) for part in answer) for answer in answers)


def has(text: str, wanted: str) -> bool:
    """Whether one of the spellings of a gold text is in the text, as whole words and numbers."""
    plain = _plain(text)
    return any(re.search(_pattern(_plain(each)), plain) for each in wanted.split("|"))


def _half(text: str, question: Question) -> bool:
    """Whether at least half of the items of a list are there, and two of them."""
    parts = max(question.answers, key=len, default=())
    if question.kind not in ("list", "collection") or len(parts) < 2:
        return False
    return sum(has(text, each) for each in parts) >= max(2, len(parts) / 2)


def _other_files(text: str, question: Question) -> bool:
    """Whether files are named that do not belong to the answer, if files are what was asked for."""
    gold = {part for answer in question.answers for part in answer if FILE.fullmatch(part)}
    named = [each.rstrip(".") for each in FILE.findall(text)]
    return bool(gold) and not all(each.endswith(tuple(gold)) for each in named)


def _is_gold(question: Question, document: str, page: int | None) -> bool:
    if document not in question.documents:
        return False
    return not question.pages or page is None or page in question.pages


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _pattern(wanted: str) -> str:
    """Return a pattern for a text of words and plain numbers."""
    pieces = PIECE.findall(wanted)
    words = [each for each in pieces if each[0].isalnum()] or pieces
    made = [_number(each) if each[0].isdigit() else re.escape(each) for each in words]
    # Between words there may be anything but further words: a dash, a comma, a currency.
    return _edge(words[0], before=True) + r"[\W_]{0,3}".join(made) + _edge(words[-1], before=False)


def _edge(word: str, before: bool) -> str:
    if IDEOGRAPH.match(word[0] if before else word[-1]):
        return ""
    if word[0].isdigit():
        return r"(?<!\d)(?<!\d[.,'’])" if before else r"(?!\d)(?![.,'’]\d)"
    return r"(?<![^\W_])" if before else r"(?![^\W_])"


def _number(plain: str) -> str:
    """Return a pattern for a number with any separators, and with further zeros behind a point."""
    whole, point, fraction = plain.partition(".")
    heads = len(whole) % 3 or 3
    groups = [whole[:heads], *(whole[at : at + 3] for at in range(heads, len(whole), 3))]
    made = r"[.,'’ ]?".join(groups)
    return f"{made}[.,]{fraction}0*" if point else rf"{made}(?:[.,]0{{1,2}}(?!\d))?"


def _length(text: str) -> int:
    """Count words; of Chinese, two characters are one."""
    ideographs = len(IDEOGRAPH.findall(text))
    return ideographs // 2 + len(IDEOGRAPH.sub(" ", text).split())


def _beginning(text: str, words: int) -> str:
    """Return the beginning of a text, of about so many words."""
    at = 0
    for found in re.finditer(r"\S+\s*", text):
        words -= max(1, _length(found.group()))
        at = found.end()
        if words <= 0:
            break
    return text[:at]
