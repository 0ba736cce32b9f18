"""Which Pythons the smoke test tries; installing and asking are recorded, they take minutes."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYTHON = """\
#!/bin/sh
# Python 3.{minor}, which makes environments of itself.
case "$*" in
*"print("*) echo 3.{minor} ;;
*"-m venv"*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python" ;;
*"import uv"* | *config*) ;;
*) echo "3.{minor} $*" >> "{log}"; case "$*" in *ask_once.py*) exit ${{WRONG:-0}} ;; esac ;;
esac
"""


def write_program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what the smoke test needs, with an environment of Python 3.11."""
    folder = tmp_path / "checkout"
    (folder / "scripts").mkdir(parents=True)
    for name in ("smoke_test.sh", "smoke_environment.sh"):
        shutil.copy(ROOT / "scripts" / name, folder / "scripts")
    for file in ROOT.glob("requirements*.txt"):
        shutil.copy(file, folder)
    write_program(folder / "scripts" / "install_packages.sh", '#!/bin/sh\necho "$2" >> installed\n')
    python = PYTHON.format(minor=11, log=tmp_path / "log")
    write_program(folder / ".venv" / "bin" / "python", python)
    return folder


def run(checkout: Path, minors: list[int], *words: str) -> subprocess.CompletedProcess[str]:
    """Run it where these Pythons are there."""
    log = checkout.parent / "log"
    log.unlink(missing_ok=True)
    programs = [
        write_program(checkout.parent / f"python3.{minor}", PYTHON.format(minor=minor, log=log))
        for minor in minors
    ]
    found = "".join(f"echo {each}\n" for each in programs)
    first = f'[ "$#" -gt 0 ] || {{ echo {programs[0]}; exit; }}\n'
    write_program(checkout / "scripts" / "find_python.sh", f"#!/bin/sh\n{first}{found}")
    return subprocess.run(
        ["sh", str(checkout / "scripts" / "smoke_test.sh"), *words],
        env=os.environ | {"HOME": str(checkout.parent), "SMOKE_HOME": str(checkout / "homes")},
        capture_output=True,
        text=True,
        check=False,
    )


def asked(checkout: Path) -> list[str]:
    """The Pythons that were asked by the last run."""
    log = checkout.parent / "log"
    lines = log.read_text().splitlines() if log.exists() else []
    return [line.split()[0] for line in lines if "scripts/ask_once.py" in line]


def tried(checkout: Path, minors: list[int], *words: str) -> tuple[str, list[str]]:
    """What it prints, and the Pythons that were asked, where these are there."""
    done = run(checkout, minors, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout, asked(checkout)


def test_each_other_python_is_asked(checkout: Path) -> None:
    assert tried(checkout, [13, 12, 11])[1] == ["3.13", "3.12"]
    assert tried(checkout, [13, 12, 11], "1")[1] == ["3.13"]


def test_an_environment_is_made_again_only_for_other_packages(checkout: Path) -> None:
    assert "Installing Carrel with Python 3.12" in tried(checkout, [12])[0]
    assert tried(checkout, [12]) == ("", ["3.12"])
    (checkout / "requirements.txt").write_text("torch==0\n")
    assert "Installing Carrel with Python 3.12" in tried(checkout, [12])[0]


def test_where_no_other_python_is_here_the_reason_is_said(checkout: Path) -> None:
    printed, others = tried(checkout, [11])
    assert printed == (
        "No Python of 3.11 to 3.13 is here beside that of .venv (3.11): nothing to try.\n"
    )
    assert others == []


def test_without_an_environment_the_python_that_make_takes_is_not_tried(checkout: Path) -> None:
    shutil.rmtree(checkout / ".venv")
    assert tried(checkout, [13, 12], "1")[1] == ["3.12"]


@pytest.mark.parametrize("install", ["exit 1", "exec sleep 60"])
def test_packages_that_cannot_be_installed_in_time_pass_a_python_over(
    checkout: Path, install: str
) -> None:
    good = (checkout / "scripts" / "install_packages.sh").read_text()
    bad = f'{good}[ "$2" != packages ] || {install}\n'
    write_program(checkout / "scripts" / "install_packages.sh", bad)
    printed, others = tried(checkout, [13, 12], "1", "1")
    assert "Python 3.13 is not tried: its packages could not be installed in 1 s" in printed
    assert others == []
    if install == "exit 1":
        assert run(checkout, [13], "1").returncode == 1
    write_program(checkout / "scripts" / "install_packages.sh", good)
    (checkout / "installed").unlink()
    assert tried(checkout, [13], "1", "60")[1] == ["3.13"]
    assert (checkout / "installed").read_text().split() == ["packages", "packages"]


def test_a_wrong_answer_fails_with_a_limit_of_time_too(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WRONG", "1")
    assert run(checkout, [13], "1", "60").returncode == 1
    assert asked(checkout) == ["3.13"]
