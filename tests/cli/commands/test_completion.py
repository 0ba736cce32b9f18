"""What the shells complete; bash itself is asked."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from carrel.cli.main import main
from carrel.cli.registry import COMMANDS


def script(shell: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["completion", shell]) == 0
    return capsys.readouterr().out


def completed(script: str, *words: str) -> list[str]:
    """Return what bash offers behind the words, the last of which is begun."""
    typed = " ".join(f"'{word}'" for word in words)
    asked = f"{script}\nCOMP_WORDS=({typed}); COMP_CWORD={len(words) - 1}; _carrel\n"
    run = subprocess.run(
        ["bash", "-c", f'{asked}printf "%s\\n" "${{COMPREPLY[@]}}"'],
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout.split()


def test_bash_completes_commands_and_their_own_flags(capsys: pytest.CaptureFixture[str]) -> None:
    bash = script("bash", capsys)
    assert completed(bash, "carrel", "co") == ["collections", "completion"]
    assert set(completed(bash, "carrel", "")) == set(COMMANDS)
    assert completed(bash, "carrel", "ask", "--docum") == ["--documents="]
    assert "--server=" in completed(bash, "carrel", "search", "--s")
    assert completed(bash, "carrel", "check", "--docum") == []
    assert completed(bash, "carrel", "nonsense", "--") == []


def test_zsh_takes_the_same_and_fish_has_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert script("zsh", capsys).endswith(script("bash", capsys))
    fish = script("fish", capsys)
    assert "complete -c carrel -n '__fish_seen_subcommand_from ask' -l documents\n" in fish
    if shutil.which("fish"):
        subprocess.run(["fish", "-n", "-c", fish], check=True)


@pytest.mark.parametrize("words", [[], ["tcsh"], ["bash", "zsh"]])
def test_another_shell_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", *words]) != 0
    assert "completion bash|zsh|fish" in capsys.readouterr().err
