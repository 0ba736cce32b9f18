"""Parser of a dict in a string, as JSON or Python literal, without evaluation."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

from carrel.core.errors import InvalidRequest

LONGEST = 2_000_000
"""Maximum characters. The check below takes milliseconds for that many."""

DEEPEST = 20
"""Maximum nesting of brackets; requests have four."""

NOT_A_DICT = "Send one string that holds a dict, as JSON or as Python's str(dict) writes it."

# Python's own parser can crash on hostile input, so it only gets what str() writes of plain
# values: no operators but one sign before a number, no names but constants.
_TOKEN = re.compile(
    r"""
    (?P<space>\s++)
    | (?P<text>"(?:[^"\\\n]|\\.)*+" | '(?:[^'\\\n]|\\.)*+')
    | (?P<number>-?(?:\d++\.?\d*+|\.\d++)(?:[eE][+-]?\d++)?(?![\w.]))
    | (?P<word>(?:True|False|None|true|false|null)(?!\w))
    | (?P<open>[\[{(])
    | (?P<close>[\]})])
    | (?P<mark>[,:])
    """,
    re.VERBOSE | re.DOTALL,
)


def read_dict(text: str) -> dict[str, Any]:
    """Return the dict; its tuples become lists.

    Raises:
        InvalidRequest: it is no dict with names as keys, too long, nested too deeply, or holds
            anything but texts, numbers, True, False, None, lists, tuples and dicts.
    """
    if len(text) > LONGEST:
        raise InvalidRequest(f"The string is longer than {LONGEST} characters: send less.")
    _check_tokens(text)
    try:
        value = _read(text)
    # Huge integers and malformed text are both ValueErrors; {[]: 1} is a TypeError.
    except (ValueError, SyntaxError, TypeError) as error:
        raise InvalidRequest(f"The string cannot be read. {NOT_A_DICT}") from error
    plain = _plain(value)
    if not isinstance(plain, dict):
        raise InvalidRequest(NOT_A_DICT)
    return plain


def _check_tokens(text: str) -> None:
    place, depth = 0, 0
    while place < len(text):
        token = _TOKEN.match(text, place)
        if token is None:
            raise InvalidRequest(f"The string cannot be read at character {place}. {NOT_A_DICT}")
        depth += (token.lastgroup == "open") - (token.lastgroup == "close")
        if depth > DEEPEST:
            raise InvalidRequest(f"The string nests more than {DEEPEST} brackets: send it flatter.")
        place = token.end()


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return ast.literal_eval(text.strip())


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise InvalidRequest("Every key of the dict must be a text.")
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, set):
        raise InvalidRequest("A set has no order: send a list.")
    return value
