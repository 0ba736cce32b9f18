"""The corpora and the forms of text that the benchmark of names compares."""

from __future__ import annotations

import json
from pathlib import Path

from carrel.core.documents import Chunk
from indexed_text import FOLDER, FORMS, xquad


def test_a_question_is_answered_where_its_answer_is_and_not_where_its_words_are(
    tmp_path: Path,
) -> None:
    contexts = [f"Paragraph {n}. The oak is old. " + "Other words follow. " * 45 for n in (1, 2)]
    asked = {"question": "What is old?", "answers": [{"text": "oak", "answer_start": 17}]}
    paragraphs = [
        {"context": contexts[0], "qas": []},
        {"context": contexts[1], "qas": [asked]},
    ]
    path = tmp_path / "xquad.json"
    path.write_text(json.dumps({"data": [{"title": "Trees", "paragraphs": paragraphs}]}))
    corpus = xquad(path)
    [question] = corpus.questions
    [answering] = [chunk for chunk in corpus.chunks if question.is_answered_by(chunk)]
    assert "Paragraph 2" in answering.text
    assert sum("oak" in chunk.text for chunk in corpus.chunks) == 2


def test_the_cap_shortens_the_name_in_a_deep_folder_alone() -> None:
    chunk = Chunk("1", "Old_trees.txt", 0, "The oak.")
    without, plain, capped, whole = (form(chunk) for form in FORMS.values())
    assert without == "The oak."
    assert plain == "Old trees\nThe oak."
    assert capped.endswith("for reading Old trees\nThe oak.")
    assert len(capped) <= 96 + len("\nThe oak.")
    assert len(whole) == len(FOLDER) + len("Old trees\nThe oak.")
