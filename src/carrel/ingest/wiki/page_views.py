"""Page view counts, from the files that Wikimedia publishes."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Self, cast

from carrel.core.errors import InvalidSetting, UnreadableDocument

_LINES_AT_ONCE = 50_000
_CACHE_KIB = 65_536
_LONGEST_LINE = 10_000
_DAILY_FIELDS = 5


class PageViews:
    """The views of one wiki's pages, summed over all lines of a file that name the page.

    A line is ``en.wikipedia Title 12 desktop 34 A1B2`` as in ``pageviews-complete``, or a title, a
    tab and a number. The table is in a temporary file, about 20 bytes per title, and takes 64 MiB
    of memory however many there are.
    """

    def __init__(self, path: Path, project: str) -> None:
        """Read the file, plain or compressed by bzip2 or gzip.

        Raises:
            UnreadableDocument: it is damaged, or contains no view counts.
        """
        with ExitStack() as opening:
            folder = opening.enter_context(TemporaryDirectory(prefix="carrel-views-"))
            self._table = sqlite3.connect(Path(folder) / "views.db", check_same_thread=False)
            opening.callback(self._table.close)
            self._table.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            self._table.execute("PRAGMA journal_mode = OFF")
            self._table.execute("CREATE TABLE views (page INTEGER PRIMARY KEY, views INTEGER)")
            try:
                self._fill(path, project)
            except (EOFError, OSError) as error:
                raise UnreadableDocument(
                    f"The page views in {path.name} are damaged or cannot be opened."
                ) from error
            self._resources = opening.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._resources.close()

    def of(self, title: str) -> int:
        """Return the views of a page; 0 if the file does not name it."""
        found = self._table.execute("SELECT views FROM views WHERE page = ?", (_key(title),))
        row = found.fetchone()
        return int(row[0]) if row else 0

    def _fill(self, path: Path, project: str) -> None:
        counted = False
        with _opened(path) as stream:
            lines = _views(stream, project)
            while batch := [(_key(title), views) for title, views in islice(lines, _LINES_AT_ONCE)]:
                counted = True
                self._table.executemany(
                    "INSERT INTO views VALUES (?, ?) "
                    "ON CONFLICT (page) DO UPDATE SET views = views + excluded.views",
                    batch,
                )
        self._table.commit()
        if not counted:
            raise InvalidSetting(
                f"No line of {path.name} says how often a page of {project or 'the wiki'} was "
                "seen: give a file of pageviews-complete, or lines of a title, a tab, a number."
            )


def _opened(path: Path) -> IO[bytes]:
    with path.open("rb") as stream:
        head = stream.read(3)
    if head == b"BZh":
        return cast("IO[bytes]", bz2.open(path))
    return cast("IO[bytes]", gzip.open(path)) if head.startswith(b"\x1f\x8b") else path.open("rb")


def _views(stream: IO[bytes], project: str) -> Iterator[tuple[str, int]]:
    while data := stream.readline(_LONGEST_LINE):
        line = data.decode("utf-8", "replace").rstrip("\r\n")
        if "\t" in line:
            title, _, number = line.partition("\t")
        else:
            fields = line.split(" ")
            if len(fields) < _DAILY_FIELDS or fields[0] != project:
                continue
            # Some lines lack the page's id, others the hours.
            numbers = [each for each in fields[3:] if each.isascii() and each.isdigit()]
            title, number = fields[1], numbers[0] if numbers else ""
        if number.isascii() and number.isdigit() and len(number) < 16:
            yield title, int(number)


def _key(title: str) -> int:
    """Return a hash of a title, written with spaces or underscores."""
    written = title.replace("_", " ").strip().encode("utf-8", "replace")
    return int.from_bytes(hashlib.blake2b(written, digest_size=8).digest(), "big", signed=True)
