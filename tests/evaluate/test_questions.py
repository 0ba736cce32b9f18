"""Files of questions: what is read, and what is refused with its line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from carrel.core.errors import InvalidRequest, PathNotFound
from carrel.evaluate.questions import KnownQuestion, read_questions

GOOD = {"question": "Who?", "answer": "Ada"}


def write(folder: Path, *lines: Any) -> Path:
    path = folder / "questions.jsonl"
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("\n".join(texts), encoding="utf-8")
    return path


def test_questions_are_read_with_what_is_known(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        {"id": 7, "question": " Who? ", "answer": ["Ada", " Ada Lind "], "document": "a.pdf"},
        "",
        {"question": "When?", "answer": 1999, "document": "a.pdf", "page": 3},
        {"question": "Where?", "answer": "Oslo", "document": "a.pdf", "pages": [1, 2]},
        {"question": "Why?", "answer": None},
        {"question": "How?", "answer": []},
        {"question": "Whence?", "answer": " "},
    )
    assert read_questions(path) == [
        KnownQuestion(1, "Who?", ("Ada", "Ada Lind"), "a.pdf"),
        KnownQuestion(3, "When?", ("1999",), "a.pdf", (3,)),
        KnownQuestion(4, "Where?", ("Oslo",), "a.pdf", (1, 2)),
        KnownQuestion(5, "Why?"),
        KnownQuestion(6, "How?"),
        KnownQuestion(7, "Whence?"),
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "not JSON"),
        ("[1]", "no JSON object"),
        ({"question": "Who?"}, "'answer' is missing"),
        ({"question": "", "answer": "x"}, "'question' has to be a text"),
        ({"question": 3, "answer": "x"}, "'question' has to be a text"),
        (GOOD | {"answer": {"a": 1}}, "'answer' has to be"),
        (GOOD | {"pages": [0], "document": "a"}, "from 1"),
        (GOOD | {"page": True, "document": "a"}, "from 1"),
        (GOOD | {"page": 1}, "without 'document'"),
        (GOOD | {"page": 1, "pages": [1], "document": "a"}, "one of them"),
        (GOOD | {"document": 5}, "'document'"),
        (GOOD | {"answr": 5}, "no key 'answr'"),
        ({"question": "Who?", "answer": None, "document": "a"}, "without an answer"),
    ],
)
def test_a_line_that_is_no_question_is_refused_with_its_number(
    tmp_path: Path, line: Any, reason: str
) -> None:
    path = write(tmp_path, GOOD, line, "also wrong")
    with pytest.raises(InvalidRequest) as caught:
        read_questions(path)
    assert "line 2: " in str(caught.value)
    assert reason in str(caught.value)
    assert "1 other lines" in str(caught.value)


def test_a_file_without_questions_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="no question"):
        read_questions(write(tmp_path, "", " "))
    with pytest.raises(PathNotFound, match="no file"):
        read_questions(tmp_path / "absent.jsonl")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidRequest, match="cannot be read"):
        read_questions(tmp_path / "binary")
