"""Chromium and tesseract: installed where that is allowed, named where it is not."""

from __future__ import annotations

import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "system_packages.sh"


@dataclass(frozen=True, slots=True)
class Machine:
    """A search path of its own; what the script calls on it is written down."""

    folder: Path

    def add(self, name: str, script: str) -> None:
        path = self.folder / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def add_recorder(self, name: str) -> None:
        self.add(name, f'echo "{name} $*" >> "{self.folder}/calls"')

    def run(self) -> subprocess.CompletedProcess[str]:
        shell = shutil.which("sh")
        assert shell is not None
        return subprocess.run(
            [shell, str(SCRIPT)],
            env={"PATH": str(self.folder)},
            capture_output=True,
            text=True,
            check=False,
        )

    def calls(self) -> list[str]:
        path = self.folder / "calls"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine of a user without rights, with a package manager."""
    made = Machine(tmp_path)
    made.add("id", "echo 1000")
    made.add_recorder("apt-get")
    made.add("env", 'shift\nexec "$@"')
    return made


def test_what_is_there_is_not_installed(machine: Machine) -> None:
    machine.add("chromium", "")
    machine.add("tesseract", "")
    run = machine.run()
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    assert machine.calls() == []


def test_without_rights_the_packages_are_named(machine: Machine) -> None:
    run = machine.run()
    assert run.returncode == 1
    assert run.stderr.count("\n") == 1
    assert "chromium tesseract-ocr" in run.stderr
    assert machine.calls() == []


def test_only_the_missing_package_is_named(machine: Machine) -> None:
    machine.add("chromium", "")
    run = machine.run()
    assert "tesseract-ocr" in run.stderr
    assert "chromium" not in run.stderr


def test_a_sudo_that_asks_for_a_password_is_no_right(machine: Machine) -> None:
    machine.add("sudo", "exit 1")
    assert machine.run().returncode == 1
    assert machine.calls() == []


def test_root_updates_the_lists_and_installs(machine: Machine) -> None:
    machine.add("id", "echo 0")
    assert machine.run().returncode == 0
    update, install = machine.calls()
    assert update == "apt-get update -qq"
    assert install.endswith("chromium tesseract-ocr")


def test_sudo_without_a_password_is_used(machine: Machine) -> None:
    machine.add("sudo", 'shift\nexec "$@"')
    machine.add("true", "")
    assert machine.run().returncode == 0
    assert [call.split()[1] for call in machine.calls()] == ["update", "install"]


def test_a_machine_without_the_package_manager_names_the_packages(machine: Machine) -> None:
    machine.add("id", "echo 0")
    (machine.folder / "apt-get").unlink()
    run = machine.run()
    assert run.returncode == 1
    assert "chromium tesseract-ocr" in run.stderr
