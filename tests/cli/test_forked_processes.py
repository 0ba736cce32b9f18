"""What the tests rely on: a forked process of Carrel is as a fresh one."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

from running.real_processes import ROOT, CommandLine, clean_environment

PATIENCE = 120
LINES = [
    ["--version"],
    ["nonsense"],
    ["check", "--top_k=3"],
    ["check", "--no_such_setting=3"],
    ["collections"],
]


@pytest.mark.parametrize("words", LINES, ids=" ".join)
def test_a_command_says_and_returns_the_same(carrel: CommandLine, words: list[str]) -> None:
    words = [*words, "--offline=True"]
    assert carrel.fork_server(words) is not None
    forked = carrel.run(*words)
    fresh = replace(carrel, fresh=True).run(*words)
    assert (forked.returncode, forked.stdout, forked.stderr) == (
        fresh.returncode,
        fresh.stdout,
        fresh.stderr,
    )


def test_a_process_has_its_own_files_folder_and_signals(
    carrel: CommandLine, tmp_path: Path
) -> None:
    words = ["chat", "--engine=scripted", "--langchain_mode=LLM", "--offline=True"]
    forking = carrel.fork_server(words)
    assert forking is not None
    reading, writing = os.pipe()
    log, folder = tmp_path / "log", ROOT / "tests"
    mask = os.umask(0o027)
    try:
        with log.open("wb") as stream:
            files = (reading, stream.fileno(), stream.fileno())
            process = forking.start(carrel.with_folders(words), clean_environment(), folder, files)
    finally:
        os.umask(mask)
        os.close(reading)
    os.write(writing, b"Hello?\n")
    deadline = time.monotonic() + PATIENCE
    while "You asked: Hello?" not in log.read_text():
        assert process.poll() is None and time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)
    proc = Path(f"/proc/{process.pid}")
    status = dict(line.split(":\t", 1) for line in (proc / "status").read_text().splitlines())
    assert (proc / "cwd").readlink() == folder
    caught, ignored = (int(status[name], 16) for name in ("SigCgt", "SigIgn"))
    assert caught & 1 << signal.SIGINT - 1
    assert not caught & 1 << signal.SIGCHLD - 1
    assert ignored & 1 << signal.SIGPIPE - 1
    process.kill()
    assert process.wait(PATIENCE) == -signal.SIGKILL
    os.close(writing)


def test_where_a_test_changes_the_environment_the_process_is_fresh(
    carrel: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert carrel.fork_server(["check"]) is not None
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    assert carrel.fork_server(["check"]) is None


def test_a_line_that_is_to_be_offline_is_forked_from_libraries_that_are(
    carrel: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A command that ran offline in this process has set it.
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    assert carrel.fork_server(["check", "--offline=True"]) is not carrel.fork_server(["check"])
