"""A child process answers, is late, breaks down and ends; over both kinds of pipes."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from carrel.core.processes import pipes
from carrel.core.processes.child import AnswerLate, ChildProcess, ProcessEnded, program_of
from carrel.core.processes.frames import MOST_FRAME_BYTES, BrokenFrame, FrameTooLong

CHILD = """
import os, subprocess, sys, time
from carrel.core.processes.channel import Channel

def main(requests, answers):
    channel = Channel(requests, answers)
    while (asked := channel.receive()) is not None:
        print("a library's own words", flush=True)
        match asked["do"]:
            case "echo":
                channel.send({"text": asked["text"]})
            case "environment":
                channel.send({"names": sorted(os.environ)})
            case "input":
                channel.send({"input": sys.stdin.read()})
            case "hang":
                time.sleep(3600)
            case "garbage":
                channel.send_encoded(b"\\xff\\xff\\xff\\xff")
            case "exit":
                sys.exit(3)
            case "start":
                channel.send({"pid": subprocess.Popen(["sleep", "1000"]).pid})
"""
SECONDS = 60.0


@pytest.fixture(params=["inherited", "standard"])
def start(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., ChildProcess]]:
    """Start a child over the pipes of Unix or those of Windows."""
    if request.param == "standard":
        monkeypatch.setattr(pipes, "start", pipes.StandardPipes)
    (tmp_path / "child.py").write_text(CHILD)
    before = {each.pid for each in psutil.Process().children()}
    started: list[ChildProcess] = []

    def make(**options: dict[str, str]) -> ChildProcess:
        started.append(ChildProcess(program_of("child"), [tmp_path], **options))
        return started[-1]

    yield make
    for child in started:
        child.end()
    assert {each.pid for each in psutil.Process().children()} <= before


def test_messages_are_answered_and_what_is_printed_is_no_answer(
    start: Callable[..., ChildProcess],
) -> None:
    child = start()
    for text in ("日本語 \U0001f600", "x" * (3 * pipes.READ_AHEAD)):
        child.send({"do": "echo", "text": text})
        assert child.answer(SECONDS) == {"text": text}
    child.send({"do": "input"})
    assert child.answer(SECONDS) == {"input": ""}
    assert child.lives


def test_the_environment_is_the_given_one(
    start: Callable[..., ChildProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARREL_API_KEY", "secret")
    for options, seen in ({}, True), ({"environment": {}}, False):
        child = start(**options)
        child.send({"do": "environment"})
        assert ("CARREL_API_KEY" in child.answer(SECONDS)["names"]) is seen


def test_an_answer_that_is_late_invalid_or_missing_is_reported(
    start: Callable[..., ChildProcess],
) -> None:
    child = start()
    child.send({"do": "hang"})
    began = time.monotonic()
    with pytest.raises(AnswerLate):
        child.answer(0.2)
    assert time.monotonic() - began < SECONDS
    child = start()
    child.send({"do": "garbage"})
    with pytest.raises(BrokenFrame):
        child.answer(SECONDS)
    child = start()
    child.send({"do": "exit"})
    with pytest.raises(ProcessEnded) as ended:
        child.answer(SECONDS)
    assert ended.value.status == 3
    child.send({"do": "echo"})  # to a closed pipe
    assert not child.lives


def test_a_message_that_is_too_long_leaves_the_process_usable(
    start: Callable[..., ChildProcess],
) -> None:
    child = start()
    with pytest.raises(FrameTooLong):
        child.send({"do": "echo", "text": "x" * MOST_FRAME_BYTES})
    child.send({"do": "echo", "text": "short"})
    assert child.answer(SECONDS) == {"text": "short"}


@pytest.mark.parametrize("end", ["end", "kill", "signal"])
def test_what_a_child_started_ends_with_it(start: Callable[..., ChildProcess], end: str) -> None:
    child = start()
    child.send({"do": "start"})
    program = psutil.Process(child.answer(SECONDS)["pid"])
    if end == "end":
        child.end()
    else:
        parent = program.ppid()
        child.kill() if end == "kill" else os.kill(parent, signal.SIGKILL)
        with pytest.raises(ProcessEnded) as ended:
            child.answer(SECONDS)
        assert ended.value.status == -signal.SIGKILL
    assert not program.is_running() or program.status() == psutil.STATUS_ZOMBIE
