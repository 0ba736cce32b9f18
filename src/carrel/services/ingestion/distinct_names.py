"""Distinct names for the files of one job, because a document replaces the one of its name."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Sequence
from dataclasses import replace
from pathlib import Path

from carrel.core.document_names import numbered_name
from carrel.core.documents import IncomingFile
from carrel.core.protocols.adapters import Catalog


class DistinctNames:
    """Numbers files of a name that an earlier file of the job has: ``report (2).pdf``.

    A numbered name is neither that of another file of the job, nor of a running job, nor of a
    document with other content: only a file under its own name replaces a document. The same files
    again get the same names. Files of one name with the same bytes stay one document.
    """

    def __init__(self, catalog: Catalog, collection_id: str, running: Container[str]) -> None:
        """Take the names of running jobs."""
        self._catalog = catalog
        self._collection_id = collection_id
        self._running = running

    def of(self, files: Sequence[IncomingFile]) -> list[IncomingFile]:
        """Return the files with distinct names; those to be read again keep theirs. Blocks."""
        taken = {each.name for each in files}
        first: dict[str, Path] = {}
        digests: dict[str, dict[str, str]] = {}
        found: list[IncomingFile] = []
        for file in files:
            name = file.name
            if file.document_id is None and first.setdefault(name, file.path) != file.path:
                if name not in digests:
                    digests[name] = {_digest(first[name]): name}
                digest = _digest(file.path)
                if digest not in digests[name]:
                    digests[name][digest] = self._number(name, digest, taken)
                name = digests[name][digest]
            found.append(replace(file, name=name))
        return found

    def _number(self, name: str, digest: str, taken: set[str]) -> str:
        def is_taken(numbered: str) -> bool:
            if numbered in taken or numbered in self._running:
                return True
            ready = self._catalog.ready_document(self._collection_id, numbered)
            return ready is not None and ready.sha256 != digest

        numbered = numbered_name(name, is_taken)
        taken.add(numbered)
        return numbered


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        # Its failure is reported in its turn, under a name of its own.
        return f"unread {path}"
