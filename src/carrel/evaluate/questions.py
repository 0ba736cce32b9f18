"""Questions with known answers, one JSON object per line."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from carrel.core.errors import InvalidRequest, PathNotFound

KEYS = frozenset({"id", "question", "answer", "document", "page", "pages"})


@dataclass(frozen=True, slots=True)
class KnownQuestion:
    """A question with its right answers. ``line`` and ``pages`` count from 1.

    ``answers`` are the accepted ones; none means that the documents do not have the answer.
    """

    line: int
    question: str
    answers: tuple[str, ...] = ()
    document: str | None = None
    pages: tuple[int, ...] = ()


def read_questions(path: Path) -> list[KnownQuestion]:
    """Return the questions of a JSON lines file; blank lines are skipped.

    Raises:
        PathNotFound: there is no such file.
        InvalidRequest: a line is no question; the message names the first such line and why.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, IsADirectoryError) as error:
        raise PathNotFound(f"There is no file {path} with questions.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"The questions in {path} cannot be read: {error}.") from error
    found, wrong = [], []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            found.append(_question(number, line))
        except ValueError as error:
            wrong.append(f"line {number}: {error}")
    if wrong:
        others = f" ({len(wrong) - 1} other lines are wrong, too)" if len(wrong) > 1 else ""
        raise InvalidRequest(f"{path}, {wrong[0]}{others}.")
    if not found:
        raise InvalidRequest(f"There is no question in {path}.")
    return found


def _question(number: int, line: str) -> KnownQuestion:
    try:
        given = json.loads(line)
    except ValueError as error:
        raise ValueError("it is not JSON") from error
    if not isinstance(given, dict):
        raise ValueError("it is no JSON object")
    unknown = sorted(given.keys() - KEYS)
    if unknown:
        raise ValueError(f"there is no key '{unknown[0]}': there are {', '.join(sorted(KEYS))}")
    if "answer" not in given:
        raise ValueError("'answer' is missing: write null where the documents do not have it")
    question, document = given.get("question"), given.get("document")
    if not isinstance(question, str) or not question.strip():
        raise ValueError("'question' has to be a text")
    if document is not None and (not isinstance(document, str) or not document.strip()):
        raise ValueError("'document' has to be the name of a document")
    if "page" in given and "pages" in given:
        raise ValueError("'page' and 'pages' are given: one of them is enough")
    pages = _pages(given.get("pages", given.get("page")))
    if pages and document is None:
        raise ValueError("'page' says nothing without 'document'")
    answers = _answers(given["answer"])
    if (document is not None) and not answers:
        raise ValueError("without an answer in the documents there is no 'document' either")
    return KnownQuestion(number, question.strip(), answers, document, pages)


def _answers(given: Any) -> tuple[str, ...]:
    listed = given if isinstance(given, list) else [given]
    if not all(each is None or isinstance(each, str | int | float) for each in listed):
        raise ValueError("'answer' has to be a text, a list of texts, or null")
    texts = (str(each).strip() for each in listed if each is not None)
    return tuple(each for each in texts if each)


def _pages(given: Any) -> tuple[int, ...]:
    if given is None:
        return ()
    listed = given if isinstance(given, list) else [given]
    if not all(type(each) is int and each > 0 for each in listed):
        raise ValueError("pages are whole numbers from 1")
    return tuple(listed)
