"""Synchronises a collection with a folder."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from carrel.core.access import Principal
from carrel.core.documents import FileOutcome, IncomingFile, IngestionEvent, OutcomeKind
from carrel.core.errors import DocumentNotFound, InvalidRequest, UnsupportedFormat
from carrel.core.folders import UNKNOWN, FileStat, FolderFile, FolderFiles
from carrel.services.collections import CollectionService
from carrel.services.ingestion.folder_listing import FolderListing, list_folder

Ingest = Callable[[Sequence[IncomingFile], str, Principal], AsyncGenerator[IngestionEvent]]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class FolderPlan:
    """Plan of one pass over a folder; ``gone`` has the documents whose files were deleted.

    ``notice`` is why nothing is removed although files are missing. ``paths`` has the paths of
    files whose names are not their paths.
    """

    changed: dict[str, FileStat]
    unchanged: Sequence[str]
    gone: Sequence[FolderFile]
    unsupported: Sequence[str]
    notice: str | None = None
    paths: Mapping[str, str] = field(default_factory=dict)

    def path_of(self, name: str) -> str:
        """Return the path of a file of this name in the folder."""
        return self.paths.get(name, name)


@dataclass(frozen=True, slots=True)
class FileRemoved:
    """A file was deleted from the folder, and its document from the collection."""

    name: str


@dataclass(frozen=True, slots=True)
class FolderNotice:
    """A message about the synchronisation, in one line."""

    text: str


FolderEvent = IngestionEvent | FileRemoved | FolderNotice


def without_reader(name: str) -> FileOutcome:
    """Return the outcome of a file of an unsupported type."""
    reason = "there is no reader for this kind of file"
    return FileOutcome(name, OutcomeKind.FAILED, code=UnsupportedFormat.code, reason=reason)


class FolderSync:
    """Ingests new and changed files and removes the documents of deleted files.

    A file is unchanged if its size and modification time are; one that failed is retried when it
    has changed. Only documents added by the synchronisation are removed. A document that is deleted
    while its file exists comes back with the next pass. A renamed file counts as deleted and new.
    """

    def __init__(
        self,
        files: FolderFiles,
        collections: CollectionService,
        ingest: Ingest,
        supports: Callable[[str], bool],
    ) -> None:
        self._files = files
        self._collections = collections
        self._ingest = ingest
        self._supports = supports

    async def plan(self, folder: Path, collection: str, principal: Principal) -> FolderPlan:
        """Compare a folder with its record; no file is opened.

        Raises:
            CollectionNotFound: no such collection.
            PathNotFound: there is no such folder, or it cannot be listed.
        """
        target = await self._collections.get(collection, principal)
        listing = await asyncio.to_thread(list_folder, folder, self._supports)
        known = await asyncio.to_thread(self._files.files, target.id, _key(folder))
        return _compared(folder, listing, known)

    async def synchronise(
        self,
        folder: Path,
        collection: str,
        principal: Principal,
        *,
        keep_missing: bool = False,
        quiet_seconds: float = 0,
    ) -> AsyncGenerator[FolderEvent]:
        """Make one pass; yield the result of each file.

        Results are recorded file by file: an interrupted pass resumes where it stopped. A file that
        changes while it is read, or within ``quiet_seconds`` before, is left for the next pass.

        Raises:
            CollectionNotFound: no such collection.
            AccessDenied: the account may not write to it.
            PathNotFound: there is no such folder, or it cannot be listed.
        """
        plan = await self.plan(folder, collection, principal)
        for name in plan.unsupported:
            yield without_reader(name)
        for name in plan.unchanged:
            yield FileOutcome(name, OutcomeKind.UNCHANGED)
        changed = plan.changed
        if changed and quiet_seconds:
            await asyncio.sleep(quiet_seconds)
            changed = await asyncio.to_thread(_still, folder, plan, changed)
        if changed:
            # A job resumes after a restart, perhaps in another working directory.
            root = await asyncio.to_thread(folder.resolve)
            incoming = [IncomingFile(root / plan.path_of(name), name) for name in changed]
            async with aclosing(self._ingest(incoming, collection, principal)) as events:
                async for event in events:
                    if isinstance(event, FileOutcome):
                        path = folder / plan.path_of(event.name)
                        planned = changed[event.name]
                        await asyncio.to_thread(self._record, folder, path, event, planned)
                    yield event
        if plan.notice is not None:
            yield FolderNotice(plan.notice)
        if keep_missing:
            return
        for each in plan.gone:
            if await self._remove(each, collection, principal):
                yield FileRemoved(each.name)

    def _record(self, folder: Path, path: Path, outcome: FileOutcome, planned: FileStat) -> None:
        # This is no fault of the file, which is retried in the next pass.
        if outcome.document is None or outcome.may_go_in_later:
            return
        stat = planned if _stat(path) == planned else UNKNOWN
        brought = outcome.kind is not OutcomeKind.UNCHANGED
        self._files.record(_key(folder), outcome.document.id, stat, brought=brought)

    async def _remove(self, file: FolderFile, collection: str, principal: Principal) -> bool:
        try:
            await self._collections.delete_document(collection, file.document_id, principal)
        except DocumentNotFound:
            return False
        except InvalidRequest:
            # It is being ingested: the next pass finds it again.
            return False
        log.info("document.removed", document=file.document_id, reason="its file is gone")
        return True


def _compared(folder: Path, listing: FolderListing, known: Sequence[FolderFile]) -> FolderPlan:
    stats: dict[str, set[FileStat]] = {}
    for each in known:
        stats.setdefault(each.name, set()).add(each.stat)
    unchanged: list[str] = []
    changed: dict[str, FileStat] = {}
    for name, stat in listing.files.items():
        if stat in stats.get(name, ()):
            unchanged.append(name)
        else:
            changed[name] = stat
    present = {*listing.files, *listing.unsupported}
    gone = [
        each
        for each in known
        if each.brought and each.name not in present and not listing.may_hold(each.name)
    ]
    notice = None
    if listing.unread:
        notice = f"These folders could not be read: {', '.join(listing.unread)}"
    if len(stats) > 1 and not listing.files:
        # An unmounted disk's mount point looks like this.
        notice = (
            f"{folder} held {len(stats)} files and holds none now: nothing is removed. "
            "If that is meant, delete the documents yourself."
        )
        gone = []
    return FolderPlan(changed, unchanged, gone, listing.unsupported, notice, listing.paths)


def _key(folder: Path) -> str:
    return str(folder.resolve())


def _stat(path: Path) -> FileStat | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return FileStat(status.st_size, status.st_mtime_ns)


def _still(folder: Path, plan: FolderPlan, files: dict[str, FileStat]) -> dict[str, FileStat]:
    """Return the files that have not changed since."""
    return {
        name: stat for name, stat in files.items() if _stat(folder / plan.path_of(name)) == stat
    }
