"""How far an upload has come."""

from __future__ import annotations

from carrel.core.documents import FileOutcome, IngestionProgress, OutcomeKind
from carrel.ui.state.upload import Upload


def test_events_are_laid_to_the_files_in_their_order() -> None:
    upload = Upload.of(["same.pdf", "same.pdf"])
    upload.apply(IngestionProgress(0, 2, 0, "same.pdf", 7))
    assert [(each.current, each.pages) for each in upload.files] == [(True, 7), (False, 0)]
    upload.apply(FileOutcome("same.pdf", OutcomeKind.FAILED, reason="x"))
    upload.apply(IngestionProgress(1, 2, 3, "same.pdf", 1))
    assert [each.current for each in upload.files] == [False, True]
    assert (upload.done, upload.failed, upload.chunks) == (1, 1, 3)


def test_progress_between_two_files_moves_none() -> None:
    upload = Upload.of(["a.pdf"])
    upload.apply(IngestionProgress(0, 1, 0, None))
    assert not upload.files[0].current


def test_an_outcome_without_an_open_file_changes_nothing() -> None:
    upload = Upload.of(["a.pdf"])
    upload.apply(FileOutcome("a.pdf", OutcomeKind.ADDED))
    upload.apply(FileOutcome("b.pdf", OutcomeKind.ADDED))
    assert upload.done == 1


def test_the_end_leaves_out_what_has_no_outcome() -> None:
    upload = Upload.of(["a.pdf", "b.pdf"])
    upload.apply(FileOutcome("a.pdf", OutcomeKind.ADDED))
    upload.end(stopped=False)
    assert not upload.running
    assert [each.left_out for each in upload.files] == [False, True]


def test_events_are_laid_to_the_file_of_their_name_in_any_order() -> None:
    upload = Upload.of(["long.pdf", "short.txt"])
    upload.apply(IngestionProgress(0, 2, 0, "long.pdf", 7))
    upload.apply(FileOutcome("short.txt", OutcomeKind.ADDED))
    assert [each.outcome is not None for each in upload.files] == [False, True]
    assert [each.pages for each in upload.files] == [7, 0]
