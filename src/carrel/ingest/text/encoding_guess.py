"""Guesses a legacy encoding by the letters of the languages that are written in it."""

from __future__ import annotations

import unicodedata
from collections import Counter

from carrel.ingest.text.languages import LANGUAGES, WIDE, Language

LEAST_SCORE = 0.3
"""Below this nothing fits: damaged bytes, or a language that is not listed."""

_PUNCTUATION, _FOREIGN, _STRANGE, _MISPLACED = 0.3, -0.5, -1.0, -1.5
_COMMON, _UNCOMMON, _OTHER_SCRIPT, _OTHER_SYMBOL = 0.35, 0.1, -0.5, -1.0
# Word processors write these in every language; alone they must not look like letters.
_TYPOGRAPHIC = frozenset("“”„‘’‚–—…•€\u00a0")
_NEVER_WITHIN = frozenset("“”„‚•€")
_MARKS = frozenset("\u00a0«»‹›“”„‘’‚–—…•·°§€£¥©®™№¿¡ªº×±²³½¼¾†‡")
# They occur within words, too.
_JOINING = frozenset("’‘·\u00ad")
_WIDE_MARKS = frozenset("、。，．・：；？！「」『』（）【】《》〈〉…～—“”‘’·※○●◎◇◆□■△▲▽▼→\u3000")
_NARROW_CODECS = tuple(dict.fromkeys(codec for each in LANGUAGES for codec in each.codecs))
# Other names begin like these.
_KINDS = (
    *(("gb", "gb18030"), ("hz", "gb18030"), ("big5", "big5"), ("cp950", "big5")),
    *(("cp949", "cp949"), ("euc_kr", "cp949"), ("johab", "cp949")),
    *(("cp932", "cp932"), ("shift_jis", "cp932"), ("euc_j", "euc_jp")),
)
# First bytes of the characters that a standard lists as the common ones.
_COMMON_ROWS = {
    "cp932": range(0x88, 0x98),
    "euc_jp": range(0xB0, 0xD0),
    "gb18030": range(0xB0, 0xD8),
    "big5": range(0xA4, 0xC7),
    "cp949": range(0xB0, 0xC9),
}
_SCRIPT_OF_WIDE = {"cp949": "HANGUL"}
_JAPANESE = frozenset(("cp932", "euc_jp"))


def best_encoding(sample: bytes) -> str | None:
    """Return the codec in which the bytes read most like a language, or None."""
    scores = [(_narrow_score(sample, codec), codec) for codec in _NARROW_CODECS]
    scores += [(_wide_score(sample, codec, codec), codec) for codec in WIDE]
    # Of equal ones max returns the first, which is the more common.
    score, codec = max(scores, key=lambda each: each[0])
    return codec if score >= LEAST_SCORE else None


def language_score(sample: bytes, codec: str) -> float:
    """Return how much the bytes read like a language in this codec, at most 1."""
    for name, kind in _KINDS:
        if codec.startswith(name):
            return _wide_score(sample, codec, kind)
    return _narrow_score(sample, codec, every_language=True)


def _narrow_score(sample: bytes, codec: str, every_language: bool = False) -> float:
    text = _decoded(sample, codec)
    if text is None:
        return -1.0
    counts = Counter(each for each in text if each > "\x7f")
    total = counts.total()
    if not total:
        return 0.0
    best = max(
        sum(_weight(each, language) * number for each, number in counts.items())
        for language in LANGUAGES
        if every_language or codec in language.codecs
    )
    return (best + _MISPLACED * _misplaced(text)) / total


def _weight(character: str, language: Language) -> float:
    if character in language.frequent or character.lower() in language.frequent:
        return 1.0
    if character in language.rare or character.lower() in language.rare:
        return language.rare_weight
    if character in _TYPOGRAPHIC:
        return 1.0
    if character in _MARKS:
        return _PUNCTUATION
    return _FOREIGN if unicodedata.category(character)[0] in "LM" else _STRANGE


def _misplaced(text: str) -> int:
    """Count neighbours that no language has within a word."""
    wrong = 0
    padded = f" {text}  "
    for first, second, third in zip(padded, padded[1:], padded[2:], strict=False):
        if first <= "\x7f" and second <= "\x7f":
            continue
        if first.isalpha() and second.isalpha():
            wrong += first.islower() and second.isupper()
            wrong += _script(first) != _script(second)
        elif unicodedata.category(second) == "Mn":
            # A vowel sign or accent needs a letter to be on.
            wrong += not (first.isalpha() or unicodedata.category(first) == "Mn")
        elif second in _TYPOGRAPHIC:
            within = second in _NEVER_WITHIN and first.isalpha() and third.isalpha()
            wrong += within or first in _TYPOGRAPHIC
        elif _is_symbol(second) and first.isalpha():
            wrong += 1
    return wrong


def _is_symbol(character: str) -> bool:
    return (
        character > "\x7f"
        and character not in _JOINING
        and unicodedata.category(character) in ("So", "Sm", "Sc", "Sk", "No", "Cc", "Co", "Cn")
    )


def _script(letter: str) -> str:
    return "LATIN" if letter <= "\x7f" else unicodedata.name(letter, "").partition(" ")[0]


def _wide_score(sample: bytes, codec: str, kind: str) -> float:
    text = _decoded(sample, codec)
    if text is None:
        return -1.0
    counts = Counter(each for each in text if each > "\x7f")
    total = counts.total()
    if not total:
        return 0.0
    return sum(_wide_weight(each, kind) * number for each, number in counts.items()) / total


def _wide_weight(character: str, kind: str) -> float:
    if character in WIDE[kind]:
        return 1.0
    if character in _WIDE_MARKS:
        return _PUNCTUATION
    script = _script(character)
    if script in ("HIRAGANA", "KATAKANA"):
        return 0.8 if kind in _JAPANESE else _UNCOMMON
    if script != _SCRIPT_OF_WIDE.get(kind, "CJK"):
        return _OTHER_SCRIPT if script else _OTHER_SYMBOL
    try:
        row = character.encode(kind)[0]
    except UnicodeEncodeError:
        return _OTHER_SCRIPT
    return _COMMON if row in _COMMON_ROWS[kind] else _UNCOMMON


def _decoded(sample: bytes, codec: str) -> str | None:
    """Return the text, None if the bytes are invalid anywhere but at the cut end."""
    try:
        return sample.decode(codec)
    except UnicodeDecodeError as error:
        # The sample may end within a character.
        if error.start < len(sample) - 3:
            return None
        return sample[: error.start].decode(codec)
