"""Superscripts and subscripts in plain text."""

from __future__ import annotations

import re

RAISED, LOWERED, LEVEL = "\ufdd0", "\ufdd1", "\ufdd2"
"""Noncharacters of Unicode that readers write before and after raised or lowered text."""

_RUN = re.compile(f"([{RAISED}{LOWERED}])([^{LEVEL}]*){LEVEL}")
_SPLIT_RUN = re.compile(f"{LEVEL}([{RAISED}{LOWERED}])")
_MARKS = re.compile(f"[{RAISED}{LOWERED}{LEVEL}]")
_EXPONENT = re.compile(r"[-−–+]?\d{1,3}")
_NOTE = re.compile(r"[\d,;\s]*\d[\d,;\s]*")
# Units and symbols are short: km², R². Longer words have notes.
_SHORT_WORD = re.compile(r"(?<![^\W\d_])[^\W\d_]{1,3}$")
_POWER_BASE = re.compile(r"(?<![\d.,])(?:10|\d|[\d.,]+[×·x*]\s?10)$")
_UNIT_POWERS = frozenset(("2", "3"))


def raised(text: str) -> str:
    """Mark a superscript, for ``plain_scripts``."""
    return f"{RAISED}{text}{LEVEL}"


def lowered(text: str) -> str:
    """Mark a subscript, for ``plain_scripts``."""
    return f"{LOWERED}{text}{LEVEL}"


def plain_scripts(text: str) -> str:
    """Return text with marked superscripts written so that they are no digits of a number.

    An exponent becomes ``10^6`` or ``m^2``, the mark of a note ``240[1]``. Letters, and digits
    behind neither a letter nor a digit, stay as they are. A subscript stays, too (``H2O``), but for
    digits behind digits: ``101_2``.
    """
    if LEVEL not in text:
        return text
    text = _SPLIT_RUN.sub(lambda match: _rejoined(text, match), text)
    parts: list[str] = []
    end = 0
    for match in _RUN.finditer(text):
        parts.append(text[end : match.start()])
        before = "".join(parts)[-20:] if match.start() - end < 20 else parts[-1][-20:]
        script = match[2]
        parts.append(_super(before, script) if match[1] == RAISED else _sub(before, script))
        end = match.end()
    return _MARKS.sub("", "".join((*parts, text[end:])))


def _rejoined(text: str, match: re.Match[str]) -> str:
    """Join consecutive runs of one kind, which editors split at will."""
    opening = max(text.rfind(RAISED, 0, match.start()), text.rfind(LOWERED, 0, match.start()))
    return "" if text[opening : opening + 1] == match[1] else match[0]


def _super(before: str, script: str) -> str:
    bare = script.strip()
    if not bare or not any(map(str.isdecimal, bare)) or not before[-1:].isalnum():
        return script
    if not (_EXPONENT.fullmatch(bare) or _NOTE.fullmatch(bare)):
        return script
    return f"^{bare}" if _is_power(before, bare) else f"[{bare}]"


def _is_power(before: str, script: str) -> bool:
    if not _EXPONENT.fullmatch(script):
        return False
    if not script[0].isdecimal():
        return True
    if before[-1].isdecimal():
        return _POWER_BASE.search(before) is not None
    word = _SHORT_WORD.search(before)
    return word is not None and (script in _UNIT_POWERS or (len(word[0]) == 1 and script != "1"))


def _sub(before: str, script: str) -> str:
    between = before[-1:].isdecimal() and script[:1].isdecimal()
    return f"_{script}" if between else script
