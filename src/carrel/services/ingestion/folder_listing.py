"""Lists the files of a folder to ingest or to synchronise, with one ``stat`` each."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from carrel.core.document_names import numbered_name, path_name
from carrel.core.documents import IncomingFile
from carrel.core.errors import PathNotFound
from carrel.core.folders import FileStat


@dataclass(slots=True)
class FolderListing:
    """Contents of a folder; names are paths within it, as ``path_name`` writes them.

    ``unread`` names its folders that could not be listed: their content is unknown. ``paths`` has
    the paths of files whose names are written differently.
    """

    files: dict[str, FileStat] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)
    unsupported: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    def may_hold(self, name: str) -> bool:
        """Whether a file that was not found may exist all the same."""
        return any(name.startswith(f"{folder}/") for folder in self.unread)


def files_below(
    folder: Path, supports: Callable[[str], bool]
) -> tuple[list[IncomingFile], list[str]]:
    """Return the files below a folder that ``list_folder`` finds, and the names of those without a
    reader, both in order of their paths. A single file is returned as it is.

    Raises:
        PathNotFound: there is no such folder or file, or the folder cannot be listed.
    """
    if folder.is_file():
        return [IncomingFile(folder, path_name(folder.name))], []
    if not folder.is_dir():
        raise PathNotFound(f"There is no folder {folder}.")
    listing = list_folder(folder, supports)
    files = [IncomingFile(folder / listing.paths.get(name, name), name) for name in listing.files]
    unsupported = sorted(listing.unsupported, key=lambda name: name.split("/"))
    return sorted(files, key=lambda file: file.path), unsupported


def list_folder(folder: Path, supports: Callable[[str], bool]) -> FolderListing:
    """Return the files below a folder: no hidden ones, no links that lead out of it, no linked
    folders.

    A file that is no link costs one ``stat``, and none where it has no reader.

    Raises:
        PathNotFound: there is no such folder, or it cannot be listed.
    """
    listing = FolderListing()
    root = folder.resolve()
    waiting = [""]
    while waiting:
        within = waiting.pop()
        try:
            with os.scandir(folder / within) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            if not within:
                raise PathNotFound(
                    f"The folder {folder} cannot be read: {error.strerror or error}."
                ) from error
            listing.unread.append(path_name(within))
            continue
        for entry in found:
            if entry.name.startswith("."):
                continue
            name = f"{within}/{entry.name}" if within else entry.name
            try:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(name)
                else:
                    _add(listing, entry, name, root, supports)
            except OSError:
                # It was deleted since it was listed.
                continue
    return listing


def _add(
    listing: FolderListing,
    entry: os.DirEntry[str],
    path: str,
    root: Path,
    supports: Callable[[str], bool],
) -> None:
    if not entry.is_file():
        return
    if entry.is_symlink() and not Path(entry.path).resolve().is_relative_to(root):
        return
    name = path_name(path)
    if not supports(path):
        listing.unsupported.append(name)
        return
    status = entry.stat()
    if name in listing.files:
        # Two paths may differ only in characters that cannot be shown, or in how they are composed.
        name = numbered_name(name, listing.files.__contains__)
    listing.files[name] = FileStat(status.st_size, status.st_mtime_ns)
    if name != path:
        listing.paths[name] = path
