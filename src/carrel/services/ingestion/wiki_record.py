"""Records which volumes of a dump were ingested, so that the next run continues after them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from carrel.core.wiki import DumpPosition, Volume
from carrel.disk.failures import disk_errors


@dataclass(frozen=True, slots=True)
class FinishedVolume:
    """A finished volume, and where the dump continues after it."""

    name: str
    articles: int
    bytes_read: int
    after: DumpPosition


class WikiRecord:
    """A file with one line per volume, for one dump in one collection.

    It only contains the unbroken run of ready volumes from the beginning. It is an optimisation:
    without it, each volume is compared with the stored one, which takes longer.
    """

    def __init__(self, folder: Path, identity: str, collection: str) -> None:
        """Take the folder of such files, the identity of the dump, and its collection."""
        key = hashlib.sha256(f"{identity}\n{collection}".encode("utf-8", "replace")).hexdigest()
        self._path = folder / f"{key[:32]}.jsonl"

    def finished(self) -> Sequence[FinishedVolume]:
        """Return the finished volumes; an incomplete line ends them."""
        found: list[FinishedVolume] = []
        if not self._path.is_file():
            return found
        with disk_errors(self._path):
            lines = self._path.read_bytes().split(b"\n")
        # Text after the last line feed is an incomplete line.
        for line in lines[:-1]:
            try:
                name, articles, bytes_read, stream, skipped = json.loads(line)
                position = DumpPosition(int(stream), int(skipped))
                found.append(FinishedVolume(str(name), int(articles), int(bytes_read), position))
            except (ValueError, TypeError):
                break
        return found

    def restart(self, finished: Sequence[FinishedVolume] = ()) -> None:
        """Rewrite the record with only these volumes."""
        with disk_errors(self._path):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh = self._path.with_suffix(".new")
            with fresh.open("wb") as stream:
                stream.writelines(_line(each) for each in finished)
                os.fsync(stream.fileno())
            fresh.replace(self._path)

    def add(self, volume: Volume) -> None:
        """Append a finished volume."""
        done = FinishedVolume(volume.name, volume.articles, volume.bytes_read, volume.after)
        with disk_errors(self._path), self._path.open("ab") as stream:
            stream.write(_line(done))
            stream.flush()
            os.fsync(stream.fileno())


def _line(each: FinishedVolume) -> bytes:
    place = each.after
    values = [each.name, each.articles, each.bytes_read, place.stream, place.skipped]
    return json.dumps(values).encode() + b"\n"
