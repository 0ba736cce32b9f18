"""Splits texts into sentences and lines. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterator

_SENTENCE_END = re.compile(
    "|".join(
        (
            # An initial, or an abbreviation before a small letter, ends no sentence.
            r"(?<=[.!?])(?<!\b[^\W\d]\.)\s+(?![a-z])",
            # Quotes, brackets and the asterisks of Markdown may follow the full stop.
            r"(?<=[.!?][\"”’)*_])\s+(?=[^\Wa-z]|[\"“‘(*_])",
            r"(?<=[.!?]\*\*)\s+(?=[^\Wa-z]|[\"“‘(*_])",
            r"(?<=[。！？])\s*",
            r"\n{2,}",
            # Lines of a PDF page break within sentences: after a long line that ends with a letter
            # or a comma, and before a letter, the sentence continues.
            r"\n(?![^\W\d_])",
            r"(?<![^\W\d_,])\n",
            # So do shorter ones of narrow columns, if the next one begins with a small letter.
            r"(?<!.{60})\n(?![a-zà-ÿа-я])",
            r"(?<!.{25})\n",
        )
    )
)


_ABBREVIATION = re.compile(
    r"(?<![\w.])(?:"
    # English, German, French, Spanish and Italian, Russian; those that often end a sentence, such
    # as "etc." and "Inc.", are left out.
    r"Dr|Prof|Mr|Mrs|Ms|Messrs|Gen|Gov|Sen|Rep|Capt|Lt|Col|Sgt|Rev|Hon|Fig|Figs|Eq|Sec|No|Nos|vs|cf"
    r"|e\.g|i\.e|approx|ca|Hr|Fr|Hrn|Nr|Abs|Art|Ziff|Anm|Abb|Bd|bzw|vgl|ggf|evtl|inkl|zzgl|gem|sog"
    r"|z\.\s?B|d\.\s?h|u\.\s?a|i\.\s?d\.\s?R|Dipl|Ing|Mme|Mmes|Mlle|MM|art|chap|fig|env|av|apr|Sr|Sra"
    r"|Srta|Ud|Uds|núm|pág|Sig|Dott|Avv|pag|т\.\s?е|т\.\s?д|ул|им|стр|рис|см"
    r")\.\Z"
)
# "am 30. September", "3. Quartal": a number with a full stop is an ordinal there.
_ORDINAL = re.compile(r"(?:\A|\s)\d{1,2}\.\Z")
_AFTER_ORDINAL = re.compile(
    r"(?:Jan|Feb|Mär|Mar|Apr|Mai|Maj|Jun|Jul|Aug|Sep|Okt|Oct|Nov|Dez|Dec|Des)"
    r"|(?:Quartal|Jahr|Halbjahr|Klasse|Etage|Stock|Obergeschoss|OG|Platz|Auflage|Absatz)"
)
_LIST_NUMBER = re.compile(r"(?:\A|\n)[\s#>*+|-]*\d{1,3}\.\Z")
_LONGEST_ABBREVIATION = 10


def sentences(text: str) -> list[str]:
    """Return the sentences and lines of a text, each verbatim, none blank."""
    return [text[start:end] for start, end in sentence_spans(text)]


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Return the spans of the sentences and lines of a text, without surrounding white space."""
    return [
        (start + len(part) - len(part.lstrip()), start + len(part.rstrip()))
        for start, part in _parts(text)
        if part.strip()
    ]


def _parts(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for boundary in _SENTENCE_END.finditer(text):
        if _is_within(text, boundary):
            continue
        yield start, text[start : boundary.start()]
        start = boundary.end()
    yield start, text[start:]


def _is_within(text: str, boundary: re.Match[str]) -> bool:
    """Whether the full stop before a boundary is that of an abbreviation or an ordinal."""
    end = boundary.start()
    if text[end - 1 : end] != "." or "\n\n" in boundary[0]:
        return False
    before = text[max(end - _LONGEST_ABBREVIATION, 0) : end]
    if _ABBREVIATION.search(before) or _LIST_NUMBER.search(before):
        return True
    return bool(_ORDINAL.search(before) and _AFTER_ORDINAL.match(text, boundary.end()))
