"""Write the requirements files from what pip resolves in an empty environment.

``make lock`` runs this. The direct packages are in pyproject.toml; everything that they bring
along is pinned here, from the freeze of a fresh virtual environment, so that two installations
never differ.

    python scripts/lock_requirements.py [--torch-index-url=URL]
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

RUNTIME_HEADER = """\
# Every package of the running server, with exact versions. Made by `make lock` from the
# dependencies in pyproject.toml: change them there, not here.
#
# torch is installed first and by itself (see the Makefile), so that the build chosen with
# TORCH_INDEX_URL stays. The CUDA packages that a GPU build of torch needs are not listed: that
# build names them itself, and a CPU build must never pull them.
"""
BUILD_HEADER = """\
# What builds Carrel's own wheels and its editable install. Made by `make lock`.
"""
TEST_HEADER = """\
# What `make test` and `make lint` need beside the server. Made by `make lock` from the
# dependency group 'test' in pyproject.toml.
-r requirements.txt
-r requirements-build.txt
"""
GPU_ONLY = re.compile(r"^(nvidia-|cuda-|triton==)")


def normalized(freeze: str) -> set[str]:
    """Return the pins of a freeze that hold on every machine.

    The local version of torch (``+cpu``) and the packages of its CUDA build are left out.
    """
    pins = {re.sub(r"\+[\w.]+$", "", line.strip()) for line in freeze.splitlines() if line.strip()}
    return {pin for pin in pins if not GPU_ONLY.match(pin)}


class ScratchEnvironment:
    """A virtual environment that is thrown away afterwards."""

    def __init__(self, folder: Path) -> None:
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        self._python = str(folder / "bin" / "python")

    def install(self, *arguments: str) -> None:
        """Install from wheels only: what would have to be compiled is refused."""
        pip = [self._python, "-m", "pip", "install", "--quiet", "--only-binary=:all:"]
        subprocess.run([*pip, *arguments], check=True)

    def pins(self) -> set[str]:
        """Return what is installed."""
        pip = [self._python, "-m", "pip", "freeze"]
        return normalized(subprocess.run(pip, check=True, capture_output=True, text=True).stdout)


def with_markers(pins: set[str], marked: Iterable[str]) -> set[str]:
    """Add the markers of the lines that had one, and the lines that are for other Pythons alone.

    A freeze knows the packages of one Python on one system. What another one needs, such as
    audioop-lts, has its line with a marker in the file and keeps it.
    """
    found = {pin.partition("==")[0].lower(): pin for pin in pins}
    for line in marked:
        pin, semicolon, marker = line.partition(";")
        name = pin.partition("==")[0].strip().lower()
        if name in found:
            found[name] = f"{found[name]};{marker}"
        elif semicolon and "python_version" in marker:
            found[name] = line
    return set(found.values())


def marked_lines(lines: Iterable[str]) -> list[str]:
    """Return the requirements that hold for some systems or Pythons only."""
    return [line.strip() for line in lines if ";" in line and not line.startswith("#")]


def write(path: Path, header: str, pins: set[str], direct: Iterable[str] = ()) -> None:
    """Write a requirements file, sorted without regard to case."""
    before = path.read_text().splitlines() if path.exists() else []
    marked = dict.fromkeys([*marked_lines(direct), *marked_lines(before)])
    by_name = {line.partition("==")[0].lower(): line for line in reversed(marked)}
    pins = with_markers(pins, by_name.values())
    path.write_text(header + "".join(f"{pin}\n" for pin in sorted(pins, key=str.lower)))


def main(arguments: Sequence[str] | None = None) -> None:
    """Resolve the three groups and write their files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--torch-index-url", default="", help="where torch comes from")
    torch_index_url = parser.parse_args(arguments).torch_index_url
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    runtime: list[str] = project["project"]["dependencies"]
    groups: dict[str, list[str]] = project["dependency-groups"]
    torch = [pin for pin in runtime if pin.startswith("torch==")]
    index = ["--index-url", torch_index_url] if torch_index_url else []
    with tempfile.TemporaryDirectory() as folder:
        building = ScratchEnvironment(Path(folder) / "build")
        building.install(*groups["build"])
        build_pins = building.pins()
        running = ScratchEnvironment(Path(folder) / "run")
        running.install("--no-deps", *index, *torch)
        running.install(*runtime)
        runtime_pins = running.pins()
        running.install(*groups["build"], *groups["test"], *sorted(runtime_pins))
        test_pins = running.pins() - runtime_pins - build_pins
    write(ROOT / "requirements.txt", RUNTIME_HEADER, runtime_pins, runtime)
    write(ROOT / "requirements-build.txt", BUILD_HEADER, build_pins)
    write(ROOT / "requirements-dev.txt", TEST_HEADER, test_pins)


if __name__ == "__main__":
    main()
