"""Loaders: how each model of the pool is loaded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from carrel.core.errors import InvalidSetting
from carrel.core.models import ModelRequest
from carrel.core.protocols.adapters import Engine


@dataclass(frozen=True, slots=True, eq=False)
class NamedLoader:
    """A model to load. ``load`` blocks, and raises core errors.

    Loaders with equal ``spec`` load the same, so that one may replace the others. ``host`` is the
    server that runs the model, by name or address; None if this process does.
    """

    name: str
    load: Callable[[], Engine]
    spec: object = None
    host: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class NamedAdapter:
    """An adapter to load over a base. ``find`` blocks, and raises core errors."""

    name: str
    base: NamedLoader
    find: Callable[[], Path]


Loader = NamedLoader | NamedAdapter
Planner = Callable[[ModelRequest, Sequence[NamedLoader]], list[Loader]]
"""Returns the loaders to add for a request, given the loaded bases."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A base with its adapters, by name; without any, the base itself is wanted."""

    base: NamedLoader
    adapters: tuple[tuple[str, Callable[[], Path]], ...] = ()


def shared(wanted: Sequence[Wanted], in_service: Sequence[NamedLoader]) -> list[Loader]:
    """Return the loaders, with one base for all adapters that can share it.

    A base that only adapters need comes last: serving it as well costs nothing.

    Raises:
        InvalidSetting: two of them have the same name.
    """
    bases = [*in_service, *(each.base for each in wanted if not each.adapters)]
    named: list[Loader] = []
    implied: list[Loader] = []
    for each in wanted:
        if not each.adapters:
            named.append(each.base)
            continue
        same = [base for base in bases if base.spec is not None and base.spec == each.base.spec]
        base = same[0] if same else each.base
        if not same:
            bases.append(base)
            implied.append(base)
        named.extend(NamedAdapter(name, base, find) for name, find in each.adapters)
    loaders = [*named, *implied]
    names = [loader.name for loader in loaders]
    for name in names:
        if names.count(name) > 1:
            raise InvalidSetting(
                f"model_lock or lora_weights names {name} twice: each model needs its own name."
            )
    return loaders
