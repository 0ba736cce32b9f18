"""Runs at its first use what libraries import at their start."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from threading import RLock
from types import ModuleType
from typing import Any

StandIn = Callable[["Deferral", str], Any]
"""Makes the replacement of a name, for as long as its module has not run."""

Wrapper = Callable[[Loader], Loader]
"""Makes another loader of a module's own."""

WAIT_SECONDS = 60.0
"""How long a thread waits for another one that runs a module. It may itself hold one of Python's
import locks that the other waits for, and then gets the unfinished module, as from Python."""

_deferrals: dict[str, Deferral] = {}
_running = RLock()


class DeferredModule(ModuleType):
    """A module that runs when it is first asked for a name, or for another of its submodules.

    It is the same object before and after.
    """

    def __getattr__(self, name: str) -> Any:
        """Run the module and return its name, or the name's replacement without running it."""
        deferral = _deferrals.get(self.__name__)
        if deferral is not None and not (name.startswith("__") and name.endswith("__")):
            if name in deferral.stand_ins:
                return deferral.stand_ins[name](deferral, name)
            deferral.run()
        # A name that the module defined, or finds by a function of its own.
        return ModuleType.__getattribute__(self, name)


class Deferral(Loader):
    """Loads a module without running it, and runs it later."""

    def __init__(self, loader: Loader, stand_ins: Mapping[str, StandIn]) -> None:
        self.stand_ins = stand_ins
        self._loader = loader
        self._module = ModuleType("")
        self._marks: list[tuple[str, Any]] = []
        self._is_running = False

    @property
    def name(self) -> str:
        """The module's name."""
        return self._module.__name__

    @property
    def is_waiting(self) -> bool:
        """Whether the module has not run to its end."""
        return self.name in _deferrals

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Leave it to the module's own loader."""
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Keep the module for later."""
        self._module = module
        _deferrals[module.__name__] = self
        module.__class__ = DeferredModule

    def run(self) -> None:
        """Run the module, and before it its package."""
        name = self._module.__name__
        held = _running.acquire(timeout=WAIT_SECONDS)
        try:
            if self._is_running or name not in _deferrals:
                return
            package = _deferrals.get(name.rpartition(".")[0])
            if package is not None:
                package.run()
            self._run()
        finally:
            if held:
                _running.release()

    def _run(self) -> None:
        module = self._module
        _give_back(module, self._loader)
        self._is_running = True
        try:
            self._loader.exec_module(module)
        finally:
            self._is_running = False
        del _deferrals[module.__name__]
        module.__class__ = ModuleType
        for name, function in self._marks:
            getattr(module, name)(function)

    def mark(self, name: str, function: Any) -> Any:
        """Apply a decorator of the module that returns what it is given, once the module runs."""
        with _running:
            if self._module.__name__ in _deferrals:
                self._marks.append((name, function))
                return function
        return getattr(self._module, name)(function)


class Amended(Loader):
    """Runs a module, and replaces some of its names at once."""

    def __init__(self, loader: Loader, amend: Callable[[Any], None]) -> None:
        self._loader = loader
        self._amend = amend

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Leave it to the module's own loader."""
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Run the module and amend it."""
        _give_back(module, self._loader)
        self._loader.exec_module(module)
        self._amend(module)


def _give_back(module: ModuleType, loader: Loader) -> None:
    """Give a module its own loader, which also knows its source and its files."""
    module.__loader__ = loader
    if module.__spec__ is not None:
        module.__spec__.loader = loader


class WrappingFinder(MetaPathFinder):
    """Finds modules as Python does, and gives some another loader.

    ``alone`` are submodules that can be imported before their deferred package has run.
    """

    def __init__(self, wrappers: Mapping[str, Wrapper], alone: Collection[str] = ()) -> None:
        self._wrappers = wrappers
        self._alone = alone

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the module's spec with the other loader, or None for all other modules."""
        wrapper = self._wrappers.get(fullname)
        if wrapper is None:
            return None if fullname in self._alone else _found_by_package(fullname)
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = wrapper(spec.loader)
        return spec


def _found_by_package(fullname: str) -> ModuleSpec | None:
    """Run the deferred package of a submodule, which may import the submodule itself."""
    package = _deferrals.get(fullname.rpartition(".")[0])
    if package is None:
        return None
    package.run()
    module = sys.modules.get(fullname)
    if module is None or module.__spec__ is None:
        return None
    # Python takes the spec of the module, not the one that it gets, and would run it again.
    module.__spec__ = ModuleSpec(fullname, _Present(module, module.__spec__))
    return module.__spec__


class _Present(Loader):
    """Loads a module that has been imported since it was looked for."""

    def __init__(self, module: ModuleType, spec: ModuleSpec) -> None:
        self._module = module
        self._spec = spec

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Return the module that is there."""
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        """Give it its own spec back, and do not run it again."""
        module.__spec__ = self._spec
