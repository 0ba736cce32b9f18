"""The other programs of ``completeness.py``, in an interpreter that has them.

    PYTHON completeness_others.py markitdown|unstructured

Reads the paths of files, one JSON string a line, and answers each with one JSON object: ``text``,
or ``error``. The first line that it writes has the program's ``version``. Needs nothing of Carrel.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import TextIO

MOST_BYTES = 4 << 30
OFFLINE = {
    "SCARF_NO_ANALYTICS": "true",
    "DO_NOT_TRACK": "true",
    "UNSTRUCTURED_DISABLE_NOTICE": "1",
    "HF_HUB_OFFLINE": "1",
}


def markitdown() -> Callable[[Path], str]:
    """Return the conversion of markitdown, without plug-ins."""
    from markitdown import MarkItDown

    converter = MarkItDown(enable_plugins=False)
    return lambda path: str(converter.convert_local(path).text_content)


def unstructured() -> Callable[[Path], str]:
    """Return the partitioning of unstructured.

    Its spaCy model only classifies elements, and would be downloaded: an empty one takes its place.
    """
    import spacy
    import unstructured.nlp.tokenize as tokenizing
    from unstructured.partition.auto import partition

    blank = spacy.blank("en")
    blank.add_pipe("sentencizer")
    tokenizing._get_nlp = lambda *_: blank  # type: ignore[attr-defined]
    return lambda path: "\n\n".join(map(str, partition(filename=str(path))))


PROGRAMS = {"markitdown": markitdown, "unstructured": unstructured}


def limit_memory() -> None:
    """Limit the memory of this process where the system can."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))


def answered(convert: Callable[[Path], str], path: Path) -> dict[str, str]:
    """Return the text of a file, or the first line of the error."""
    try:
        return {"text": convert(path)}
    except Exception as error:  # noqa: BLE001 - any failure of the program is its result
        lines = str(error).strip().splitlines() or [""]
        return {"error": f"{type(error).__name__}: {lines[0][:200]}"}


def serve(name: str, answers: TextIO) -> None:
    """Answer the paths of the standard input."""
    convert = PROGRAMS[name]()
    answers.write(json.dumps({"version": version(name)}) + "\n")
    answers.flush()
    for line in sys.stdin:
        answers.write(json.dumps(answered(convert, Path(json.loads(line)))) + "\n")
        answers.flush()


if __name__ == "__main__":
    os.environ.update(OFFLINE)
    limit_memory()
    # What the libraries print must not mix with the answers.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)
        serve(sys.argv[1], answers)
