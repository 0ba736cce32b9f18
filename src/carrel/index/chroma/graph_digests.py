"""Detects changes of Chroma's graph files while the store was closed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path


class GraphDigests:
    """The SHA-256 of every file in the subfolders of a store, in a file next to them.

    Chroma reads its graphs without a check: a damaged one gives wrong results or crashes the
    process. The digests are valid from the end of one session to the beginning of the next; after a
    killed session there are none, and only ``WriteGuard`` detects torn files.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "graphs.json"

    def changed(self) -> set[str]:
        """Return the names of the subfolders whose files differ from the record, or are missing."""
        try:
            recorded: dict[str, str] = json.loads(self._file.read_text())
        except (FileNotFoundError, ValueError):
            return set()
        found = self._digests()
        return {name.split("/")[0] for name in recorded if found.get(name) != recorded[name]}

    def forget(self) -> None:
        """Remove the record: from now on the files change."""
        self._file.unlink(missing_ok=True)

    def record(self) -> None:
        """Record the files' digests; nothing changes the files from now on."""
        partial = self._file.with_suffix(".partial")
        partial.write_text(json.dumps(self._digests()))
        partial.replace(self._file)

    def _digests(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for path in sorted(self._folder.glob("*/*")):
            with path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
            found[path.relative_to(self._folder).as_posix()] = digest
        return found
