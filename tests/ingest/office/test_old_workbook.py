from __future__ import annotations

from pathlib import Path

import pytest

from carrel.core.documents import Section
from carrel.core.errors import EncryptedDocument, UnreadableDocument
from carrel.ingest.office import old_workbook
from carrel.ingest.office.old_workbook import OldWorkbookReader
from samples.old_documents import write_xls


def read(path: Path) -> list[Section]:
    return list(OldWorkbookReader().read(path))


def test_sheets_are_pages_and_rows_carry_their_header(tmp_path: Path) -> None:
    path = write_xls(
        tmp_path / "a.xls",
        {
            "Sales": [["Year", "Sum"], [2020, 1.5], [2021, 2]],
            "Blank": [],
            "Größe": [["Ann", "Zoë"]],
        },
    )
    assert read(path) == [
        Section("Year | Sum\nYear: 2020; Sum: 1.5\nYear: 2021; Sum: 2", page=1, heading="Sales"),
        Section("Ann | Zoë", page=3, heading="Größe"),
    ]


def test_cells_read_as_the_sheet_shows_them(tmp_path: Path) -> None:
    rows = [
        [45351, 0.1 + 0.2, True, "two\nlines"],
        [45351 + (13 * 60 + 5) / 1440, 12345678901, False, None],
        [0.5, 1e300, None, "x"],
        [9e9, -3, None, None],
    ]
    path = write_xls(tmp_path / "a.xls", {"S": rows}, date_columns=[0])
    (section,) = read(path)
    assert section.text.split("\n") == [
        "2024-02-29 | 0.3 | TRUE | two lines",
        "2024-02-29 13:05 | 12345678901 | FALSE",
        "12:00 | 1e+300 | | x",
        "9000000000 | -3",
    ]


def test_an_encrypted_workbook_asks_for_a_copy_without_password(tmp_path: Path) -> None:
    path = write_xls(tmp_path / "a.xls", {"S": [["a"]]}, encrypted=True)
    with pytest.raises(EncryptedDocument, match="password protected"):
        read(path)


def test_a_workbook_of_absurd_length_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_xls(tmp_path / "a.xls", {"S": [["x" * 1000]] * 30})
    assert len(read(path)) == 30
    monkeypatch.setattr(old_workbook, "MOST_CHARACTERS", 20_000)
    with pytest.raises(UnreadableDocument, match="more text than any real document"):
        read(path)


def test_nothing_is_printed_about_an_odd_file(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = write_xls(tmp_path / "a.xls", {"S": [["a"]]})
    # Longer than its container says, which xlrd remarks on.
    path.write_bytes(path.read_bytes() + bytes(100))
    assert read(path) == [Section("a", page=1, heading="S")]
    assert capfd.readouterr() == ("", "")
