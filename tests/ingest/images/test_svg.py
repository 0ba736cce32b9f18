from __future__ import annotations

from pathlib import Path

import pytest

from carrel.core.documents import Section
from carrel.core.errors import EmptyDocument, UnreadableDocument
from carrel.ingest.images.svg import SVGReader
from samples.documents import write_text

HEAD = "<?xml version='1.0'?>\n<svg xmlns='http://www.w3.org/2000/svg'>"


def read(tmp_path: Path, text: str) -> list[Section]:
    return list(SVGReader().read(write_text(tmp_path / "a.svg", text)))


def test_titles_and_texts_are_lines_in_their_order(tmp_path: Path) -> None:
    text = (
        f"{HEAD}<title>Plan</title><metadata><title>Tool</title></metadata>"
        "<style>text {fill: red}</style><g><text x='1'>Pump <tspan>No</tspan>. 5</text>"
        "<text><tspan x='1' y='2'>first</tspan><tspan x='1' y='3'>second</tspan></text>"
        "<path d='M0 0'/><desc>water &amp; oil</desc></g><script>var a</script></svg>"
    )
    assert read(tmp_path, text) == [Section("Plan\nPump No. 5\nfirst second\nwater & oil")]


def test_names_may_have_a_prefix(tmp_path: Path) -> None:
    text = "<s:svg xmlns:s='http://www.w3.org/2000/svg'><s:text>a</s:text></s:svg>"
    assert read(tmp_path, text) == [Section("a")]


def test_entities_that_unpack_are_refused(tmp_path: Path) -> None:
    entities = f"<!ENTITY a '{'a' * 9_000}'><!ENTITY b '&a;&a;&a;'>"
    bomb = f"<!DOCTYPE svg [{entities}]><svg><text>&b;</text></svg>"
    with pytest.raises(UnreadableDocument, match=r"declares an entity \(b\)"):
        read(tmp_path, bomb)
    with pytest.raises(UnreadableDocument, match="nested too deeply"):
        read(tmp_path, "<svg>" + "<g>" * 100_000)


def test_what_has_no_words_or_is_no_drawing_is_named_as_such(tmp_path: Path) -> None:
    with pytest.raises(EmptyDocument, match="drawn as shapes"):
        read(tmp_path, f"{HEAD}<path d='M0 0'/></svg>")
    with pytest.raises(UnreadableDocument, match="it is no drawing"):
        read(tmp_path, "<d><text>Alpha</text></d>")
