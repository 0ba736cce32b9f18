"""What is installed is pinned, complete, and the same everywhere."""

from __future__ import annotations

import ast
import re
import runpy
import sys
import tomllib
from importlib.metadata import packages_distributions, version
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
FILES = ["requirements", "requirements-build", "requirements-models", "requirements-dev"]
EXACT = re.compile(r"^[A-Za-z0-9._-]+==[A-Za-z0-9.!]+$")

LOADED_BY_OTHERS = {
    "accelerate": "transformers places and shards models with it",
    "bitsandbytes": "transformers quantizes with it",
    "gguf": "transformers reads .gguf files with it",
    "httptools": "uvicorn parses HTTP with it",
}
"""Direct dependencies that the source may use without importing them."""

OPTIONAL = {
    "llama_cpp": "the llama.cpp engine says how to install it where it is missing",
    **dict.fromkeys(("lancedb", "pyarrow"), "vector_stores.py compares with it"),
    "markitdown": "completeness.py compares with it",
    **dict.fromkeys(("unstructured", "spacy"), "carrel[unstructured] brings them"),
}
"""Modules that are imported only where the user has installed them."""


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(file: str) -> dict[str, str]:
    lines = (ROOT / f"{file}.txt").read_text(encoding="utf-8").splitlines()
    found = [line for line in lines if line and not line.startswith(("#", "-r "))]
    for line in found:
        assert EXACT.match(line.partition(";")[0]), f"{file}.txt: {line} is no exact version"
    return direct(found)


def direct(requirements: list[str]) -> dict[str, str]:
    """Name and version of those that hold for this Python on this system."""
    held = [each for each in map(Requirement, requirements) if each.marker is None or here(each)]
    return {canonical(each.name): str(each.specifier).removeprefix("==") for each in held}


def here(requirement: Requirement) -> bool:
    return requirement.marker is not None and requirement.marker.evaluate()


def imported_packages(*folders: str) -> set[str]:
    """The distributions whose modules the files of the folders import."""
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    modules: set[str] = set()
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                modules |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules.add(node.module.partition(".")[0])
    owners = packages_distributions()
    on_path = [*folders, "src", "benchmarks/parts"]
    inside = [path for folder in on_path for path in (ROOT / folder).glob("*")]
    ours = {path.stem for path in inside if path.is_dir() or path.suffix == ".py"}
    outside = modules - sys.stdlib_module_names - ours - OPTIONAL.keys()
    return {canonical(name) for module in outside for name in owners[module]}


@pytest.mark.parametrize("file", FILES)
def test_every_requirement_is_an_exact_version_that_is_installed(file: str) -> None:
    assert pins(file)
    for name, pinned in pins(file).items():
        assert version(name).partition("+")[0] == pinned, name


def test_the_direct_dependencies_stand_in_the_requirements_with_the_same_version() -> None:
    groups = PYPROJECT["dependency-groups"]
    runtime, build = pins("requirements"), pins("requirements-build")
    assert direct(PYPROJECT["project"]["dependencies"]).items() <= runtime.items()
    assert direct(groups["build"]).items() <= build.items()
    everything = runtime | build | pins("requirements-dev")
    assert direct(groups["test"]).items() <= everything.items()


def test_the_server_requires_exactly_what_it_imports() -> None:
    declared = set(direct(PYPROJECT["project"]["dependencies"]))
    imported = imported_packages("src")
    assert imported <= declared, "imported without being declared"
    assert declared - imported <= set(LOADED_BY_OTHERS), "declared without being used"


def test_the_tests_and_tools_import_only_what_is_declared() -> None:
    groups = PYPROJECT["dependency-groups"]
    declared = [*PYPROJECT["project"]["dependencies"], *groups["build"], *groups["test"]]
    known = set(direct(declared)) | set(pins("requirements-models"))
    assert imported_packages("tests", "benchmarks", "scripts") <= known


def test_what_is_optional_is_exact_and_fits_what_is_not() -> None:
    extra = PYPROJECT["project"]["optional-dependencies"]["unstructured"]
    assert all(str(Requirement(each).specifier).startswith("==") for each in extra)
    shared = direct(extra).keys() & pins("requirements").keys()
    assert shared
    assert {name: direct(extra)[name] for name in shared}.items() <= pins("requirements").items()
    # Those of these formats download models, or bring gigabytes.
    assert not Requirement(extra[0]).extras & {"pdf", "image", "audio", "all-docs", "paddleocr"}
    carrel = runpy.run_path(str(ROOT / "src/carrel/ingest/plugins/unstructured_package.py"))
    assert carrel["PACKAGE"] == Requirement(extra[0]).name


def test_nothing_of_cuda_is_pinned() -> None:
    for file in FILES:
        assert not [name for name in pins(file) if name.startswith(("nvidia-", "cuda-", "triton"))]


def test_the_build_backend_is_the_pinned_one() -> None:
    assert (
        direct(PYPROJECT["build-system"]["requires"]).items() <= pins("requirements-build").items()
    )


def script(name: str) -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "scripts" / f"{name}.py"))


def test_cuda_packages_beside_a_cpu_build_are_named() -> None:
    needless = script("check_torch_build")["needless_packages"]
    names = ["torch", "nvidia-cublas-cu12", "NVIDIA-cudnn", "cuda-bindings", "numpy"]
    assert needless(None, names) == ["NVIDIA-cudnn", "cuda-bindings", "nvidia-cublas-cu12"]
    assert needless("13.0", names) == []
    assert needless(None, ["torch", "numpy"]) == []


def test_this_environment_passes_the_check_of_the_torch_build() -> None:
    assert script("check_torch_build")["main"]() == 0


def test_the_lock_forgets_the_build_of_torch() -> None:
    freeze = "torch==2.13.0+cpu\nnvidia-nccl-cu12==2.1\ntriton==3.0\nnumpy==2.4.6\n\n"
    assert script("lock_requirements")["normalized"](freeze) == {"torch==2.13.0", "numpy==2.4.6"}


def test_the_lock_keeps_what_other_pythons_and_systems_need() -> None:
    marked = [
        "numpy==2.4.6; python_version < '3.14'",
        "audioop-lts==0.2.2; python_version >= '3.13'",
    ]
    with_markers = script("lock_requirements")["with_markers"]
    assert with_markers({"numpy==2.5.0", "six==1.0"}, marked) == {
        "numpy==2.5.0; python_version < '3.14'",
        "audioop-lts==0.2.2; python_version >= '3.13'",
        "six==1.0",
    }
    assert with_markers({"six==1.0"}, ["uvloop==1.0; sys_platform != 'win32'"]) == {"six==1.0"}


def test_each_python_that_is_named_is_one_that_carrel_installs_on() -> None:
    project = PYPROJECT["project"]
    minors = [each.rpartition(" ")[2] for each in project["classifiers"] if "3." in each]
    assert minors == ["3.11", "3.12", "3.13"]
    allowed = Requirement(f"python{project['requires-python']}").specifier
    assert [each for each in ("3.10", *minors, "3.14") if each in allowed] == minors
