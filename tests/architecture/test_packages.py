"""What each package may import, how large files may be, and how they are named."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "carrel"
FILES = sorted(SOURCE.rglob("*.py"))
LONGEST_FILE = 350
LARGEST_FOLDER = 24
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "tools"}
ENVIRONMENT_NAMES = {"environ", "environb", "getenv", "putenv"}


def relative(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imported_modules(module: ast.Module) -> Iterator[str]:
    """Every module that is imported anywhere in the file, functions included."""
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            assert node.module is not None
            yield node.module


def written_environment(node: ast.AST) -> ast.expr | None:
    """The ``os.environ`` of ``os.environ[...] = ...`` and ``os.environ.setdefault``."""
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
        return node.value
    if isinstance(node, ast.Attribute) and node.attr == "setdefault":
        return node.value
    return None


def reads_environment(module: ast.Module) -> bool:
    """Whether the file reads ``os.environ`` or a related function, under whatever import."""
    nodes = list(ast.walk(module))
    written = {id(written_environment(node)) for node in nodes}
    used = [node for node in nodes if isinstance(node, ast.Attribute) and id(node) not in written]
    imports = [node for node in nodes if isinstance(node, ast.ImportFrom) and node.module == "os"]
    names = {node.attr for node in used} | {alias.name for node in imports for alias in node.names}
    return bool(names & ENVIRONMENT_NAMES)


@pytest.mark.parametrize("top", ["src", "tests", "benchmarks", "scripts"])
def test_a_folder_is_small_enough_to_be_read(top: str) -> None:
    sizes = Counter(path.parent for path in (ROOT / top).rglob("*.py"))
    assert sizes
    assert not [str(folder) for folder, size in sizes.items() if size > LARGEST_FOLDER]


def test_the_import_contracts_are_kept() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    # Contract names are read from pyproject.toml; the package from where the tests read it, too.
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    run = subprocess.run(
        [str(linter), "--no-cache"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert " kept, 0 broken." in run.stdout


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_a_file_holds_one_concept_and_stays_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) < LONGEST_FILE
    assert path.stem not in VAGUE_NAMES
    assert not VAGUE_NAMES & set(path.relative_to(SOURCE).parts)


@pytest.mark.parametrize("path", sorted((SOURCE / "core").rglob("*.py")), ids=relative)
def test_core_imports_only_the_standard_library_and_itself(path: Path) -> None:
    for module in imported_modules(tree(path)):
        assert module.startswith("carrel.core") or module.split(".")[0] in sys.stdlib_module_names


def test_the_environment_is_read_in_one_file() -> None:
    readers = {relative(path) for path in FILES if reads_environment(tree(path))}
    assert readers == {"settings/load.py"}


@pytest.mark.parametrize(
    "source",
    [
        "import os\nos.environ['A']",
        "import os\nos.environ.get('A')",
        "from os import getenv",
        "import os as o\no.getenv('A')",
        "import os\nos.environ['A'] = os.environ['B']",
    ],
)
def test_the_check_of_the_environment_sees_every_way_to_read_it(source: str) -> None:
    assert reads_environment(ast.parse(source))


def test_the_check_of_the_environment_lets_a_library_be_configured() -> None:
    source = "import os\nos.environ['A'] = '1'\nos.environ.setdefault('B', '2')"
    assert not reads_environment(ast.parse(source))


def test_every_file_and_every_public_name_of_core_is_documented() -> None:
    for path in FILES:
        module = tree(path)
        if module.body:
            assert ast.get_docstring(module), f"{relative(path)} has no docstring"
    for path in (SOURCE / "core").rglob("*.py"):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.name.startswith("_") or ast.get_docstring(node), node.name
