"""Validation of document names."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from itertools import count
from pathlib import Path, PurePosixPath

from carrel.core.errors import InvalidRequest

LONGEST_NAME = 255


def document_name(name: str) -> str:
    """Return a valid document name: no control characters, NFC, at most 255 characters.

    Folders of a relative path are kept, because files of different folders may share a name; of
    an absolute path, or one with ``..``, only the last component is kept. The name is never used
    as a path.

    Raises:
        InvalidRequest: nothing is left of it.
    """
    printable = "".join(each for each in name.replace("\\", "/") if each.isprintable())
    printable = unicodedata.normalize("NFC", printable).strip()
    parts = printable.split("/")
    if ".." in parts or parts[0] == "" or parts[0].endswith(":"):
        parts = parts[-1:]
    kept = "/".join(part.strip() for part in parts if part.strip() not in {"", "."})
    if kept in {"", ".."}:
        raise InvalidRequest("Each part of 'files' needs a file name.")
    if len(kept) <= LONGEST_NAME:
        return kept
    suffix = Path(kept).suffix[:20]
    return kept[: LONGEST_NAME - len(suffix)] + suffix


def path_name(path: str) -> str:
    """Return the name of a document for a relative path of the file system, in printable text.

    A line break or an escape would forge what a terminal shows and a model reads, and marks that
    turn the direction of writing disguise an ending. What is no text becomes a question mark. The
    result is in NFC: some systems list names decomposed, and it is one document all the same.
    """
    text = unicodedata.normalize("NFC", path.encode("utf-8", "replace").decode("utf-8"))
    # Both occur in words and emoji.
    kept = (each for each in text if each.isprintable() or each in "\u200c\u200d")
    return "".join(kept)


def numbered_name(name: str, is_taken: Callable[[str], bool]) -> str:
    """Return the name with the first number from 2 that is not taken: ``report (2).pdf``."""
    suffix = PurePosixPath(name).suffix[:20]
    stem = name.removesuffix(suffix)
    ends = (f" ({number}){suffix}" for number in count(2))
    numbered = (stem[: LONGEST_NAME - len(end)] + end for end in ends)
    return next(each for each in numbered if not is_taken(each))


def text_name(name: str, supports: Callable[[str], bool]) -> str:
    """Return a name for pasted text; ``.txt`` is added if no reader knows its suffix.

    Raises:
        InvalidRequest: nothing is left of the name.
    """
    named = document_name(name)
    return named if supports(named) else f"{named}.txt"
