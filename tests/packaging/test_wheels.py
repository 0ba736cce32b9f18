"""Both wheels are really built, and the client's is really installed alone."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
MUST_NOT_BE_LOADED = {"torch", "gradio", "fastapi", "starlette", "transformers", "chromadb"}


def build_wheel(project: Path, folder: Path) -> Path:
    """Build with the installed hatchling, so that no network is needed."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index"]
    command += ["--no-build-isolation", "--wheel-dir", str(folder), str(project)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def server_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(ROOT, tmp_path_factory.mktemp("server"))


@pytest.fixture(scope="module")
def client_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(ROOT / "packaging" / "client", tmp_path_factory.mktemp("client"))


def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def read(wheel: Path, ending: str) -> str:
    (name,) = (each for each in names(wheel) if each.endswith(ending))
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(name).decode()


def metadata(wheel: Path) -> Message:
    return Parser().parsestr(read(wheel, ".dist-info/METADATA"))


def sources_below(folder: Path) -> set[str]:
    """Every file of the package, as a wheel names it; caches are no part of it."""
    return {
        path.relative_to(ROOT / "src").as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_server_wheel_holds_the_whole_package_and_the_command(server_wheel: Path) -> None:
    held = {name for name in names(server_wheel) if name.startswith("carrel/")}
    assert held == sources_below(ROOT / "src" / "carrel")
    assert "carrel = carrel.cli.main:main" in read(server_wheel, "entry_points.txt")


def test_the_server_wheel_requires_what_the_project_pins(server_wheel: Path) -> None:
    required = metadata(server_wheel).get_all("Requires-Dist") or []
    expected = list(PROJECT["dependencies"])
    for extra, group in PROJECT["optional-dependencies"].items():
        expected += [f"{each}; extra == '{extra}'" for each in group]
    assert set(map(Requirement, required)) == set(map(Requirement, expected))
    assert metadata(server_wheel)["License-Expression"] == "Apache-2.0"


def test_the_client_wheel_holds_core_wire_and_client_alone(client_wheel: Path) -> None:
    package = ROOT / "src" / "carrel"
    expected = {"carrel/__init__.py", "carrel/client/LICENSE"}
    for name in ("core", "schemas", "client"):
        expected |= sources_below(package / name)
    assert {name for name in names(client_wheel) if name.startswith("carrel/")} == expected


def test_the_client_wheel_requires_httpx_and_pydantic_alone(client_wheel: Path) -> None:
    required = metadata(client_wheel).get_all("Requires-Dist") or []
    assert {each.split("<")[0].split(">")[0] for each in required} == {"httpx", "pydantic"}


def test_both_wheels_have_one_version(server_wheel: Path, client_wheel: Path) -> None:
    assert metadata(server_wheel)["Version"] == metadata(client_wheel)["Version"]


def test_the_installed_client_loads_neither_torch_nor_the_page(
    client_wheel: Path, tmp_path: Path
) -> None:
    """The client runs from its wheel, in an environment that holds only its own copy of carrel.

    httpx and pydantic come from the environment of the tests, behind the wheel on the path.
    """
    environment = tmp_path / "environment"
    venv.create(environment, with_pip=False)
    site = environment / "lib" / "python3.11" / "site-packages"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--target", str(site), str(client_wheel)], check=True)
    shared = sysconfig.get_path("purelib")
    program = (
        f"import sys; sys.path.append({shared!r})\n"
        "import carrel.client, carrel, importlib.util\n"
        "print(carrel.__file__)\n"
        "print(importlib.util.find_spec('carrel.services'))\n"
        "try:\n    carrel.load()\nexcept ImportError as error:\n    print(error)\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))\n"
    )
    python = environment / "bin" / "python"
    run = subprocess.run(
        [str(python), "-I", "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    where, services, refused, modules = run.stdout.splitlines()
    assert Path(where).is_relative_to(site)
    assert services == "None"
    assert refused == "carrel.load needs all of Carrel; only carrel-client is here."
    assert {"carrel", "httpx", "pydantic"} <= set(modules.split())
    assert not MUST_NOT_BE_LOADED & set(modules.split())
