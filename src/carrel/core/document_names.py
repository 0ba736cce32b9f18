"""Validation of document names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from carrel.core.errors import InvalidRequest

LONGEST_NAME = 255


def document_name(name: str) -> str:
    """Return a valid document name: no control characters, at most 255 characters.

    Folders of a relative path are kept, because files of different folders may share a name; of
    an absolute path, or one with ``..``, only the last component is kept. The name is never used
    as a path.

    Raises:
        InvalidRequest: nothing is left of it.
    """
    printable = "".join(each for each in name.replace("\\", "/") if each.isprintable()).strip()
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
    turn the direction of writing disguise an ending. What is no text becomes a question mark.
    """
    text = path.encode("utf-8", "replace").decode("utf-8")
    # Both occur in words and emoji.
    kept = (each for each in text if each.isprintable() or each in "\u200c\u200d")
    return "".join(kept)


def text_name(name: str, supports: Callable[[str], bool]) -> str:
    """Return a name for pasted text; ``.txt`` is added if no reader knows its suffix.

    Raises:
        InvalidRequest: nothing is left of the name.
    """
    named = document_name(name)
    return named if supports(named) else f"{named}.txt"
