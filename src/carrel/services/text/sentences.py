"""Splits texts into sentences and lines. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterator

_SENTENCE_END = re.compile(
    "|".join(
        (
            # An initial, or an abbreviation before a small letter, ends no sentence; a unit may.
            r"(?<=[.!?])(?<!(?<![°/])\b[^\W\d]\.)\s+(?![a-z])",
            # Quotes, brackets and the asterisks of Markdown may follow the full stop.
            r"(?<=[.!?][\"”’)*_])\s+(?=[^\Wa-z]|[\"“‘(*_])",
            r"(?<=[.!?]\*\*)\s+(?=[^\Wa-z]|[\"“‘(*_])",
            r"(?<=[。！？])(?![\"”’」』）)])\s*",
            r"(?<=[。！？][\"”’」』）)])(?!\s*\[\d)\s*",
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


# English, German, French, Spanish, Italian and Russian. Those that often end a sentence, such as
# "etc." and "Inc.", are left out.
_ABBREVIATION = re.compile(
    r"(?<![\w.])(?:"
    r"Dr|Prof|Mr|Mrs|Ms|Messrs|Gen|Gov|Sen|Rep|Capt|Lt|Col|Sgt|Rev|Hon|vs|cf|e\.g|i\.e|approx"
    r"|Hr|Hrn|bzw|vgl|ggf|evtl|inkl|zzgl|sog|z\.\s?B|d\.\s?h|u\.\s?a|i\.\s?d\.\s?R|Dipl|ca"
    r"|med|Mt|Mme|Mmes|Mlle|MM|env|Sr|Sra|Srta|Lic|Sig|Dott|Avv|т\.\s?е|ул|проф"
    r")\.\Z"
)
# Words, too, unless a number follows.
_BEFORE_NUMBER = re.compile(
    r"(?<![\w.])(?:No|Nos|Fig|Figs|Eq|Sec|Nr|Abs|Art|Ziff|Anm|Abb|Bd|gem|art|chap|fig|apr|núm|pág"
    r"|pag|стр|рис|кв|[pPсп]|Str|Tel|Ext|N°"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|Ene|Abr|Ago|Dic)\.\Z"
)
_NUMBER = re.compile(r"\d|[IVX]+\b|§")
# "am 30. September", "3. Quartal": a number with a full stop is an ordinal there.
_ORDINAL = re.compile(r"(?:\A|\s)\d{1,2}\.\Z")
_AFTER_ORDINAL = re.compile(
    r"(?:Jan|Feb|Mär|Mar|Apr|Mai|Maj|Jun|Jul|Aug|Sep|Okt|Oct|Nov|Dez|Dec|Des)"
    r"|(?:Quartal|Jahr|Halbjahr|Klasse|Etage|Stock|Obergeschoss|OG|Platz|Auflage|Absatz)"
)
_LIST_NUMBER = re.compile(r"(?:\A|\n)[\s#>*+|•◦▪·–-]*\d{1,3}\.\Z")
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
    if _BEFORE_NUMBER.search(before) and _NUMBER.match(text, boundary.end()):
        return True
    return bool(_ORDINAL.search(before) and _AFTER_ORDINAL.match(text, boundary.end()))
