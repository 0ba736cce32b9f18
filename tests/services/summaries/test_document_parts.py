"""Parts as large as allowed, whatever the chunks are."""

from __future__ import annotations

import pytest

from carrel.core.documents import Chunk
from carrel.services.summaries.document_parts import planned_parts
from carrel.services.text.reading_order import DocumentText


async def words_of(text: str) -> int:
    return len(text.split())


def document(name: str, *counts: int) -> DocumentText:
    chunks = (
        Chunk(f"{name}{index}", name, index, " ".join(f"w{index}" for _ in range(count)), index + 1)
        for index, count in enumerate(counts)
    )
    return DocumentText(f"{name}.pdf", name, tuple(chunks))


@pytest.mark.parametrize("most", [10, 13, 50, 1000])
async def test_parts_fit_keep_the_order_and_lose_nothing(most: int) -> None:
    documents = [document("a", 9, 3, 8, 40, 1), document("b", 2)]
    parts = await planned_parts(documents, most, words_of)
    assert all(len(each.text.split()) <= most for each in parts)
    given = [(each.document_id, word) for each in parts for word in each.text.split()]
    assert given == [
        (each.document_id, word)
        for each in documents
        for chunk in each.chunks
        for word in chunk.text.split()
    ]


async def test_a_document_that_fits_is_one_part_with_all_its_pages() -> None:
    [one, two] = await planned_parts([document("a", 5, 5, 5), document("b", 5)], 15, words_of)
    assert (one.document, one.pages) == ("a.pdf", (1, 3))
    assert (two.document, two.pages) == ("b.pdf", (1, 1))


async def test_no_part_is_much_smaller_than_the_others() -> None:
    parts = await planned_parts([document("a", *[5] * 11)], 50, words_of)
    assert [len(each.chunks) for each in parts] in ([6, 5], [5, 6])


async def test_a_format_without_pages_has_no_range() -> None:
    chunk = Chunk("x", "d", 0, "some text")
    [part] = await planned_parts([DocumentText("n.txt", "d", (chunk,))], 10, words_of)
    assert part.pages is None


async def test_a_text_without_spaces_is_cut_too() -> None:
    async def characters(text: str) -> int:
        return len(text)

    chunk = Chunk("x", "d", 0, "字" * 50)
    parts = await planned_parts([DocumentText("n.txt", "d", (chunk,))], 9, characters)
    assert "".join(each.text.replace("\n", "") for each in parts) == "字" * 50
    assert all(len(each.text) <= 9 for each in parts)
