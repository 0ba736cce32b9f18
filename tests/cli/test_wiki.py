"""``carrel ingest --wiki``: its flags, and its line of progress."""

from __future__ import annotations

from pathlib import Path

import pytest

from carrel.cli.main import main
from carrel.cli.wiki import describe
from carrel.core.wiki import WikiProgress


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
