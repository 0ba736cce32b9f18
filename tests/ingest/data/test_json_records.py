from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from carrel.core.documents import Section
from carrel.core.errors import EmptyDocument, UnreadableDocument
from carrel.ingest.data.json_records import JsonLinesReader, JsonReader
from carrel.ingest.data.line_sections import GROUP_CHARACTERS
from samples.documents import write_text


def read(tmp_path: Path, value: Any) -> list[Section]:
    path = write_text(tmp_path / "a.json", json.dumps(value))
    return list(JsonReader().read(path))


def test_records_of_a_list_have_a_blank_line_after_them(tmp_path: Path) -> None:
    people = [
        {"name": "Ada", "home": {"city": "London"}, "tags": ["x", "y", 3]},
        {"name": "Bob", "active": True, "note": None, "blank": " ", "ratio": -1.50},
    ]
    text = "name: Ada\nhome.city: London\ntags: x, y, 3\n\nname: Bob\nactive: true\nratio: -1.5\n"
    assert read(tmp_path, people) == [Section(text)]


def test_lists_in_an_object_are_headings(tmp_path: Path) -> None:
    value = {
        "version": "2",
        "users": [{"id": 1, "pets": [{"kind": "cat"}, {"kind": "dog"}]}, {"id": 2}],
        "deep": {"orders": [{"id": 7}]},
        "colours": ["red", "blue"],
    }
    assert read(tmp_path, value) == [
        Section("version: 2\n"),
        Section("id: 1\npets.0.kind: cat\npets.1.kind: dog\n\nid: 2\n", heading="users"),
        Section("id: 7\n", heading="deep.orders"),
        Section("colours: red, blue\n"),
    ]


def test_plain_values_and_nested_lists_are_lines(tmp_path: Path) -> None:
    assert read(tmp_path, "just text\nof two lines") == [Section("just text\nof two lines\n")]
    assert read(tmp_path, [[1, 2], [3]]) == [Section("1, 2, 3\n")]


def test_lines_of_records_are_read_one_by_one(tmp_path: Path) -> None:
    path = write_text(tmp_path / "a.jsonl", '{"a": "ä", "b": [1]}\r\n\n{"a": 2}\n[5]\n')
    assert list(JsonLinesReader().read(path)) == [Section("a: ä\nb: 1\n\na: 2\n\n5\n")]


def test_a_broken_line_is_named_after_the_sections_before_it(tmp_path: Path) -> None:
    line = '{"a": "' + "x" * 100_000 + '"}\n'
    sections = JsonLinesReader().read(write_text(tmp_path / "a.jsonl", line * 5 + "{'b'}\n"))
    assert next(sections).text.startswith("a: xxx")
    with pytest.raises(UnreadableDocument, match="broken in line 6, column 2"):
        list(sections)


def test_long_records_and_long_lists_are_cut_between_values(tmp_path: Path) -> None:
    record = {f"key{number}": "word " * 20 for number in range(100)}
    sections = read(tmp_path, [record, {"list": list(range(5000))}])
    assert len(sections) > 6
    assert all(len(section.text) < 2 * GROUP_CHARACTERS for section in sections)
    assert "key99: word" in "".join(section.text for section in sections)
    assert sections[-1].text.startswith("list: ")
    assert sections[-1].text.endswith("4999\n")


def test_long_keys_and_paths_are_shortened(tmp_path: Path) -> None:
    value: Any = "end"
    for _ in range(50):
        value = {"k" * 5000: value}
    (section,) = read(tmp_path, value)
    assert section.text.startswith("…kkk")
    assert len(section.text) < 400


@pytest.mark.parametrize("value", [{}, [], None, {"a": None, "b": ["", {}]}])
def test_a_file_without_values_is_empty(tmp_path: Path, value: Any) -> None:
    with pytest.raises(EmptyDocument):
        read(tmp_path, value)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_any_unicode_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    path = write_text(tmp_path / "a.json", '{"größe": "ß 売上"}', encoding)
    assert list(JsonReader().read(path)) == [Section("größe: ß 売上\n")]


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    record = json.dumps({"name": "Ada", "text": "A line of a record. " * 40, "list": [1, 2, 3]})
    path = write_text(tmp_path / "a.json", "[" + ",".join([record] * 12_000) + "]")
    tracemalloc.start()
    try:
        count = sum(section.text.count("name: Ada") for section in JsonReader().read(path))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 12_000
    assert peak < path.stat().st_size / 4
