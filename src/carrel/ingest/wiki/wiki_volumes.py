"""Splits a wiki dump into volumes: runs of articles that are ingested atomically."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from carrel.core.errors import PathNotFound, UnreadableDocument
from carrel.core.wiki import DumpPosition, Volume
from carrel.ingest.wiki.page_views import PageViews
from carrel.ingest.wiki.wiki_dump import RawPage, read_head, read_pages
from carrel.ingest.wiki.wiki_page import site_of
from carrel.ingest.wiki.wiki_reader import article_of

MOST_ARTICLES = 1_000
MOST_VOLUME_BYTES = 16 << 20


class ExportedWiki:
    """A ``WikiDump`` from MediaWiki's XML, plain or compressed by bzip2 (also multistream) or gzip.

    A volume is a small export itself: the head of the dump and up to ``MOST_ARTICLES`` unchanged
    articles. It is named by the number of its first article, so that the parts of a dump in several
    files do not collide.
    """

    def __init__(self, path: Path, views: Path | None = None, least_views: int = 0) -> None:
        """Take the dump, and a file of page views with the minimum of an article.

        Raises:
            PathNotFound: there is no such file.
            UnreadableDocument: the dump is not an export of a wiki.
        """
        for each in (path, views):
            if each is not None and not each.is_file():
                raise PathNotFound(f"There is no file {each}.")
        self._path = path
        self._views = views
        self._least_views = least_views
        try:
            self._head = read_head(path)
        except UnreadableDocument as error:
            raise self._named(error) from error
        self._site = site_of(self._head)

    @property
    def bytes(self) -> int:
        """The size of the file."""
        return self._path.stat().st_size

    @property
    def identity(self) -> str:
        """A digest of the file's name, size and time, and of the article filter."""
        files = [self._path, *([self._views] if self._views else [])]
        parts = [str(self._least_views), str(MOST_ARTICLES), str(MOST_VOLUME_BYTES)]
        for file in files:
            status = file.stat()
            parts += [file.name, str(status.st_size), str(status.st_mtime_ns)]
        return hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()

    @contextmanager
    def volumes(self, start: DumpPosition) -> Iterator[Iterator[Volume]]:
        """Yield the volumes from a position; one at a time is on the disk.

        Raises, as the volumes are taken:
            UnreadableDocument: the dump is damaged or truncated. Everything before that, the last
            articles too, was yielded.
        """
        with ExitStack() as resources:
            views = None
            if self._views is not None and self._least_views > 0:
                views = resources.enter_context(PageViews(self._views, self._site.project))
            folder = resources.enter_context(TemporaryDirectory(prefix="carrel-wiki-"))
            volumes = self._volumes(start, Path(folder), views)
            yield resources.enter_context(closing(volumes))

    def _named(self, error: UnreadableDocument) -> UnreadableDocument:
        return UnreadableDocument(f"{self._path.name} cannot be read: {error}")

    def _volumes(
        self, start: DumpPosition, folder: Path, views: PageViews | None
    ) -> Generator[Volume]:
        volume = _Growing(folder / "volume.xml", self._head, self._site.name)
        failure: UnreadableDocument | None = None
        with closing(read_pages(self._path, start)) as pages:
            try:
                for raw in pages:
                    page = article_of(raw)
                    wanted = page is not None and (
                        views is None or views.of(page.title) >= self._least_views
                    )
                    if page is not None and wanted:
                        volume.add(page.number, raw)
                        if volume.is_full:
                            yield volume.close()
            except UnreadableDocument as error:
                failure = self._named(error)
        if volume.articles:
            yield volume.close()
        if failure is not None:
            raise failure


class _Growing:
    """Writes the file of one volume after the other."""

    def __init__(self, path: Path, head: bytes, wiki: str) -> None:
        self._path = path
        self._head = head
        self._wiki = wiki
        self._after = DumpPosition()
        self._first = self._bytes = self._bytes_read = self.articles = 0

    @property
    def is_full(self) -> bool:
        return self.articles >= MOST_ARTICLES or self._bytes >= MOST_VOLUME_BYTES

    def add(self, number: int, raw: RawPage) -> None:
        """Write an article, in a new file if the last volume was closed."""
        if not self.articles:
            self._first, self._bytes = number, 0
            self._path.write_bytes(self._head)
        with self._path.open("ab") as stream:
            stream.write(raw.xml + b"\n")
        self.articles += 1
        self._bytes += len(raw.xml)
        self._after = raw.after
        self._bytes_read = raw.bytes_read

    def close(self) -> Volume:
        with self._path.open("ab") as stream:
            stream.write(b"</mediawiki>\n")
        name = f"{self._wiki}/{self._first:09d}.xml"
        volume = Volume(self._path, name, self.articles, self._after, self._bytes_read)
        self.articles = 0
        return volume
