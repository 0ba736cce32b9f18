"""Lists the files of a folder to ingest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from carrel.core.document_names import path_name
from carrel.core.documents import IncomingFile
from carrel.core.errors import PathNotFound


def files_below(
    folder: Path, supports: Callable[[str], bool]
) -> tuple[list[IncomingFile], list[str]]:
    """Return the readable files below a folder, and the names of those without a reader.

    A file is named by its path within the folder. Hidden files and folders are skipped, and so are
    links that lead out of the folder. A single file is returned as it is.

    Raises:
        PathNotFound: there is no such folder or file.
    """
    if folder.is_file():
        return [IncomingFile(folder, path_name(folder.name))], []
    if not folder.is_dir():
        raise PathNotFound(f"There is no folder {folder}.")
    root = folder.resolve()
    files: list[IncomingFile] = []
    unsupported: list[str] = []
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if any(part.startswith(".") for part in relative.parts) or not path.is_file():
            continue
        if not path.resolve().is_relative_to(root):
            continue
        name = relative.as_posix()
        if supports(name):
            files.append(IncomingFile(path, path_name(name)))
        else:
            unsupported.append(path_name(name))
    return files, unsupported
