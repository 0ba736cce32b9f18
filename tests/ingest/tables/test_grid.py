from __future__ import annotations

import pytest

from carrel.core.errors import UnreadableDocument
from carrel.ingest.tables.grid import MOST_REPEATED, GridCell, SpanExpander
from carrel.ingest.tables.merged_ranges import MergedRange, SheetRow, merged_rows


def test_a_cell_over_rows_and_columns_is_in_all_of_them() -> None:
    spans = SpanExpander()
    assert spans.row([GridCell("a", 2, 2), GridCell("b")]).cells == ["a", "a", "b"]
    row = spans.row([GridCell("c")])
    assert (row.cells, row.left, row.above) == (["a", "a", "c"], {1}, {0, 1})
    assert spans.row([GridCell("d")]).cells == ["d"]


def test_placeholders_of_merged_cells_take_no_column() -> None:
    spans, covered = SpanExpander(), GridCell(covered=True)
    first = [GridCell("a", 2, 2), covered, GridCell("b")]
    assert spans.row(first).cells == ["a", "a", "b"]
    assert spans.row([covered, covered, GridCell("c")]).cells == ["a", "a", "c"]


def test_a_continued_cell_has_the_text_above() -> None:
    spans = SpanExpander()
    spans.row([GridCell("a"), GridCell("b")])
    row = spans.row([GridCell(continues=True), GridCell("c")])
    assert (row.cells, row.above) == (["a", "c"], {0})


def test_a_merged_cell_right_of_a_short_row_keeps_its_column() -> None:
    spans = SpanExpander()
    spans.row([GridCell("a"), GridCell("b"), GridCell("c", rows=2)])
    assert spans.row([GridCell("d")]).cells == ["d", "", "c"]


def test_absurd_spans_are_refused() -> None:
    spans = SpanExpander()
    spans.row([GridCell("x" * 1_000, 1_000, 65_534)])
    with pytest.raises(UnreadableDocument, match="repeat"):
        for _ in range(MOST_REPEATED // 1_000_000 + 1):
            spans.row([])


def test_merged_ranges_pass_rows_that_are_not_stored() -> None:
    rows = [SheetRow(0, ["Group", "Fruit"]), SheetRow(1, ["Pome", "Apple"]), SheetRow(4, ["", "x"])]
    ranges = [MergedRange(1, 4, 0, 0)]
    assert [row.cells for row in merged_rows(rows, ranges)] == [
        ["Group", "Fruit"],
        ["Pome", "Apple"],
        [],
        ["Pome", "x"],
    ]
