"""Exports of a wiki, as its dumps are."""

from __future__ import annotations

import bz2
import gzip
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

HEAD = """<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11" xml:lang="de">
  <siteinfo>
    <sitename>Wikipedia</sitename>
    <dbname>dewiki</dbname>
    <base>https://de.wikipedia.org/wiki/Wikipedia:Hauptseite</base>
    <namespaces>
      <namespace key="0" case="first-letter" />
      <namespace key="6" case="first-letter">Datei</namespace>
      <namespace key="14" case="first-letter">Kategorie</namespace>
    </namespaces>
  </siteinfo>
"""
END = "</mediawiki>\n"


def wiki_page(
    title: str,
    text: str,
    number: int = 1,
    *,
    namespace: int = 0,
    redirect: bool = False,
    model: str = "wikitext",
) -> str:
    """One page as a dump holds it."""
    to = '\n    <redirect title="Elsewhere" />' if redirect else ""
    return f"""  <page>
    <title>{escape(title)}</title>
    <ns>{namespace}</ns>
    <id>{number}</id>{to}
    <revision>
      <id>{number + 1000}</id>
      <contributor><username>A</username><id>5</id></contributor>
      <comment>&lt;page&gt;</comment>
      <model>{model}</model>
      <text bytes="{len(text.encode())}" xml:space="preserve">{escape(text)}</text>
    </revision>
  </page>
"""


def articles(count: int, words: int = 20) -> list[str]:
    """Pages numbered from 1, each with a text of its own."""
    return [
        wiki_page(
            f"Article {number}", f"Fact {number} of the '''wiki'''. " + "word " * words, number
        )
        for number in range(1, count + 1)
    ]


def write_wiki(path: Path, pages: Sequence[str], *, streams_of: int = 0, head: str = HEAD) -> Path:
    """Write a dump, packed as its name ends; ``streams_of`` pages each where it is multistream."""
    size = streams_of or max(1, len(pages))
    runs = [pages[begin : begin + size] for begin in range(0, len(pages), size)]
    parts = [head, *("".join(run) for run in runs), END]
    if not streams_of:
        parts = ["".join(parts)]
    pack = {".bz2": bz2.compress, ".gz": gzip.compress}.get(path.suffix, bytes)
    path.write_bytes(b"".join(pack(part.encode()) for part in parts))
    return path
