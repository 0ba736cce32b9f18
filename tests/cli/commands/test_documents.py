"""``carrel documents``: the documents of a collection with what they state."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from carrel.cli.main import main
from tiny.embedder import save_tiny_embedder


def test_documents_are_listed_with_what_they_state(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.md"
    path.write_text("---\ntitle: Bridges\nauthor: [Ada, 李]\ndate: 2024-05-14\n---\n\nBolts\n")
    embedder = save_tiny_embedder(tmp_path / "tiny")
    common = [f"--db_dir={tmp_path / 'data'}", "--engine=scripted", f"--embedder={embedder}"]
    assert main(["ingest", str(path), "--collection=UserData", *common]) == 0
    capsys.readouterr()
    assert main(["documents", "--collection=UserData", *common]) == 0
    name, *stated = capsys.readouterr().out.splitlines()
    assert name == "a.md  (3 chunks, 0.0 MB)"
    assert stated == ["    title: Bridges", "    created: 2024-05-14", "    authors: Ada; 李"]
    assert main(["documents", "--collection=UserData", "--json", *common]) == 0
    [listed] = json.loads(capsys.readouterr().out)
    assert listed["properties"]["authors"] == ["Ada", "李"]
    assert main(["documents", "--collection=UserData", "--filter=author:ada", *common]) == 0
    assert capsys.readouterr().out.startswith("a.md")
    assert main(["documents", "--collection=UserData", "--filter=-author:ada", *common]) == 0
    assert capsys.readouterr().out == ""
    assert main(["documents", "--collection=UserData", "--filter=by:ada", *common]) == 2
    assert "no key 'by': use one of" in capsys.readouterr().err
    assert main(["documents", "--collection=Nowhere", *common]) == 3
