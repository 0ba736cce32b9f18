"""The example of the client's page runs unchanged, except for address and folder."""

from __future__ import annotations

import re
from pathlib import Path

from running.live_server import LiveServer

PAGE = Path(__file__).resolve().parents[2] / "docs" / "client.md"
ADDRESS = "http://127.0.0.1:7860"


def test_the_example_runs(live: LiveServer, tmp_path: Path) -> None:
    (tmp_path / "report.txt").write_text("The revenue was 41 million euros.", encoding="utf-8")
    text = PAGE.read_text(encoding="utf-8")
    program = "\n".join(line[4:] for line in re.findall(r"^ {4}.*|^$", text, re.M))
    assert ADDRESS in program
    assert '"reports"' in program
    program = program.replace(ADDRESS, live.address).replace('"reports"', repr(str(tmp_path)))
    printed: list[str] = []

    def show(*words: object, end: str = "\n") -> None:
        printed.append(" ".join(str(each) for each in words) + end)

    # The server of the test writes its log to the same output, so that it cannot be read there.
    exec(compile(program, str(PAGE), "exec"), {"print": show})
    shown = "".join(printed)
    assert "1 1\nreport.txt added None None\n" in shown
    assert "report.txt None The revenue was 41 million euros." in shown
    assert shown.endswith("You asked: Why?")
