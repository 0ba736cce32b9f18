"""How fast a Wikipedia dump is read, and what embedding it costs: ``benchmarks/wikipedia.py DUMP``.

Without a dump at hand, ``--texts=FILE`` makes one from the paragraphs of a file in SQuAD's form,
such as XQuAD, whose texts are Wikipedia's own; links, notes, a template and a table are added.
"""

from __future__ import annotations

import argparse
import bz2
import json
import platform
import time
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.sax.saxutils import escape

from carrel.core.wiki import DumpPosition
from carrel.index.embedding.embedder import SentenceTransformerEmbedder
from carrel.ingest.chunking.splitter import RecursiveSplitter
from carrel.ingest.wiki.wiki_dump import read_head, read_pages
from carrel.ingest.wiki.wiki_page import site_of
from carrel.ingest.wiki.wiki_reader import article_of, article_sections
from carrel.ingest.wiki.wiki_volumes import ExportedWiki

_BATCH = 64
_STREAM = 100
_TABLE = '{| class="wikitable"\n! Year !! Count\n|-\n| 1990 || 12\n|-\n| 2000 || 15\n|}\n'


def main() -> None:
    """Measure, and print one figure a line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dump", nargs="?", type=Path)
    parser.add_argument("--texts", type=Path, help="SQuAD-like JSON to make a dump of")
    parser.add_argument("--articles", type=int, default=3000, help="of the dump that is made")
    parser.add_argument("--seconds", type=float, default=60, help="of embedding")
    chosen = parser.parse_args()
    with TemporaryDirectory() as folder:
        dump = chosen.dump
        if dump is None:
            if chosen.texts is None:
                parser.error("name a dump, or texts to make one of")
            dump = make_dump(Path(folder) / "made.xml.bz2", chosen.texts, chosen.articles)
        print(f"processor: {platform.processor() or platform.machine()}")
        print(f"dump: {dump.stat().st_size / 1e6:.1f} MB packed")
        measure_volumes(dump)
        measure_reading(dump)
        if chosen.seconds > 0:
            measure_embedding(dump, chosen.seconds)


def make_dump(path: Path, texts: Path, count: int) -> Path:
    """Write a multistream dump of articles with the markup that real ones have."""
    data = json.loads(texts.read_text(encoding="utf-8"))["data"]
    paragraphs = [each["context"] for entry in data for each in entry["paragraphs"]]
    with path.open("wb") as stream:
        stream.write(bz2.compress(b"<mediawiki><siteinfo><dbname>enwiki</dbname></siteinfo>\n"))
        for begin in range(0, count, _STREAM):
            numbers = range(begin + 1, min(begin + _STREAM, count) + 1)
            pages = "".join(_page(number, paragraphs) for number in numbers)
            stream.write(bz2.compress(pages.encode()))
        stream.write(bz2.compress(b"</mediawiki>"))
    return path


def _page(number: int, paragraphs: list[str]) -> str:
    # About 3,000 characters of text, the mean of the English Wikipedia.
    chosen = [paragraphs[(number * 7 + step) % len(paragraphs)] for step in range(4)]
    parts = [f"{{{{Infobox|name=Article {number}|{'field=value|' * 20}}}}}"]
    for place, text in enumerate(chosen):
        words = text.split(" ")
        words[::15] = [f"[[{word}|{word}]]" for word in words[::15]]
        words[::40] = [f"{word}<ref>{{{{cite web|title={word}}}}}</ref>" for word in words[::40]]
        parts.append(f"== Section {place} ==\n{' '.join(words)}" if place else " ".join(words))
    text = escape("\n\n".join([*parts, _TABLE, "[[Category:Made]]"]))
    return (
        f"<page><title>Article {number}</title><ns>0</ns><id>{number}</id>"
        f"<revision><id>{number}</id><text>{text}</text></revision></page>\n"
    )


def measure_volumes(dump: Path) -> None:
    """Unpack and cut into volumes, without a look at the markup, on one core."""
    begun = time.process_time()
    with ExportedWiki(dump).volumes(DumpPosition()) as volumes:
        articles = sum(volume.articles for volume in volumes)
    elapsed = time.process_time() - begun
    print(f"volumes alone: {articles} articles, {articles / elapsed:.0f} a processor second")


def measure_reading(dump: Path) -> None:
    """Read with the markup removed and cut into chunks, on one core."""
    site, splitter = site_of(read_head(dump)), RecursiveSplitter(1000, 100)
    articles = characters = chunks = source = 0
    begun = time.process_time()
    for raw in read_pages(dump):
        page = article_of(raw)
        if page is None:
            continue
        sections = list(article_sections(page, site))
        articles += 1
        source += len(page.text)
        characters += sum(len(section.text) for section in sections)
        chunks += sum(1 for _ in splitter.split(sections))
    elapsed = time.process_time() - begun
    print(
        f"markup removed, cut: {articles / elapsed:.0f} articles a processor second, "
        f"{source / elapsed / 1e6:.2f} million characters of markup a processor second; "
        f"{chunks / articles:.2f} chunks an article, {characters / chunks:.0f} characters a chunk"
    )


def measure_embedding(dump: Path, seconds: float) -> None:
    """Embed the chunks of as many articles as there is time for, by the bundled embedder."""
    embedder = SentenceTransformerEmbedder("bundled", offline=True)
    embedder.embed_query("load the weights")
    site, splitter = site_of(read_head(dump)), RecursiveSplitter(1000, 100)
    pages = (page for page in map(article_of, read_pages(dump)) if page is not None)
    articles = chunks = 0
    begun = time.perf_counter()
    while time.perf_counter() - begun < seconds:
        run = list(islice(pages, _BATCH))
        if not run:
            break
        texts = [
            f"{piece.heading}\n{piece.text}"
            for page in run
            for piece in splitter.split(article_sections(page, site))
        ]
        for begin in range(0, len(texts), _BATCH):
            embedder.embed_documents(texts[begin : begin + _BATCH])
        articles += len(run)
        chunks += len(texts)
    elapsed = time.perf_counter() - begun
    print(
        f"with embedding: {articles / elapsed:.1f} articles a second, "
        f"{chunks / elapsed:.1f} chunks a second ({chunks} chunks)"
    )


if __name__ == "__main__":
    main()
