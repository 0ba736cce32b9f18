"""Files of Gradio's file field, with their original names."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from carrel.core.document_names import document_name
from carrel.core.documents import IncomingFile
from carrel.core.errors import InvalidRequest

UNNAMED = "unnamed"


def incoming_files(uploaded: Sequence[Mapping[str, Any]] | None) -> list[IncomingFile]:
    """Return the files of an event that Gradio passes on unprocessed (``preprocess=False``).

    The gate before Gradio has checked that this session uploaded each path. Gradio's processed
    value would lose the original name, because its path only keeps characters that are safe on a
    disk.
    """
    return [
        IncomingFile(Path(each["path"]), _name(each.get("orig_name") or Path(each["path"]).name))
        for each in uploaded or ()
    ]


def _name(given: str) -> str:
    try:
        return document_name(given)
    except InvalidRequest:
        return UNNAMED


def take_over(files: Sequence[IncomingFile], folder: Path) -> list[IncomingFile]:
    """Move uploaded files into a folder that Gradio does not clean, numbered."""
    taken = [replace(each, path=folder / str(number)) for number, each in enumerate(files)]
    for before, after in zip(files, taken, strict=True):
        shutil.move(before.path, after.path)
    return taken
