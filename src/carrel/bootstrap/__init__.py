"""Composition root: the only package that names concrete adapters.

Each name is imported when it is first used: the address of a running server needs no model.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from carrel.bootstrap.application import Application, build, recover, reindexing
    from carrel.bootstrap.reading import reader_registry, wiki_dump
    from carrel.bootstrap.running_server import server_address
    from carrel.bootstrap.stores import vector_index

_MODULES = {
    "Application": "application",
    "build": "application",
    "recover": "application",
    "reindexing": "application",
    "reader_registry": "reading",
    "wiki_dump": "reading",
    "server_address": "running_server",
    "vector_index": "stores",
}

__all__ = [
    "Application",
    "build",
    "reader_registry",
    "recover",
    "reindexing",
    "server_address",
    "vector_index",
    "wiki_dump",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
