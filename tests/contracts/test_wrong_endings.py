"""Every kind of file under the ending of every other: read as what it is, or refused in a line."""

from __future__ import annotations

import base64
import os
import re
from pathlib import Path

import pytest

from carrel.core.errors import EmptyDocument, UnreadableDocument, UnsupportedFormat
from carrel.ingest.registry import default_registry
from samples.old_documents import write_converter
from samples.readers import MIME, SAMPLES, TEXTS

REASON = re.compile(
    r"its name ends in (?P<ending>\.\w+), but it holds (?P<held>(?:an?|text)\b[^:]*)"
    r"(?:: rename it to end in \.\w+)?"
    r"|it is damaged(?:: its (?:JSON|XML) is broken in line \d+, column \d+"
    r"|, or no saved web page: no part of it is a page)"
    r"|it (?:is|holds) no \w+: [\w :\"]+; rename it to end in \.\w+ if it is [\w ]+"
)
PACKED = base64.b64encode(b"a,b\n1,2\n").decode()


@pytest.mark.parametrize("kind", sorted(SAMPLES))
def test_each_kind_under_every_other_ending(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = write_converter(tmp_path / "programs")
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    path = SAMPLES[kind](tmp_path / f"sample{kind}")
    registry = default_registry()
    for ending in sorted(SAMPLES.keys() - {kind}):
        text_as_text = kind in TEXTS and ending in TEXTS | MIME
        try:
            reader = registry.reader_for(path, f"a{ending}")
            text = "\n".join(section.text for section in reader.read(path))
        except UnreadableDocument as error:
            if (kind, ending) == (".svg", ".html"):
                # A page with nothing but a drawing, and those are no text of a page.
                continue
            assert not isinstance(error, EmptyDocument), ending
            found = REASON.fullmatch(str(error))
            assert found, (ending, str(error))
            if not text_as_text and not (kind in MIME and ending in MIME):
                assert type(error) is UnsupportedFormat, ending
                assert found["ending"] == ending
        else:
            assert text_as_text or (kind in MIME and ending in MIME), ending
            assert "Alpha" in text, ending
            assert PACKED not in text, ending
