"""What every reader promises, whatever its format. A new format joins ``reader_samples``."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from carrel.core.documents import Section
from carrel.core.errors import EmptyDocument, UnreadableDocument, UnsupportedFormat
from carrel.ingest.registry import default_registry
from carrel.ingest.sandbox.sandbox import ReadingLimits, SandboxedReaders
from carrel.ingest.text.definitions import DEFINITIONS
from samples.damaged_files import damaged, with_damaged_part
from samples.old_documents import write_converter
from samples.readers import BLANKS, PACKAGES, PAGED, SAMPLES

PAGE_COUNTS = {".pdf": 3, ".pptx": 2, ".ppt": 1, ".xlsx": 3, ".xls": 3}


def read(path: Path) -> list[Section]:
    return list(default_registry().reader_for(path, path.name).read(path))


@pytest.fixture(autouse=True)
def stand_in_converter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what LibreOffice converts be converted, whether it is installed or not."""
    program = write_converter(tmp_path / "programs")
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)


@pytest.fixture(params=sorted(SAMPLES))
def suffix(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def sample(suffix: str, tmp_path: Path) -> Path:
    return SAMPLES[suffix](tmp_path / f"sample{suffix}")


@pytest.fixture(scope="module")
def read_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Section, ...]]:
    """Return a function that reads the sample of a suffix, the first time it is asked to."""

    @cache
    def sections_of(suffix: str) -> tuple[Section, ...]:
        folder = tmp_path_factory.mktemp("samples")
        return tuple(read(SAMPLES[suffix](folder / f"sample{suffix}")))

    return sections_of


@pytest.fixture
def sections(suffix: str, read_once: Callable[[str], tuple[Section, ...]]) -> list[Section]:
    """What a reader makes of the sample; some take half a second to recognise its text."""
    return list(read_once(suffix))


def test_every_suffix_has_a_sample_here() -> None:
    twins = {".htm": ".html", ".markdown": ".md", ".text": ".txt", ".log": ".txt"}
    twins |= {".mht": ".mhtml", ".ndjson": ".jsonl", **dict.fromkeys(DEFINITIONS, ".py")}
    twins |= {".tgz": ".gz", ".tbz2": ".bz2", ".txz": ".xz"}
    twins |= dict.fromkeys((".docm", ".dotx", ".dotm"), ".docx")
    twins |= dict.fromkeys((".pptm", ".ppsx", ".ppsm", ".potx", ".potm"), ".pptx")
    twins |= dict.fromkeys((".xlsm", ".xltx", ".xltm"), ".xlsx")
    twins |= {".ical": ".ics", ".vcard": ".vcf"}
    twins |= {".jpeg": ".jpg", ".tif": ".tiff", ".heif": ".heic", ".hif": ".heic"}
    assert {twins.get(each, each) for each in default_registry().suffixes()} == set(SAMPLES)
    assert set(BLANKS) == set(SAMPLES)


def test_sections_hold_clean_text_of_the_file(sections: list[Section]) -> None:
    assert "Alpha" in "\n".join(section.text for section in sections)
    for section in sections:
        assert section.text.strip()
        assert not set("\r\0\x0b\x0c\ufeff") & set(section.text)


def test_pages_count_from_one_upwards_or_are_missing(sections: list[Section], suffix: str) -> None:
    pages = [section.page for section in sections]
    if suffix in PAGED:
        numbers = [page for page in pages if page is not None]
        assert numbers == pages
        assert numbers == sorted(numbers)
        assert numbers[0] == 1
    else:
        assert set(pages) == {None}


def test_the_number_of_all_pages_is_reported_by_formats_that_know_it(
    sections: list[Section], suffix: str
) -> None:
    assert {section.page_count for section in sections} == {PAGE_COUNTS.get(suffix)}


def test_headings_are_single_lines_with_text(sections: list[Section]) -> None:
    for section in sections:
        assert section.heading is None or section.heading == " ".join(section.heading.split()) != ""


def test_reading_twice_gives_the_same(sample: Path) -> None:
    assert read(sample) == read(sample)


def test_a_path_without_the_ending_gives_the_same(
    sample: Path, sections: list[Section], tmp_path: Path
) -> None:
    # So do uploads, the files of an archive and those of the store lie.
    stored = tmp_path / "0a1b2c"
    stored.write_bytes(sample.read_bytes())
    found = default_registry().reader_for(stored, sample.name).read(stored)
    assert list(found) == sections


def test_nothing_is_opened_before_the_first_section_is_asked_for(
    sample: Path, tmp_path: Path
) -> None:
    reader = default_registry().reader_for(sample, sample.name)
    sections = reader.read(tmp_path / "missing")
    with pytest.raises(UnreadableDocument, match="cannot be opened"):
        next(sections)


def test_two_readings_can_be_interleaved(sample: Path, sections: list[Section]) -> None:
    reader = default_registry().reader_for(sample, sample.name)
    pairs = list(zip(reader.read(sample), reader.read(sample), strict=True))
    assert pairs == [(section, section) for section in sections]


def test_an_abandoned_reading_releases_the_file(sample: Path) -> None:
    sections = default_registry().reader_for(sample, sample.name).read(sample)
    next(sections)
    sections.close()  # type: ignore[attr-defined]
    held = [link for link in Path("/proc/self/fd").iterdir() if _points_to(link, sample)]
    assert held == []


def test_a_file_without_bytes_is_empty(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"empty{suffix}"
    path.touch()
    with pytest.raises(EmptyDocument, match=r"^it is empty$"):
        read(path)


def test_a_file_without_text_is_empty(suffix: str, tmp_path: Path) -> None:
    with pytest.raises(EmptyDocument, match="text"):
        read(BLANKS[suffix](tmp_path / f"blank{suffix}"))


def test_a_picture_by_the_wrong_name_is_refused(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"picture{suffix}"
    name, signature = ("GIF", b"GIF89a") if suffix == ".png" else ("PNG", b"\x89PNG\r\n\x1a\n")
    path.write_bytes(signature + bytes(range(256)))
    with pytest.raises(UnsupportedFormat, match=f"it holds a {name} picture"):
        read(path)


@pytest.mark.seeds(10, thorough=30)
def test_damage_is_read_around_or_reported_as_unreadable(
    suffix: str, sample: Path, seed: int
) -> None:
    generator = random.Random(f"{suffix} {seed}")
    inside = suffix in PACKAGES and seed % 2
    change = with_damaged_part if inside else damaged
    sample.write_bytes(change(sample.read_bytes(), generator))
    try:
        sections = read(sample)
    except UnreadableDocument as error:
        assert str(error)
        assert "\n" not in str(error)
    else:
        assert all(section.text.strip() for section in sections)


@pytest.fixture(scope="module")
def confined() -> Iterator[SandboxedReaders]:
    readers = SandboxedReaders(ReadingLimits(seconds=60, bytes=2 << 30))
    yield readers
    readers.close()


def test_a_process_of_its_own_reads_the_same(
    confined: SandboxedReaders,
    sample: Path,
    sections: list[Section],
    suffix: str,
    tmp_path: Path,
) -> None:
    assert list(confined.reader_for(sample, sample.name).read(sample)) == sections
    blank = BLANKS[suffix](tmp_path / f"blank{suffix}")
    with pytest.raises(EmptyDocument, match="text"):
        list(confined.reader_for(blank, blank.name).read(blank))


def _points_to(link: Path, target: Path) -> bool:
    try:
        return link.readlink() == target
    except FileNotFoundError:
        # The descriptor that listed the folder is gone by now.
        return False
