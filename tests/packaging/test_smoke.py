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
*) echo "3.{minor} $*" >> "{log}" ;;
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
    shutil.copy(ROOT / "scripts" / "smoke_test.sh", folder / "scripts")
    for file in ROOT.glob("requirements*.txt"):
        shutil.copy(file, folder)
    write_program(folder / "scripts" / "install_packages.sh", "#!/bin/sh\n")
    python = PYTHON.format(minor=11, log=tmp_path / "log")
    write_program(folder / ".venv" / "bin" / "python", python)
    return folder


def tried(checkout: Path, minors: list[int], *words: str) -> tuple[str, list[str]]:
    """What it prints, and the Pythons that were asked, where these are there."""
    log = checkout.parent / "log"
    log.unlink(missing_ok=True)
    programs = [
        write_program(checkout.parent / f"python3.{minor}", PYTHON.format(minor=minor, log=log))
        for minor in minors
    ]
    found = "".join(f"echo {each}\n" for each in programs)
    write_program(checkout / "scripts" / "find_python.sh", f"#!/bin/sh\n{found}")
    run = subprocess.run(
        ["sh", str(checkout / "scripts" / "smoke_test.sh"), *words],
        env=os.environ | {"HOME": str(checkout.parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = log.read_text().splitlines() if log.exists() else []
    return run.stdout, [line.split()[0] for line in lines if "scripts/ask_once.py" in line]


def test_each_other_python_is_asked(checkout: Path) -> None:
    assert tried(checkout, [13, 12, 11])[1] == ["3.13", "3.12"]
    assert tried(checkout, [13, 12, 11], "1")[1] == ["3.13"]


def test_an_environment_is_made_again_only_for_other_packages(checkout: Path) -> None:
    assert "Installing Carrel with Python 3.12" in tried(checkout, [12])[0]
    assert tried(checkout, [12]) == ("", ["3.12"])
    (checkout / "requirements.txt").write_text("torch==0\n")
    assert "Installing Carrel with Python 3.12" in tried(checkout, [12])[0]


def test_where_no_other_python_is_here_the_reason_is_said(checkout: Path) -> None:
    printed, asked = tried(checkout, [11])
    assert printed == (
        "No Python of 3.11 to 3.13 is here beside that of .venv (3.11): nothing to try.\n"
    )
    assert asked == []
