"""Small files do not become millions of characters, whatever their format repeats."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from carrel.core.documents import Section
from carrel.core.errors import DocumentTooLarge, UnreadableDocument
from carrel.ingest.registry import default_registry
from carrel.ingest.sandbox.sandbox import ReadingLimits, SandboxedReaders
from carrel.ingest.text_bound import HARMLESS_CHARACTERS, MOST_CHARACTERS_PER_BYTE, TextBound
from samples.documents import write_text
from samples.expanding_files import EXPANDING, repeated_rows, shared_string_workbook

TOO_LARGE = {"strings.xlsx", "rows.ods", "pages.pdf", "nested.zip"} | {
    f"log.{packed}" for packed in ("tgz", "tbz2", "txz")
}


@pytest.fixture(scope="module")
def readers() -> Iterator[SandboxedReaders]:
    made = SandboxedReaders(ReadingLimits(seconds=300, bytes=2 << 30))
    yield made
    made.close()


@pytest.mark.parametrize("name", sorted(EXPANDING))
def test_a_small_file_yields_no_more_than_its_size_can_account_for(
    readers: SandboxedReaders, tmp_path: Path, name: str
) -> None:
    path = EXPANDING[name](tmp_path / name)
    characters = 0
    refusal: UnreadableDocument | None = None
    try:
        for section in readers.reader_for(path, name).read(path):
            characters += len(section.text)
    except UnreadableDocument as error:
        refusal = error
    size = path.stat().st_size
    assert characters <= max(HARMLESS_CHARACTERS, MOST_CHARACTERS_PER_BYTE * size)
    assert isinstance(refusal, DocumentTooLarge) == (name in TOO_LARGE), refusal


@pytest.mark.parametrize("write", [shared_string_workbook, repeated_rows])
def test_the_bound_holds_without_a_process_of_its_own(tmp_path: Path, write: object) -> None:
    name = "a.xlsx" if write is shared_string_workbook else "a.ods"
    path = write(tmp_path / name)  # type: ignore[operator]
    with pytest.raises(DocumentTooLarge, match="save it as plain text, and add that"):
        list(default_registry().reader_for(path, name).read(path))


def test_a_large_file_may_yield_its_text_many_times() -> None:
    bound = TextBound(1_000_000)
    bound.count(MOST_CHARACTERS_PER_BYTE * 1_000_000)
    with pytest.raises(DocumentTooLarge, match="more than 200,000,000 characters"):
        bound.count(1)


def test_a_file_that_cannot_be_looked_at_has_the_least_bound(tmp_path: Path) -> None:
    bound = TextBound.of(tmp_path / "missing")
    bound.count(HARMLESS_CHARACTERS)
    with pytest.raises(DocumentTooLarge):
        bound.count(1)


def test_plain_text_is_never_too_much_for_its_size(tmp_path: Path) -> None:
    path = write_text(tmp_path / "a.txt", "x\n\n" * 2_000_000)
    sections: list[Section] = list(default_registry().reader_for(path, path.name).read(path))
    assert sum(len(each.text) for each in sections) > HARMLESS_CHARACTERS
