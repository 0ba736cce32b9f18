"""A dump, cut into volumes, from any place on."""

import bz2
import gzip
import tracemalloc
from pathlib import Path

import pytest

from carrel.core.errors import InvalidSetting, PathNotFound, UnreadableDocument
from carrel.core.wiki import DumpPosition
from carrel.ingest.registry import default_registry
from carrel.ingest.wiki import wiki_dump, wiki_volumes
from carrel.ingest.wiki.wiki_dump import read_pages
from carrel.ingest.wiki.wiki_volumes import ExportedWiki
from samples.wiki import articles, wiki_page, write_wiki

PACKINGS = [("dump.xml", 0), ("dump.xml.bz2", 0), ("dump.xml.bz2", 3), ("dump.xml.gz", 0)]
PACKINGS += [("dump.xml.gz", 3)]


@pytest.fixture(autouse=True)
def small_volumes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiki_volumes, "MOST_ARTICLES", 4)


def volumes(dump: ExportedWiki, start: DumpPosition | None = None) -> list[tuple[str, list[str]]]:
    """The names of the volumes, and the titles that the reader of such files finds in them."""
    found = []
    with dump.volumes(start or DumpPosition()) as given:
        for volume in given:
            reader = default_registry().reader_for(volume.path, volume.name)
            headings = [str(section.heading) for section in reader.read(volume.path)]
            assert len(headings) == volume.articles
            found.append((volume.name, headings))
    return found


def titles(first: int, last: int) -> list[str]:
    return [f"Article {number}" for number in range(first, last + 1)]


EXPECTED = [
    ("dewiki/000000001.xml", titles(1, 4)),
    ("dewiki/000000005.xml", titles(5, 8)),
    ("dewiki/000000009.xml", titles(9, 10)),
]


@pytest.mark.parametrize(("name", "streams_of"), PACKINGS)
def test_a_dump_is_cut_into_volumes_of_so_many_articles(
    name: str, streams_of: int, tmp_path: Path
) -> None:
    dump = ExportedWiki(write_wiki(tmp_path / name, articles(10), streams_of=streams_of))
    assert volumes(dump) == EXPECTED


@pytest.mark.parametrize("block", [1, 7, 500, 1 << 18])
@pytest.mark.parametrize(("name", "streams_of"), PACKINGS)
def test_reading_continues_after_any_volume_and_after_any_page(
    name: str, streams_of: int, block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiki_dump, "_BLOCK", block)
    path = write_wiki(tmp_path / name, articles(10), streams_of=streams_of)
    dump = ExportedWiki(path)
    with dump.volumes(DumpPosition()) as given:
        places = [volume.after for volume in given]
    for done, place in enumerate(places, 1):
        assert volumes(dump, place) == EXPECTED[done:]
    pages = list(read_pages(path))
    for done, page in enumerate(pages, 1):
        rest = [each.xml for each in read_pages(path, page.after)]
        assert rest == [each.xml for each in pages[done:]]


def test_a_multistream_dump_continues_at_its_stream_and_not_from_the_beginning(
    tmp_path: Path,
) -> None:
    path = write_wiki(tmp_path / "dump.xml.bz2", articles(12), streams_of=4)
    with ExportedWiki(path).volumes(DumpPosition()) as given:
        places = [volume.after for volume in given]
    data = path.read_bytes()
    assert places[0].stream > 0
    assert all(data[place.stream :].startswith(b"BZh") for place in places)
    damaged = b"BZh9" + bytes(places[1].stream - 4) + data[places[1].stream :]
    path.write_bytes(damaged)
    found = [page.xml for page in read_pages(path, places[1])]
    assert [b"Article 9" in found[0], len(found)] == [True, 4]


def test_redirects_and_other_pages_count_for_no_volume(tmp_path: Path) -> None:
    other = [wiki_page(f"R{n}", "#REDIRECT", 50 + n, redirect=True) for n in range(6)]
    other += [wiki_page("Talk:A", "x", 60, namespace=1), wiki_page("Blank", "", 61)]
    pages = [page for pair in zip(articles(8), other, strict=True) for page in pair]
    dump = ExportedWiki(write_wiki(tmp_path / "dump.xml", pages))
    assert volumes(dump) == EXPECTED[:2]


def test_a_volume_is_also_full_by_its_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiki_volumes, "MOST_VOLUME_BYTES", 700)
    dump = ExportedWiki(write_wiki(tmp_path / "dump.xml", articles(6)))
    assert [len(found) for _, found in volumes(dump)] == [2, 2, 2]


@pytest.mark.parametrize("suffix", [".xml", ".xml.bz2", ".xml.gz"])
def test_what_is_before_a_cut_is_given_out_and_then_the_reason(suffix: str, tmp_path: Path) -> None:
    pages = articles(10, words=3000)
    path = write_wiki(tmp_path / f"dump{suffix}", pages, streams_of=1 if suffix != ".xml" else 0)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * 0.72)])
    given = []
    with (
        pytest.raises(
            UnreadableDocument, match=r"^dump\S+ cannot be read: it is cut short: download"
        ),
        ExportedWiki(path).volumes(DumpPosition()) as found,
    ):
        given.extend(volume.articles for volume in found)
    assert given == [4, 3]


