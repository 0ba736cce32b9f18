"""Output folder of a run: each question as it is done, then the results and a report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from carrel.core.errors import AlreadyExists, InvalidRequest
from carrel.evaluate.report import report_page
from carrel.evaluate.run_record import RunRecord, question_line
from carrel.evaluate.scoring import Judged

RESULTS, QUESTIONS, REPORT = "results.json", "questions.jsonl", "report.html"


class RunFolder:
    """Writes a run into a folder without another run."""

    def __init__(self, path: Path) -> None:
        """Create the folder.

        Raises:
            AlreadyExists: it contains a run.
            InvalidRequest: it cannot be created.
        """
        # A run that failed before its first question leaves an empty file.
        written = (path / name for name in (RESULTS, QUESTIONS))
        if any(each.exists() and each.stat().st_size for each in written):
            raise AlreadyExists(f"{path} holds an evaluation already: name another folder.")
        try:
            path.mkdir(parents=True, exist_ok=True)
            (path / QUESTIONS).touch()
        except OSError as error:
            raise InvalidRequest(
                f"The folder {path} of --output cannot be written: {error.strerror}."
            ) from error
        self._path = path

    def add(self, judged: Judged) -> None:
        """Store a finished question, so that a kill loses nothing of it."""
        with (self._path / QUESTIONS).open("a", encoding="utf-8") as lines:
            lines.write(question_line(judged) + "\n")

    def finish(self, record: RunRecord, judged: Sequence[Judged], other: RunRecord | None) -> None:
        """Write the results and the report."""
        (self._path / RESULTS).write_text(record.to_json(), encoding="utf-8")
        page = report_page(record, judged, other)
        (self._path / REPORT).write_text(page, encoding="utf-8")
