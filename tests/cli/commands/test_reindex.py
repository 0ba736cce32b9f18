"""``carrel reindex`` on the command line."""

from __future__ import annotations

from pathlib import Path

from running.real_processes import CommandLine
from tiny.embedder import save_tiny_embedder


def test_documents_are_embedded_again_with_another_embedder(
    carrel: CommandLine, tmp_path: Path
) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "otters.txt").write_text("Otters eat fish.")
    assert carrel.run("ingest", f"--user_path={folder}").returncode == 0
    other = f"--embedder={save_tiny_embedder(tmp_path / 'tiny')}"
    refused = carrel.run("search", "otters", other)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert f"'carrel reindex {other}'" in refused.stderr
    done = carrel.run("reindex", other)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("1 chunk of 1 document embedded with ")
    assert "1/1 documents, 1/1 chunks" in done.stderr
    assert "Otters eat fish." in carrel.run("search", "otters", other).stdout
    assert "carrel reindex" in carrel.run("search", "otters").stderr


def test_an_empty_folder_has_nothing_to_embed(carrel: CommandLine) -> None:
    done = carrel.run("reindex")
    assert (done.returncode, done.stdout) == (0, "0 chunks of 0 documents embedded with bundled\n")
