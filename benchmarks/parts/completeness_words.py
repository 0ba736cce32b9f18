"""Words of ``completeness.py``: what counts as a word, and the difference of two texts."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

# Scripts that put no space between words: CJK, kana, Hangul, Thai, Lao, Burmese, Khmer.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3040-\u30ff\u3130-\u318f\u3400-\u4dbf"
    "\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
# A hyphen before a line end, or before the gap between two columns.
_LINE_END_HYPHEN = re.compile(r"([^\W_]+)[-\u2010](?=\s*\n|\s{2,}|\s*\Z)")
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))


@cache
def _word() -> re.Pattern[str]:
    """Return the pattern of a word; combining marks belong to it, unlike in Python's ``\\w``."""
    marks = "".join(
        chr(code)
        for code in range(0x300, sys.maxunicode + 1)
        if unicodedata.category(chr(code)).startswith("M")
    )
    return re.compile(rf"[{_UNSPACED}][{marks}]*|(?:(?![{_UNSPACED}])[^\W_][{marks}]*)+")


def normalized(text: str) -> str:
    """Return a text in NFKC and lower case, without invisible characters."""
    return unicodedata.normalize("NFKC", text.translate(_INVISIBLE)).lower()


def words(text: str) -> list[str]:
    """Return the words of a text in order: letters and digits; CJK by character."""
    return [each for each in _word().findall(normalized(text)) if each[0].isalnum()]


@dataclass(frozen=True, slots=True)
class Difference:
    """What a text has in common with the one that it is compared to.

    ``kept`` are the adjacent pairs of words of the reference that occur in the text.
    """

    reference: int
    missing: Counter[str]
    added: Counter[str]
    pairs: int
    kept: int

    @property
    def lost(self) -> int:
        """The number of missing words."""
        return self.missing.total()


def difference(reference: str, text: str) -> Difference:
    """Compare a text to the reference, as multisets of words and as adjacent pairs.

    A word that is hyphenated at a line end of the reference and joined in the text is the same.
    """
    expected, found = words(reference), words(text)
    wanted, got = Counter(expected), Counter(found)
    missing, added = wanted - got, got - wanted
    _join_hyphenated(reference, missing, added)
    pairs = Counter(pairwise(expected))
    kept = (pairs & Counter(pairwise(found))).total()
    return Difference(len(expected), missing, added, pairs.total(), kept)


def _join_hyphenated(reference: str, missing: Counter[str], added: Counter[str]) -> None:
    """Take words that were hyphenated in the reference alone out of both multisets."""
    if not missing:
        return
    for begin in _LINE_END_HYPHEN.findall(normalized(reference)):
        if missing[begin] <= 0:
            continue
        for whole in [each for each in added if each.startswith(begin) and added[each] > 0]:
            end = whole[len(begin) :]
            if missing[end] > 0 and (end != begin or missing[end] > 1):
                for each, counter in ((begin, missing), (end, missing), (whole, added)):
                    counter[each] -= 1
                break
    for counter in (missing, added):
        for each in [each for each, count in counter.items() if count <= 0]:
            del counter[each]
