"""What every keyword index promises (``carrel.core.protocols.adapters.KeywordIndex``)."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from carrel.core.documents import Chunk
from carrel.core.protocols.adapters import KeywordIndex
from carrel.index.keyword.keyword import SqliteKeywordIndex

COLLECTION = "c0123456789abcdef"
OTHER = "cfedcba9876543210"
IN_ANOTHER_PROCESS = """
import json, sys
from pathlib import Path
from carrel.index.keyword.keyword import SqliteKeywordIndex
index = SqliteKeywordIndex(Path(sys.argv[1]))
print(json.dumps([index.count(sys.argv[2]), index.search(sys.argv[2], "lighthouse", 5)]))
"""

Opener = Callable[[], KeywordIndex]


@pytest.fixture(params=[SqliteKeywordIndex])
def open_index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    """Return a function that opens the index over the test's file."""
    with ExitStack() as opened:

        def open_() -> KeywordIndex:
            index: KeywordIndex = request.param(tmp_path / "keyword.db")
            opened.callback(index.close)
            return index

        yield open_


@pytest.fixture
def index(open_index: Opener) -> KeywordIndex:
    """An empty index."""
    return open_index()


def fill(index: KeywordIndex, document: str, *texts: str, collection: str = COLLECTION) -> None:
    chunks = [
        Chunk(f"{document}-{ordinal}", document, ordinal, text)
        for ordinal, text in enumerate(texts)
    ]
    index.add(collection, chunks, texts)


def found(index: KeywordIndex, query: str, *document_ids: str) -> list[str]:
    return [name for name, _ in index.search(COLLECTION, query, 10, document_ids)]


def test_the_best_match_comes_first_with_a_positive_score(index: KeywordIndex) -> None:
    fill(
        index,
        "a",
        "The keeper of the lighthouse was called Ingrid.",
        "A lighthouse is on the rock.",
        "Nothing of the kind is written here.",
    )
    results = index.search(COLLECTION, "Who was the lighthouse keeper?", 10)
    assert [name for name, _ in results] == ["a-0", "a-1"]
    assert results[0][1] > results[1][1] > 0


def test_no_more_than_asked_for_are_returned(index: KeywordIndex) -> None:
    fill(index, "a", *["lighthouse"] * 20)
    assert len(index.search(COLLECTION, "lighthouse", 7)) == 7
    assert len(index.search(COLLECTION, "lighthouse", 1000)) == 20


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("Revenues increased in 2022", "REVENUE increase"),
        ("the café on the corner", "cafe"),
        ("the cafe on the corner", "café"),
        ("the cafe\u0301 on the corner", "caf\u00e9"),
        ("Straße nach München", "munchen"),
        ("operating cash-flow", "cash flow?"),
        ("Обзор рынка", "рынка"),
        ("η θάλασσα", "ΘΆΛΑΣΣΑ"),
        ("中国的首都是北京。", "首都在哪里"),
        ("東京タワーの高さ", "タワー"),
        ("대한민국의 수도", "수도"),
        ("हिन्दी भाषा", "भाषा"),
        ("R&D spending of 3M", "3M's R&D"),
        ("snake_case_name", "case"),
        ("ＡＢＣ商事の売上は１２３円", "abc 123"),
        ("売上 ABC 123", "ＡＢＣ　１２３"),
        ("the ﬁnal oﬀer of the ﬂeet", "final offer"),
        ("\ufefb \u064a\u0648\u062c\u062f \u0645\u0648\u0639\u062f", "لا"),
        ("ﾃｽﾄ結果", "テスト"),
        ("sold 2401¹ bolts", "2401"),
    ],
)
def test_words_are_found_in_any_form_and_script(index: KeywordIndex, text: str, query: str) -> None:
    fill(index, "other", "Something else altogether.")
    fill(index, "a", text)
    assert found(index, query) == ["a-0"]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "   ",
        '"',
        "'; DROP TABLE entry; --",
        "lighthouse AND NOT (keeper OR",
        "NEAR(lighthouse keeper, 2)",
        "text:lighthouse ^keeper light*",
        "a-b+c:d{e}[f]",
        "😀🎉",
        "\x00\x01 lighthouse",
        "\ud800 lighthouse",
        "%s %d \\",
        "the of and",
        "灯塔",
    ],
)
def test_any_text_is_a_valid_query(index: KeywordIndex, query: str) -> None:
    fill(index, "a", "The lighthouse keeper of the rock and text")
    expected = ["a-0"] if "light" in query or query == "the of and" else []
    assert found(index, query) == expected


def test_a_question_of_ten_thousand_words_is_answered_by_its_end(index: KeywordIndex) -> None:
    fill(index, "a", "The lighthouse keeper", "word7 is here")
    words = " ".join(f"word{number}" for number in range(10_000))
    assert found(index, f"{words} lighthouse?") == ["a-0"]


