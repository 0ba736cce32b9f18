from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrel.core.errors import UnreadableDocument
from carrel.ingest.data.json_values import MOST_DEPTH, JsonValue, json_values

PLAIN = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
ANY = st.recursive(
    PLAIN, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


def expected(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[JsonValue]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from expected(each, (*path, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from expected(each, (*path, index))
    elif value is not None:
        yield JsonValue(path, value if isinstance(value, str) else json.dumps(value))


def in_blocks(text: str, size: int) -> list[str]:
    return [text[begin : begin + size] for begin in range(0, len(text), size)]


@given(value=ANY, size=st.integers(1, 40), ascii_only=st.booleans(), indent=st.none() | st.just(1))
def test_every_value_is_found_wherever_the_blocks_are_cut(
    value: Any, size: int, ascii_only: bool, indent: int | None
) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    assert list(json_values(in_blocks(text, size))) == list(expected(value))


@given(values=st.lists(ANY, max_size=5), size=st.integers(1, 40))
def test_several_values_are_counted(values: list[Any], size: int) -> None:
    text = "\n".join(json.dumps(value) for value in values)
    assert list(json_values(in_blocks(text, size), several=True)) == list(expected(values))


@given(text=st.text(alphabet='{}[]:,"\\ntrue0-1.e u', max_size=30), size=st.integers(1, 8))
def test_what_python_refuses_is_refused(text: str, size: int) -> None:
    try:
        json.loads(text, strict=False)
    except json.JSONDecodeError:
        sound = not text.strip()
    else:
        sound = True
    if sound:
        list(json_values(in_blocks(text, size)))
    else:
        with pytest.raises(UnreadableDocument, match="line 1, column"):
            list(json_values(in_blocks(text, size)))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('{"a": 1,\n "b": }', "is broken in line 2, column 7"),
        ('{"a": 1}\n\nx', "is broken in line 3, column 1"),
        ("[1, 2\n", "ends too early in line 2, column 1"),
        ('{"a": "text', "ends too early in line 1, column 12"),
        ('["a\\q"]', "is broken in line 1, column 4"),
        ("{'a': 1}", "is broken in line 1, column 2"),
        ("[1,]", "is broken in line 1, column 4"),
        ("nulls", "is broken in line 1, column 5"),
        ("NaN", "is broken in line 1, column 1"),
    ],
)
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_faults_are_named_with_line_and_column(text: str, fault: str, size: int) -> None:
    with pytest.raises(UnreadableDocument) as caught:
        list(json_values(in_blocks(text, size)))
    assert str(caught.value) == f"it is damaged: its JSON {fault}"


def test_nesting_ends_at_the_limit() -> None:
    assert len(list(json_values(["[" * MOST_DEPTH + "1" + "]" * MOST_DEPTH]))) == 1
    for opening in ("[", '{"a":'):
        with pytest.raises(UnreadableDocument, match="nested too deeply"):
            list(json_values([opening * 1_000_000]))


def test_blocks_are_taken_as_they_are_needed() -> None:
    taken = 0

    def blocks() -> Iterator[str]:
        nonlocal taken
        yield "["
        for number in range(1000):
            taken += 1
            yield f'{{"number": {number}}},\n'

    values = json_values(blocks())
    assert next(values) == JsonValue((0, "number"), "0")
    assert taken < 5


def test_a_value_of_many_blocks_is_read_in_a_few_steps() -> None:
    text = '["' + "x" * 40_000_000 + '"]'
    assert [len(value.text) for value in json_values(in_blocks(text, 1 << 16))] == [40_000_000]
