"""``carrel ingest --wiki`` in processes of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from carrel.cli.commands.wiki import describe
from carrel.cli.main import main
from carrel.core.wiki import WikiProgress
from running.real_processes import ROOT, CommandLine, Server, clean_environment
from samples.wiki import articles, write_wiki


def test_progress_tells_how_far_the_dump_was_read() -> None:
    progress = WikiProgress(5_000_000, 20_000_000, 2, 1500, 4200, 12.34, 75.0)
    assert describe(progress) == (
        "25.0% of the dump (5.0/20.0 MB), 1,500 articles, 4,200 chunks, 12.3 articles/s, "
        "1 min 15 s left"
    )
    assert describe(WikiProgress(0, 20_000_000, 0, 0, 0)) == (
        "0.0% of the dump (0.0/20.0 MB), 0 articles, 0 chunks"
    )


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (["--wiki_min_views=5"], "--wiki_min_views is for a dump: name it with --wiki=FILE."),
        (["--wiki=a", "--wiki_min_views=5"], "belong together: give both, or neither."),
        (["--wiki=a", "--wiki_pageviews=b"], "belong together: give both, or neither."),
        (
            ["--wiki=a", "--wiki_pageviews=b", "--wiki_min_views=-5"],
            "--wiki_min_views=-5 is no number of views.",
        ),
        (["--wiki=a", "more.txt"], "Ingest a dump by itself: carrel ingest --wiki=FILE"),
        (["--wiki=/nowhere/a.xml"], "There is no file /nowhere/a.xml."),
    ],
)
def test_flags_that_do_not_fit_are_refused(
    flags: list[str], reason: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["ingest", *flags, f"--db_dir={tmp_path / 'db'}"]) != 0
    assert reason in capsys.readouterr().err


def test_a_killed_import_continues_where_it_was(carrel: CommandLine, tmp_path: Path) -> None:
    dump = write_wiki(tmp_path / "dump.xml.bz2", articles(1300, words=3), streams_of=100)
    flags = ["ingest", f"--wiki={dump}"]
    process = subprocess.Popen(
        carrel.arguments(flags),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        env=clean_environment(),
        cwd=ROOT / "src",
    )
    assert process.stderr is not None
    with process:
        try:
            for line in process.stderr:
                if " 1,000 articles, " in line:
                    break
            assert process.poll() is None
        finally:
            process.kill()
    done = carrel.run(*flags, "--json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary == {
        "collection": "wiki_full",
        "articles": 1300,
        "volumes": 2,
        "chunks": 300,
        "added": 1,
        "replaced": 0,
        "unchanged": 0,
        "failed": 0,
    }
    found = json.loads(carrel.run("collections", "--json").stdout)
    # The volume in work when the process was killed was counted as failed, and then replaced.
    assert [each["documents"] for each in found if each["name"] == "wiki_full"] == [2]


def test_a_dump_goes_in_through_the_server_and_is_what_it_asks_first(
    carrel: CommandLine, serve: Callable[..., Server], tmp_path: Path
) -> None:
    serve("--engine=scripted", "--langchain_mode=wiki_full")
    dump = write_wiki(tmp_path / "dump.xml.gz", articles(30))
    views = tmp_path / "views.tsv"
    views.write_text("".join(f"Article_{number}\t{number}\n" for number in range(1, 31)))
    least = [f"--wiki_pageviews={views}", "--wiki_min_views=21"]
    done = carrel.run("ingest", f"--wiki={dump}", *least, "--langchain_mode=wiki_full")
    assert done.returncode == 0, done.stderr
    assert done.stdout == (
        "wiki_full: 10 articles in 1 volumes (1 added, 0 replaced, 0 unchanged, 0 failed); "
        "10 new chunks.\n"
    )
    again = carrel.run("ingest", f"--wiki={dump}", *least)
    assert again.stdout.endswith("(0 added, 0 replaced, 0 unchanged, 0 failed); 0 new chunks.\n")
    search = carrel.run("search", "Fact 25 of the wiki", "--langchain_mode=wiki_full")
    assert "Fact 25" in search.stdout
    assert "Fact 20 " not in search.stdout
