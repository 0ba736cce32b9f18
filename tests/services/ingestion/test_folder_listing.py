"""Files of a folder to ingest."""

from pathlib import Path

import pytest

from carrel.core.documents import IncomingFile
from carrel.core.errors import PathNotFound
from carrel.services.ingestion.folder_listing import files_below


def supports(name: str) -> bool:
    return name.endswith(".txt")


def written(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("The tide rises.")
    return path


def test_files_are_named_by_their_paths_and_in_their_order(tmp_path: Path) -> None:
    names = ["b.txt", "a/z.txt", "a.txt", "a/b/c.txt", "a-b.txt", "a/y.exe", "y.exe"]
    paths = {name: written(tmp_path / name) for name in names}
    files, unsupported = files_below(tmp_path, supports)
    expected = ["a/b/c.txt", "a/z.txt", "a-b.txt", "a.txt", "b.txt"]
    assert files == [IncomingFile(paths[name], name) for name in expected]
    assert unsupported == ["a/y.exe", "y.exe"]


def test_what_is_hidden_or_leads_out_of_the_folder_is_skipped(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    outside = written(tmp_path / "outside" / "out.txt")
    inside = written(folder / "in.txt")
    written(folder / ".hidden.txt")
    written(folder / ".git" / "a.txt")
    (folder / "out.txt").symlink_to(outside)
    (folder / "linked").symlink_to(outside.parent)
    (folder / "same.txt").symlink_to(inside)
    (folder / "broken.txt").symlink_to(folder / "none.txt")
    files, unsupported = files_below(folder, supports)
    assert [each.name for each in files] == ["in.txt", "same.txt"]
    assert unsupported == []


def test_a_single_file_is_returned_whatever_its_type(tmp_path: Path) -> None:
    path = written(tmp_path / "a.exe")
    assert files_below(path, supports) == ([IncomingFile(path, "a.exe")], [])


def test_a_folder_that_does_not_exist_is_reported(tmp_path: Path) -> None:
    with pytest.raises(PathNotFound, match="There is no folder"):
        files_below(tmp_path / "none", supports)


def test_paths_that_differ_in_characters_that_cannot_be_shown_have_two_names(
    tmp_path: Path,
) -> None:
    paths = {written(tmp_path / "a\x01.txt"), written(tmp_path / "a\x02.txt")}
    files, _ = files_below(tmp_path, supports)
    assert len({each.name for each in files}) == 2
    assert {each.path for each in files} == paths
