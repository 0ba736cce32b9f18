"""Uploads of folders, and the outcome of each file."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from carrel.client.replies import Uploaded
from carrel.core.document_names import numbered_name, path_name
from carrel.core.documents import OutcomeKind
from carrel.core.errors import (
    AccessDenied,
    CarrelError,
    CollectionNotFound,
    NotAuthenticated,
    PathNotFound,
    RemoteUnavailable,
    StorageFull,
)

OF_EVERY_FILE = (
    AccessDenied,
    CollectionNotFound,
    NotAuthenticated,
    RemoteUnavailable,
    StorageFull,
)
"""Errors that affect every further file: they end the upload of a folder."""


@dataclass(frozen=True, slots=True)
class FolderProgress:
    """Progress of the upload of a folder: ``done`` of ``total`` files, and the latest one."""

    done: int
    total: int
    latest: Uploaded


OnProgress = Callable[[FolderProgress], None]


def files_of(folder: str | Path) -> list[tuple[str, Path]]:
    """Return the files below a folder by their paths within it, in order.

    Hidden files and folders are skipped, and so are links to folders and links that lead out.

    Raises:
        PathNotFound: there is no such folder, or a folder in it cannot be listed.
    """
    root = Path(folder)

    def unlisted(error: OSError) -> None:
        raise PathNotFound(
            f"The folder {error.filename} cannot be read: {error.strerror}."
        ) from error

    found: dict[str, Path] = {}
    for within, folders, names in os.walk(root, onerror=unlisted):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        for name in sorted(names):
            path = Path(within, name)
            if name.startswith(".") or not path.resolve().is_relative_to(root.resolve()):
                continue
            within_root = path_name(path.relative_to(root).as_posix())
            if within_root in found:
                within_root = numbered_name(within_root, found.__contains__)
            found[within_root] = path
    return list(found.items())


def failed(name: str, error: CarrelError) -> Uploaded:
    """Return the outcome of a file whose upload failed.

    Raises:
        CarrelError: the error itself, if it affects every further file.
    """
    if isinstance(error, OF_EVERY_FILE):
        raise error
    code = getattr(error, "api_code", None) or error.code
    return Uploaded(name, OutcomeKind.FAILED, code=code, reason=str(error))


class FolderUpload:
    """Collects the outcomes of a folder's files, and calls the progress callback."""

    def __init__(self, folder: str | Path, on_progress: OnProgress | None) -> None:
        """List the folder.

        Raises:
            PathNotFound: it cannot be listed.
        """
        self.files = files_of(folder)
        self.outcomes: list[Uploaded] = []
        self._on_progress = on_progress
        self._done = 0

    def add(self, outcomes: Sequence[Uploaded]) -> None:
        """Add the outcomes of the next file; an archive has one for each of its files."""
        self._done += 1
        for each in outcomes:
            self.outcomes.append(each)
            if self._on_progress is not None:
                self._on_progress(FolderProgress(self._done, len(self.files), each))
