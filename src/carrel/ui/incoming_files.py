"""The files of Gradio's file field, under the names that they had."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from carrel.core.documents import IncomingFile

LONGEST_NAME = 255
LONGEST_SUFFIX = 20


def plain_name(given: str) -> str:
    """Return the last component of a file's name without control characters, never empty."""
    last = given.replace("\\", "/").rsplit("/", 1)[-1]
    printable = "".join(character for character in last if character.isprintable()).strip()
    if len(printable) > LONGEST_NAME:
        suffix = Path(printable).suffix[:LONGEST_SUFFIX]
        printable = printable[: LONGEST_NAME - len(suffix)] + suffix
    return printable if printable.strip(".") else "unnamed"


def incoming_files(uploaded: Sequence[Mapping[str, Any]] | None) -> list[IncomingFile]:
    """Return the files of an event that Gradio passes on unprocessed (``preprocess=False``).

    Gradio has checked by then that each path lies in its own folder of uploads. Its processed
    value would have lost the name: only what is safe on a disk is left of it in the path.
    """
    return [
        IncomingFile(
            Path(each["path"]), plain_name(each.get("orig_name") or Path(each["path"]).name)
        )
        for each in uploaded or ()
    ]


def take_over(files: Sequence[IncomingFile], folder: Path) -> list[IncomingFile]:
    """Move uploaded files into a folder that no cleaning of Gradio's touches, numbered."""
    taken = [replace(each, path=folder / str(number)) for number, each in enumerate(files)]
    for before, after in zip(files, taken, strict=True):
        shutil.move(before.path, after.path)
    return taken