def test_damaged_packing_is_reported(tmp_path: Path) -> None:
    for name, pack in (("a.bz2", bz2.compress), ("a.gz", gzip.compress)):
        path = write_wiki(tmp_path / name, articles(3), streams_of=1)
        data = path.read_bytes()
        path.write_bytes(data + pack(b"x" * 500)[:20] + b"\xff" * 100)
        with pytest.raises(UnreadableDocument, match="cannot be unpacked"):
            list(read_pages(path))


def test_a_page_without_end_is_refused_before_it_fills_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiki_dump, "MOST_PAGE_BYTES", 1 << 20)
    path = write_wiki(tmp_path / "dump.xml.bz2", ["<page>" + "x" * (50 << 20)])
    tracemalloc.start()
    try:
        with pytest.raises(UnreadableDocument, match="a page in it is never closed"):
            list(read_pages(path))
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def test_packed_emptiness_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiki_dump, "_MOST_BYTES_BETWEEN", 1 << 20)
    path = write_wiki(tmp_path / "dump.xml.bz2", [*articles(1), " " * (20 << 20)])
    with pytest.raises(UnreadableDocument, match="unpacks to no pages without end"):
        list(read_pages(path))


@pytest.mark.parametrize("data", [b"no wiki", b"<a>b</a>", b"", bz2.compress(b"x" * 9_000_000)])
def test_other_files_are_no_dumps(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "dump"
    path.write_bytes(data)
    with pytest.raises(UnreadableDocument, match="it is no export of a wiki"):
        ExportedWiki(path)


def test_memory_does_not_grow_with_the_dump(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiki_volumes, "MOST_ARTICLES", 100)

    def peak(count: int) -> int:
        pages = articles(count, words=800)
        path = write_wiki(tmp_path / f"{count}.xml.bz2", pages, streams_of=100)
        dump = ExportedWiki(path)
        tracemalloc.start()
        try:
            with dump.volumes(DumpPosition()) as given:
                assert sum(volume.articles for volume in given) == count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(10)
    few, many = peak(200), peak(2000)
    assert many < few * 1.25 + 100_000


VIEWS = """de.wikipedia Article_1 11 desktop 60 A30B30
de.wikipedia Article_1 11 mobile-web 50 C50
de.wikipedia Article_2 null desktop 99 A99
en.wikipedia Article_3 13 desktop 900 A900
de.wikipedia Article_4 desktop 100 A100
broken line
"""


@pytest.mark.parametrize("pack", [bytes, bz2.compress, gzip.compress])
def test_articles_below_the_least_views_are_left_out(pack, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = write_wiki(tmp_path / "dump.xml", articles(4))
    views = tmp_path / "views"
    views.write_bytes(pack(VIEWS.encode()))
    dump = ExportedWiki(path, views, 100)
    assert volumes(dump) == [("dewiki/000000001.xml", ["Article 1", "Article 4"])]


def test_views_may_be_titles_and_numbers(tmp_path: Path) -> None:
    path = write_wiki(tmp_path / "dump.xml", articles(4))
    views = tmp_path / "views.tsv"
    views.write_text("title\tviews\nArticle 2\t7\nArticle_3\t8\n")
    assert volumes(ExportedWiki(path, views, 8)) == [("dewiki/000000003.xml", ["Article 3"])]
    assert volumes(ExportedWiki(path, views, 0)) == [("dewiki/000000001.xml", titles(1, 4))]


def test_a_file_of_views_that_says_nothing_is_refused(tmp_path: Path) -> None:
    path = write_wiki(tmp_path / "dump.xml", articles(4))
    views = tmp_path / "views.txt"
    views.write_text("en.wikipedia Article_3 13 desktop 900 A900\n")
    dump = ExportedWiki(path, views, 8)
    with (
        pytest.raises(InvalidSetting, match=r"No line of views.txt says how often"),
        dump.volumes(DumpPosition()),
    ):
        pass
    with pytest.raises(PathNotFound, match=r"There is no file .*missing"):
        ExportedWiki(path, tmp_path / "missing", 8)


def test_the_identity_changes_with_the_file_and_with_what_is_wanted(tmp_path: Path) -> None:
    path = write_wiki(tmp_path / "dump.xml", articles(4))
    views = tmp_path / "views.tsv"
    views.write_text("Article 2\t7\n")
    first = ExportedWiki(path).identity
    assert ExportedWiki(path).identity == first
    assert ExportedWiki(path, views, 5).identity != first
    write_wiki(path, articles(5))
    assert ExportedWiki(path).identity != first
