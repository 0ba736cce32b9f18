"""What the shells complete; bash itself is asked."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from carrel.cli.commands.completion import answer_shell
from carrel.cli.main import main
from carrel.cli.registry import COMMANDS
from carrel.settings.schema import EngineKind
from running.real_processes import ROOT, clean_environment


def script(shell: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["completion", shell]) == 0
    return capsys.readouterr().out


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """An executable ``carrel``, as the shells call it."""
    path = tmp_path / "carrel"
    path.write_text(f'#!/bin/sh\nexec {sys.executable} -m carrel "$@"\n')
    path.chmod(0o700)
    return path


def completed(script: str, program: Path, *words: str) -> list[str]:
    """Return what bash offers behind the words, the last of which is begun."""
    typed = " ".join(f"'{word}'" for word in ("carrel", *words))
    asked = f"COMP_WORDS=({typed}); COMP_CWORD={len(words)}; _carrel_completion '{program}'"
    run = subprocess.run(
        ["bash", "-c", f'{script}\n{asked}\nprintf "%s\\n" "${{COMPREPLY[@]}}"'],
        capture_output=True,
        text=True,
        check=True,
        env=clean_environment() | {"PYTHONPATH": str(ROOT / "src")},
    )
    assert run.stderr == ""
    return run.stdout.split()


def answered(program: Path, shell: str, words: str, word: str) -> list[str]:
    """Return what the program answers to the script of a shell."""
    asked = {"_CARREL_COMPLETE": f"{shell}_complete", "COMP_WORDS": words, "COMP_CWORD": word}
    run = subprocess.run(
        [program],
        capture_output=True,
        text=True,
        check=True,
        env=clean_environment() | {"PYTHONPATH": str(ROOT / "src")} | asked,
    )
    return run.stdout.splitlines()


def test_bash_completes_commands_and_their_own_flags(
    capsys: pytest.CaptureFixture[str], program: Path
) -> None:
    bash = script("bash", capsys)
    assert completed(bash, program, "co") == ["collections", "completion"]
    assert set(completed(bash, program, "")) == set(COMMANDS)
    assert completed(bash, program, "ask", "--docum") == ["--documents"]
    assert "--server" in completed(bash, program, "search", "--s")
    assert completed(bash, program, "check", "--docum") == []
    assert completed(bash, program, "nonsense", "--") == []


@pytest.mark.parametrize(
    "begun",
    [("--engine", "=", "s"), ("--engine=s",), ("--engine", "s"), ("--cli", "--engine", "s")],
)
def test_bash_completes_the_values_of_a_setting(
    capsys: pytest.CaptureFixture[str], program: Path, begun: tuple[str, ...]
) -> None:
    prefix = "--engine=" if begun == ("--engine=s",) else ""
    found = completed(script("bash", capsys), program, "serve", "--port", "=", "80", *begun)
    assert found == [f"{prefix}sequential", f"{prefix}scripted"]


def test_bash_completes_the_words_of_a_command(
    capsys: pytest.CaptureFixture[str], program: Path
) -> None:
    bash = script("bash", capsys)
    assert completed(bash, program, "models", "") == ["load", "unload"]
    assert completed(bash, program, "models", "load", "") == []
    assert completed(bash, program, "completion", "z") == ["zsh"]
    assert completed(bash, program, "serve", "--engine", "=") == list(EngineKind)


def test_paths_are_left_to_the_shell(program: Path) -> None:
    assert answered(program, "bash", "carrel\ningest\nre", "2") == ["file,re"]
    assert answered(program, "bash", "carrel\nserve\n--user_path\n=\nre", "4") == ["file,re"]
    assert answered(program, "bash", "carrel\nask\nre", "2") == [""]


def test_zsh_and_fish_describe_what_they_complete_and_take_a_flag_with_its_value(
    program: Path,
) -> None:
    described = COMMANDS["search"].summary.partition(";")[0]
    assert answered(program, "zsh", "carrel\nsea", "1")[:2] == ["plain", "search"]
    (fish,) = answered(program, "fish", "carrel sea", "sea")
    assert fish.startswith(f"plain,search\t{described[:20]}")
    assert answered(program, "zsh", "carrel\nserve\n--db_type=f", "2") == [
        "plain", "--db_type=faiss", "_",
    ]  # fmt: skip
    assert answered(program, "fish", "carrel serve --db_type=f", "--db_type=f") == [
        "plain,--db_type=faiss"
    ]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_asks_the_program_and_is_valid(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    printed = script(shell, capsys)
    assert f"_CARREL_COMPLETE={shell}_complete" in printed
    if shutil.which(shell):
        subprocess.run([shell, "-n", "-c", printed], check=True)


def test_no_command_is_completed_unless_a_shell_asks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("_CARREL_COMPLETE", raising=False)
    answer_shell()
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("words", [[], ["tcsh"], ["bash", "zsh"]])
def test_another_shell_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", *words]) != 0
    assert "completion bash|zsh|fish" in capsys.readouterr().err
