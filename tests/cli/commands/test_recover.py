"""Commands refuse a data folder without its catalog; ``carrel recover`` continues."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from carrel.cli.exit_codes import EXIT_CODES
from carrel.cli.main import main
from carrel.core.errors import CatalogIncomplete
from carrel.index.embedding.embedder import SentenceTransformerEmbedder
from carrel.settings.schema import Settings
from running.real_processes import CommandLine
from running.stored_folder import add, contents, opened
from tiny.counting_embedder import CountingEmbedder

STATUS = 17


@pytest.fixture
async def folder(make_settings: Callable[..., Settings], tmp_path: Path) -> Path:
    """A data folder with three originals and no catalog."""
    settings = make_settings(engine="scripted")
    async with opened(settings, CountingEmbedder(tmp_path / "journal")) as application:
        await add(application, range(3), tmp_path / "source")
    (settings.storage.db_dir / "catalog.db").unlink()
    return settings.storage.db_dir


@pytest.mark.parametrize(
    "words",
    [
        ["search", "heron"],
        ["ask", "heron"],
        ["collections"],
        ["ingest", "{source}"],
        ["reingest", "--failed"],
        ["reindex"],
        ["summarize"],
        ["chat"],
    ],
    ids=lambda words: words[0],
)
def test_a_command_says_in_one_line_what_to_do_and_changes_nothing(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    before = contents(folder)
    given = [each.format(source=tmp_path / "source") for each in words]
    flags = [f"--db_dir={folder}", "--engine=scripted", "--offline=True"]
    assert main([*given, *flags]) == STATUS == EXIT_CODES[CatalogIncomplete]
    printed = capsys.readouterr().err
    assert printed.count("\n") == 1
    assert "3 original files, of which its catalog knows 0" in printed
    assert f"carrel recover --db_dir={folder}" in printed
    assert contents(folder) == before


def test_the_server_does_not_start_until_the_files_were_set_aside(
    folder: Path, carrel: CommandLine
) -> None:
    assert carrel.db_dir == folder
    originals = contents(folder / "originals")
    served = carrel.run("serve", "--port=0", "--engine=scripted", "--offline=True")
    assert served.returncode == STATUS
    assert served.stderr.startswith(f"carrel: The data folder {folder} holds 3 original files")
    assert contents(folder / "originals") == originals
    done = carrel.run("recover", "--offline=True")
    assert done.returncode == 0, done.stderr
    [aside] = (folder / "quarantine").iterdir()
    assert done.stdout.startswith("3 original files set aside")
    assert str(aside) in done.stdout
    assert contents(aside / "originals") == originals
    listed = carrel.run("collections", "--offline=True")
    assert listed.returncode == 0, listed.stderr
    assert carrel.run("recover", "--offline=True").stdout.startswith("The catalog knows all files")


async def test_a_command_shows_what_it_indexes_again(
    make_settings: Callable[..., Settings], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = make_settings(engine="scripted")
    folder = settings.storage.db_dir
    embedder = CountingEmbedder(tmp_path / "journal")
    # The command below has no need to embed, only to be of the same name.
    embedder.name = SentenceTransformerEmbedder("bundled", offline=True).name
    async with opened(settings, embedder) as application:
        await add(application, range(3), tmp_path / "source")
    (folder / "keyword.db").write_bytes(b"This is a letter, not a database. " * 100)
    command = ["collections", f"--db_dir={folder}", "--engine=scripted", "--offline=True"]
    assert await asyncio.to_thread(main, command) == 0
    printed = capsys.readouterr().err
    assert "Indexing again what an index lacks: 0/3 documents" in printed
    assert "3/3 documents" in printed
