from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from carrel.core.documents import Section
from carrel.core.errors import EmptyDocument, UnreadableDocument
from carrel.ingest.markup.jupyter import NotebookReader


def read(tmp_path: Path, cells: list[dict[str, Any]]) -> list[Section]:
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps({"cells": cells, "metadata": {"name": "x"}}), encoding="utf-8")
    return list(NotebookReader().read(path))


def test_cells_are_read_in_order_under_the_headings_of_the_text(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "code", "source": "import math"},
        {"cell_type": "markdown", "source": ["# Größe\n", "some *text*\n", "\n", "more"]},
        {
            "cell_type": "code",
            "outputs": [{"text": ["secret output"], "source": "no"}],
            "source": ["# no heading\n", "\n", "x = 1\n"],
        },
        {"source": ["## Two\n", "end"], "cell_type": "markdown"},
    ]
    assert read(tmp_path, cells) == [
        Section("import math\n"),
        Section("Größe\nsome *text*\n\nmore\n\n# no heading\n\nx = 1\n", heading="Größe"),
        Section("Two\nend\n", heading="Two"),
    ]


def test_a_notebook_with_blank_cells_is_empty(tmp_path: Path) -> None:
    with pytest.raises(EmptyDocument):
        read(tmp_path, [{"cell_type": "code", "source": []}, {"cell_type": "code", "source": " "}])


def test_other_json_is_no_notebook_and_not_called_empty(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text('{"list": [{"a": "Alpha"}]}', encoding="utf-8")
    with pytest.raises(UnreadableDocument, match="no notebook: it has no cells; rename it"):
        list(NotebookReader().read(path))
