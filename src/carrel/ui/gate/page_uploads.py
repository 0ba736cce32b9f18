"""Uploaded files of the page, each readable only by the session that sent it."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import stat
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from gradio.route_utils import FileUploadProgress, GradioMultiPartParser, GradioUploadFile
from gradio_client.utils import (  # type: ignore[import-untyped]
    strip_invalid_filename_characters,
)
from starlette.requests import Request

from carrel.core.errors import CarrelError, InvalidRequest
from carrel.disk.failures import disk_errors

KEPT_SECONDS = 86_400
"""How long a file waits for its event."""

CLEANING_SECONDS = 3600

NOT_THEIRS = (
    "A file of this request was not uploaded by this session, or is used already: "
    "upload it to this page again."
)


@dataclass(slots=True)
class _Issued:
    """A waiting file. ``session`` is the first one of its owner's that named it."""

    owner: str
    until: float
    session: str | None = None


class PageUploads:
    """Files in a folder of this process's own, each below a random name.

    Nothing is deduplicated: the same bytes sent twice are two files. ``largest`` is in bytes per
    file. Thread-safe.
    """

    def __init__(
        self, folder: Path, largest: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._folder = folder
        self._largest = largest
        self._clock = clock
        self._issued: dict[str, _Issued] = {}
        self._lock = Lock()

    def clear(self) -> None:
        """Remove all files, including those of an earlier process.

        Raises:
            StorageFull, InvalidSetting: the folder cannot be written.
        """
        with self._lock, disk_errors(self._folder):
            self._issued.clear()
            if self._folder.is_dir():
                shutil.rmtree(self._folder)
            self._folder.mkdir(mode=0o700)

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Remove expired files within the block, and all files at its end."""
        cleaning = asyncio.create_task(self._clean())
        try:
            yield
        finally:
            cleaning.cancel()
            with suppress(CarrelError):
                await asyncio.to_thread(self.clear)

    async def _clean(self) -> None:
        while True:
            await asyncio.sleep(CLEANING_SECONDS)
            await asyncio.to_thread(self.forget)

    async def receive(
        self,
        request: Request,
        owner: str,
        upload_id: str | None = None,
        progress: FileUploadProgress | None = None,
    ) -> list[str]:
        """Write the files of a form as they arrive, and return the paths that ``owner`` may send.

        Raises:
            MultiPartException: the form is malformed, or a file is too large.
            StorageFull: the disk is full.
        """
        folder = self._folder / secrets.token_hex(16)
        with disk_errors(self._folder):
            folder.mkdir(mode=0o700)
            try:
                parser = GradioMultiPartParser(
                    request.headers,
                    request.stream(),
                    upload_dir=folder,
                    upload_id=upload_id,
                    upload_progress=progress,
                    max_file_size=self._largest,
                )
                form = await parser.parse()
                files = [
                    each for each in form.getlist("files") if isinstance(each, GradioUploadFile)
                ]
                return await asyncio.to_thread(self._issue, files, folder, owner)
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise

    def check(self, path: object, owner: str, session: str | None) -> None:
        """Check that this session uploaded the file and that it still exists.

        Raises:
            InvalidRequest: it did not.
        """
        with self._lock:
            issued = self._issued.get(path) if isinstance(path, str) else None
            if issued is None or issued.owner != owner or issued.session not in (None, session):
                raise InvalidRequest(NOT_THEIRS)
            if not _is_file(str(path)):
                raise InvalidRequest(NOT_THEIRS)
            issued.session = session

    def forget(self) -> None:
        """Remove expired files, and the folders of those that were used."""
        with self._lock:
            now = self._clock()
            for path, issued in list(self._issued.items()):
                if issued.until > now and _is_file(path):
                    continue
                del self._issued[path]
                with suppress(FileNotFoundError):
                    Path(path).unlink()
                _remove_empty(Path(path).parent, self._folder)

    def _issue(self, files: Sequence[GradioUploadFile], folder: Path, owner: str) -> list[str]:
        self.forget()
        paths = [_placed(each, folder / str(number)) for number, each in enumerate(files)]
        for left in folder.iterdir():
            # A form field with another name: it has no path.
            if not left.is_dir():
                left.unlink()
        _remove_empty(folder, self._folder)
        until = self._clock() + KEPT_SECONDS
        with self._lock:
            self._issued |= {path: _Issued(owner, until) for path in paths}
        return paths


def _placed(file: GradioUploadFile, folder: Path) -> str:
    """Move a received file to its own folder, under a safe name."""
    file.file.close()
    folder.mkdir(mode=0o700)
    name = strip_invalid_filename_characters(Path(file.filename or "").name)
    target = folder / (name if name not in ("", ".", "..") else "file")
    Path(str(file.file.name)).rename(target)
    return str(target)


def _is_file(path: str) -> bool:
    """Whether the path is a regular file, not a link."""
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except FileNotFoundError:
        return False


def _remove_empty(folder: Path, root: Path) -> None:
    """Remove a folder and its empty parents up to ``root``."""
    while folder != root:
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent
