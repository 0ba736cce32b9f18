from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any

import pytest

from carrel.core.runtime.deferred_imports import (
    Amended,
    Deferral,
    StandIn,
    WrappingFinder,
)

PACKAGE = "library_of_the_test"
SOURCES = {
    "__init__.py": "RAN = []\n",
    "compiler.py": (
        "from library_of_the_test import part\n"
        "MARKED = []\n"
        "def mark(function):\n    MARKED.append(function)\n    return function\n"
        "def __getattr__(name):\n"
        "    if name == 'rare':\n        return 'found'\n"
        "    raise AttributeError(name)\n"
    ),
    "part.py": "LENGTH = 3\n",
    "circle/__init__.py": "from library_of_the_test.circle import first\nREADY = True\n",
    "circle/first.py": "TIMES = []\nfrom library_of_the_test.circle import second\nDONE = 1\n",
    "circle/second.py": "from library_of_the_test.circle import first\nfirst.TIMES.append(1)\n",
    "circle/alone.py": "",
    "broken.py": "raise ValueError('no such chip')\n",
}


def marked_later(deferral: Deferral, name: str) -> Any:
    return lambda function: deferral.mark(name, function)


def with_finder(folder: Path, stand_ins: Mapping[str, StandIn]) -> WrappingFinder:
    package = folder / PACKAGE
    package.mkdir()
    (package / "circle").mkdir()
    for name, source in SOURCES.items():
        (package / name).write_text(source, encoding="utf-8")
    return WrappingFinder(
        {
            PACKAGE: lambda loader: Deferral(loader, {}),
            f"{PACKAGE}.compiler": lambda loader: Deferral(loader, stand_ins),
            f"{PACKAGE}.broken": lambda loader: Deferral(loader, {}),
            f"{PACKAGE}.circle": lambda loader: Deferral(loader, {}),
            f"{PACKAGE}.part": lambda loader: Amended(loader, lengthen),
        },
        alone={f"{PACKAGE}.circle.alone"},
    )


def lengthen(part: Any) -> None:
    part.LENGTH += 1


@pytest.fixture
def compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    finder = with_finder(tmp_path, {"mark": marked_later})
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "meta_path", [finder, *sys.meta_path])
    yield importlib.import_module(f"{PACKAGE}.compiler")
    for name in [each for each in sys.modules if each.startswith(PACKAGE)]:
        del sys.modules[name]


def has_run(module: ModuleType, name: str) -> bool:
    return name in vars(module)


def test_a_module_runs_when_a_name_is_asked_and_its_package_before_it(compiler: Any) -> None:
    package = sys.modules[PACKAGE]
    assert not has_run(compiler, "MARKED")
    assert not has_run(package, "RAN")
    assert compiler.MARKED == []
    assert has_run(package, "RAN")
    assert sys.modules[f"{PACKAGE}.compiler"] is compiler
    assert type(compiler) is ModuleType


def test_questions_of_the_interpreter_do_not_run_it(compiler: Any) -> None:
    assert compiler.__file__.endswith("compiler.py")
    assert not hasattr(compiler, "__wrapped__")
    assert importlib.util.find_spec(f"{PACKAGE}.compiler") is compiler.__spec__
    assert not has_run(compiler, "MARKED")


def test_a_submodule_is_imported_and_amended_without_it(compiler: Any) -> None:
    part = importlib.import_module(f"{PACKAGE}.part")
    assert part.LENGTH == 4
    assert not has_run(sys.modules[PACKAGE], "RAN")
    assert "Amended" not in type(part.__spec__.loader).__name__


@pytest.mark.parametrize("asked", ["first", "second"])
def test_a_package_runs_before_its_submodules_and_each_of_them_once(
    compiler: Any, asked: str
) -> None:
    package = importlib.import_module(f"{PACKAGE}.circle")
    alone = importlib.import_module(f"{PACKAGE}.circle.alone")
    assert not has_run(package, "READY")
    module = importlib.import_module(f"{PACKAGE}.circle.{asked}")
    assert package.READY
    assert package.alone is alone
    assert package.first.TIMES == [1]
    assert sys.modules[module.__name__] is module is getattr(package, asked)
    assert module.__spec__.origin.endswith(f"{asked}.py")


def test_marks_are_made_when_it_has_run(compiler: Any) -> None:
    def early() -> None: ...
    def late() -> None: ...

    mark = compiler.mark
    assert mark(early) is early
    assert not has_run(compiler, "MARKED")
    assert [early] == compiler.MARKED
    assert mark(late) is late
    assert compiler.mark(late) is late
    assert [early, late, late] == compiler.MARKED


def test_names_that_it_finds_itself_are_found_and_others_are_not(compiler: Any) -> None:
    assert compiler.rare == "found"
    with pytest.raises(AttributeError, match="absent"):
        _ = compiler.absent


def test_an_error_of_the_module_is_raised_to_each_who_asks(compiler: Any) -> None:
    broken = importlib.import_module(f"{PACKAGE}.broken")
    for _ in range(2):
        with pytest.raises(ValueError, match="no such chip"):
            _ = broken.anything


def test_many_threads_run_it_once(compiler: Any) -> None:
    def early() -> None: ...

    compiler.mark(early)
    found: list[object] = []
    threads = [Thread(target=lambda: found.append(compiler.MARKED)) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert found == [[early]] * 8
    assert len({id(each) for each in found}) == 1
