"""The check of phrases finds each of them, and none in other words."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

SCRIPT = runpy.run_path(str(Path(__file__).resolve().parents[2] / "scripts" / "phrases.py"))


def found(line: str, path: str = "file.py") -> list[str]:
    return [finding.phrase for finding in SCRIPT["findings_in"](path, line)]


def test_code_and_tests_are_free_of_the_phrases(capsys: pytest.CaptureFixture[str]) -> None:
    assert SCRIPT["main"]() == 0, capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "phrase"),
    [
        ("# The figure stands in the table.", "stands"),
        ('"""What goes on."""', "goes on"),
        ("def test_a_job_goes_on_after_a_kill() -> None:", "goes_on"),
        ("Read anew.", "anew"),
        ("untold_tokens = told", "untold"),
        ("pay heed to it", "heed"),
        ("its kin", "kin"),
        ("of late", "of late"),
        ("Doors call these", "Doors"),
        ("if has_room:", "room"),
        ("a station", "station"),
        ("what was put in", "put in"),
        ("while the server is away", "is away"),
        ("leave one of them out", "leave one of them out"),
        ("'x' is not known here", "not known here"),
        ("Whoever asks", "Whoever"),
        ("it lies in a folder", "lies in"),
        ("of their own accord", "of their own accord"),
        ("as long as there is one", "as long as there is"),
    ],
)
def test_a_phrase_is_found_in_prose_and_in_names(line: str, phrase: str) -> None:
    assert found(line)[0] == phrase


@pytest.mark.parametrize(
    "line",
    [
        "standard, understand, standing, http_stand_in, a stand-in, StandIn, stand-alone",
        "bedroom, mushroom, indoors, skin, kind, stationary, headed",
        "Until when is the reading room open?",
        "forgo once, input into",
    ],
)
def test_other_words_are_not_found(line: str) -> None:
    assert found(line) == []


def test_a_finding_names_place_phrase_and_replacement() -> None:
    [finding] = SCRIPT["findings_in"]("a.py", "first\nread anew\n")
    assert str(finding) == "a.py:2: anew: write again"


def test_prompts_keep_their_measured_words() -> None:
    path = "src/carrel/services/chat/grounding.py"
    assert found("instructions that stand in them", path) == []
    assert found("read anew", path) == ["anew"]
