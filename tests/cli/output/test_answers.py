"""What the terminal shows of an answer."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Iterable
from pathlib import Path

import pytest

from carrel.cli.output.answers import score_line, stage_line, stream_to_terminal
from carrel.core.chat import (
    AnswerScored,
    ChatEvent,
    Finished,
    FinishReason,
    Stage,
    StageChanged,
    TextDelta,
    Usage,
)
from running.real_processes import CommandLine
from tiny.reward import save_pair_reward

END = Finished(FinishReason.STOP, Usage(1, 2), "m")


async def events(given: Iterable[ChatEvent]) -> AsyncGenerator[ChatEvent]:
    for each in given:
        yield each


async def test_nothing_is_wiped_from_the_terminal_after_the_text(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    scored = AnswerScored(0.7349, "reward")
    answer = await stream_to_terminal(
        events(
            [
                StageChanged(Stage.WAITING, 3),
                StageChanged(Stage.WRITING),
                TextDelta("All of it."),
                StageChanged(Stage.SCORING),
                scored,
                END,
            ]
        ),
        quiet=False,
    )
    printed = capsys.readouterr()
    assert printed.out == "All of it.\n"
    assert printed.err == "\r\x1b[2KWaiting for the model, 2 before you…\r\x1b[2K"
    assert (answer.scored, answer.finished) == (scored, END)


def test_a_place_in_line_says_how_many_come_before() -> None:
    assert stage_line(Stage.WAITING, 1) == "Waiting for the model, you are next…"
    assert stage_line(Stage.WAITING, None) == "Waiting for the model…"
    assert stage_line(Stage.WRITING, None) == ""


def test_a_score_names_its_model() -> None:
    assert score_line(AnswerScored(-1.256, "reward")) == "Score -1.26 (reward)"


def test_asking_with_a_score_model_shows_the_score(carrel: CommandLine, tmp_path: Path) -> None:
    flags = ["--engine=scripted", "--collection=LLM", f"--score_model={tmp_path / 'reward'}"]
    refused = carrel.run("ask", "Who reads?", "--offline", *flags)
    assert refused.returncode != 0
    assert "Traceback" not in refused.stderr
    save_pair_reward(tmp_path / "reward")
    shown = carrel.run("ask", "Who reads?", "--offline", *flags)
    assert shown.returncode == 0, shown.stderr
    printed = json.loads(carrel.run("ask", "Who reads?", "--offline", "--json", *flags).stdout)
    assert shown.stdout.endswith(f"\nScore {printed['score']:.2f} (reward)\n")
    assert printed["score_model"] == "reward"
