"""Composition root: the only package that names concrete adapters."""

from carrel.bootstrap.application import (
    Application,
    build,
    reader_registry,
    recover,
    reindexing,
    server_address,
    wiki_dump,
)
from carrel.bootstrap.stores import vector_index

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