def test_stop_words_do_not_find_anything_beside_telling_words(index: KeywordIndex) -> None:
    fill(index, "a", "What is the answer of the whole?", "lighthouse")
    assert found(index, "What is the lighthouse?") == ["a-1"]


def test_a_search_can_be_restricted_to_documents(index: KeywordIndex) -> None:
    for document in ("a", "b", "c"):
        fill(index, document, "lighthouse")
    assert set(found(index, "lighthouse", "b", "c", "unknown")) == {"b-0", "c-0"}
    assert found(index, "lighthouse", "unknown") == []


def test_an_existing_chunk_is_overwritten(index: KeywordIndex) -> None:
    fill(index, "a", "lighthouse", "rock")
    fill(index, "a", "harbour")
    assert index.count(COLLECTION) == 2
    assert found(index, "lighthouse") == []
    assert found(index, "harbour") == ["a-0"]
    chunk = Chunk("a-0", "a", 0, "")
    index.add(COLLECTION, [chunk, chunk], ["first", "second"])
    assert index.count(COLLECTION) == 2
    assert (found(index, "first"), found(index, "second")) == ([], ["a-0"])


def test_deleted_documents_are_gone_and_the_others_stay(index: KeywordIndex) -> None:
    fill(index, "a", "lighthouse", "rock")
    fill(index, "b", "lighthouse")
    index.delete_documents(COLLECTION, ["a", "unknown"])
    assert index.count(COLLECTION) == 1
    assert index.document_ids(COLLECTION) == {"b"}
    assert found(index, "lighthouse rock") == ["b-0"]
    index.delete_documents(COLLECTION, ["b"])
    assert index.count(COLLECTION) == 0
    assert found(index, "lighthouse rock") == []
    fill(index, "a", "harbour")
    assert found(index, "lighthouse rock harbour") == ["a-0"]


def test_an_unknown_collection_is_empty_and_can_be_deleted(index: KeywordIndex) -> None:
    assert index.search("cunknown", "lighthouse", 5) == []
    assert index.count("cunknown") == 0
    assert index.document_ids("cunknown") == set()
    index.delete_documents("cunknown", ["a"])
    index.delete_collection("cunknown")
    assert index.count("cunknown") == 0


def test_collections_do_not_mix(index: KeywordIndex) -> None:
    fill(index, "a", "lighthouse")
    fill(index, "a", "lighthouse", collection=OTHER)
    fill(index, "b", "lighthouse", collection=OTHER)
    index.delete_documents(COLLECTION, ["a"])
    assert index.count(COLLECTION) == 0
    assert index.document_ids(OTHER) == {"a", "b"}
    index.delete_collection(OTHER)
    assert index.search(OTHER, "lighthouse", 5) == []
    assert index.count(OTHER) == 0
    fill(index, "c", "lighthouse", collection=OTHER)
    assert index.document_ids(OTHER) == {"c"}


def test_scores_do_not_depend_on_other_collections(index: KeywordIndex) -> None:
    fill(index, "a", "lighthouse keeper", "harbour")
    before = index.search(COLLECTION, "lighthouse", 5)
    fill(index, "b", *["lighthouse"] * 30, collection=OTHER)
    assert index.search(COLLECTION, "lighthouse", 5) == before


def test_any_text_can_be_an_id_and_any_text_can_be_stored(index: KeywordIndex) -> None:
    name = "文档 'one\" ✓ -- é"
    fill(index, name, "lighthouse \x00 \ud800 \U0001f600")
    assert found(index, "lighthouse", name) == [f"{name}-0"]
    assert index.document_ids(COLLECTION) == {name}


def test_closing_keeps_everything(open_index: Opener) -> None:
    first = open_index()
    fill(first, "a", "lighthouse")
    first.close()
    first.close()
    second = open_index()
    assert found(second, "lighthouse") == ["a-0"]
    assert second.count(COLLECTION) == 1


@pytest.mark.parametrize("closed", [True, False], ids=["closed", "killed"])
def test_another_process_finds_what_was_added(
    open_index: Opener, tmp_path: Path, closed: bool
) -> None:
    index = open_index()
    fill(index, "a", "lighthouse", "rock")
    if closed:
        index.close()
    arguments = [str(tmp_path / "keyword.db"), COLLECTION]
    answer = subprocess.run(
        [sys.executable, "-c", IN_ANOTHER_PROCESS, *arguments],
        check=True,
        capture_output=True,
        text=True,
    )
    count, results = json.loads(answer.stdout)
    assert count == 2
    assert [name for name, _ in results] == ["a-0"]


def test_threads_may_add_and_search_at_once(index: KeywordIndex) -> None:
    def add_and_find(number: int) -> list[str]:
        fill(index, f"d{number}", f"lighthouse{number}", "rock")
        return found(index, f"lighthouse{number}")

    with ThreadPoolExecutor(4) as threads:
        results = list(threads.map(add_and_find, range(20)))
    assert results == [[f"d{number}-0"] for number in range(20)]
    assert index.count(COLLECTION) == 40
