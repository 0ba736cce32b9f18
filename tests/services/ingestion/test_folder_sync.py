"""A folder and its collection."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest

from carrel.bootstrap import Application
from carrel.core.access import Principal
from carrel.core.documents import DocumentStatus, FileOutcome, IngestionProgress, OutcomeKind
from carrel.core.errors import PathNotFound
from carrel.services.ingestion.folder_sync import FileRemoved, FolderNotice
from samples.hostile_names import HOSTILE_NAMES
from texts import ingest_texts

ME = Principal()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two files, one of them in a folder of its own."""
    folder = tmp_path / "files"
    (folder / "old").mkdir(parents=True)
    (folder / "a.txt").write_text("The ferry is called Heron.")
    (folder / "old" / "b.txt").write_text("The oak was planted in 1820.")
    return folder


async def synchronised(application: Application, folder: Path, **options: object) -> dict[str, str]:
    """Make a pass, and return what happened to each file."""
    ended: dict[str, str] = {}
    passing = application.services.folders.synchronise(folder, "UserData", ME, **options)  # type: ignore[arg-type]
    async for event in passing:
        match event:
            case FileOutcome():
                ended[event.name] = event.kind.value
            case FileRemoved():
                ended[event.name] = "removed"
            case FolderNotice():
                ended["notice"] = event.text
            case IngestionProgress():
                pass
    return ended


async def stored(application: Application) -> dict[str, str]:
    records = await application.services.collections.documents("UserData", ME)
    return {each.name: each.status.value for each in records}


async def test_new_changed_and_gone_files_are_followed(
    application: Application, folder: Path
) -> None:
    assert await synchronised(application, folder) == {"a.txt": "added", "old/b.txt": "added"}
    assert await synchronised(application, folder) == {
        "a.txt": "unchanged",
        "old/b.txt": "unchanged",
    }
    (folder / "a.txt").write_text("The ferry is called Kestrel.")
    (folder / "old" / "b.txt").unlink()
    (folder / "c.txt").write_text("The mill is closed.")
    assert await synchronised(application, folder) == {
        "a.txt": "replaced",
        "c.txt": "added",
        "old/b.txt": "removed",
    }
    assert await stored(application) == {"a.txt": "ready", "c.txt": "ready"}


async def test_an_unchanged_file_costs_one_stat_and_is_not_opened(
    application: Application, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await synchronised(application, folder)
    looked_at: Counter[str] = Counter()

    class Entry:
        def __init__(self, entry: os.DirEntry[str]) -> None:
            self._entry, self.name, self.path = entry, entry.name, entry.path

        def stat(self) -> os.stat_result:
            looked_at[self.name] += 1
            return self._entry.stat()

        def __getattr__(self, name: str) -> object:
            return getattr(self._entry, name)

    class Scan:
        def __init__(self, path: Path) -> None:
            self._entries = scandir(path)

        def __enter__(self) -> list[Entry]:
            return [Entry(entry) for entry in self._entries]

        def __exit__(self, *_: object) -> None:
            self._entries.close()

    def opened(*arguments: object, **_: object) -> None:
        raise AssertionError(f"opened: {arguments}")

    scandir = os.scandir
    monkeypatch.setattr("carrel.services.ingestion.folder_listing.os.scandir", Scan)
    monkeypatch.setattr("carrel.services.ingestion.added_file._digest", opened)
    monkeypatch.setattr("carrel.services.ingestion.folder_sync._stat", opened)
    assert set((await synchronised(application, folder)).values()) == {"unchanged"}
    assert looked_at == {"a.txt": 1, "b.txt": 1}


async def test_a_file_that_is_gone_may_be_kept(application: Application, folder: Path) -> None:
    await synchronised(application, folder)
    (folder / "a.txt").unlink()
    assert await synchronised(application, folder, keep_missing=True) == {"old/b.txt": "unchanged"}
    assert "a.txt" in await stored(application)
    assert (await synchronised(application, folder))["a.txt"] == "removed"


async def test_only_what_the_folder_brought_is_removed(
    application: Application, folder: Path, tmp_path: Path
) -> None:
    await ingest_texts(application, {"a.txt": "The ferry is called Heron.", "up.txt": "Uploaded."})
    assert (await synchronised(application, folder))["a.txt"] == "unchanged"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "d.txt").write_text("Another folder.")
    await synchronised(application, elsewhere)
    (folder / "a.txt").unlink()
    assert await synchronised(application, folder) == {"old/b.txt": "unchanged"}
    assert set(await stored(application)) == {"a.txt", "up.txt", "old/b.txt", "d.txt"}


async def test_a_folder_that_is_not_there_removes_nothing(
    application: Application, folder: Path
) -> None:
    await synchronised(application, folder)
    folder.rename(folder.with_name("unplugged"))
    with pytest.raises(PathNotFound):
        await synchronised(application, folder)
    folder.mkdir()
    assert await synchronised(application, folder) == {
        "notice": f"{folder} held 2 files and holds none now: nothing is removed. "
        "If that is meant, delete the documents yourself."
    }
    assert set(await stored(application)) == {"a.txt", "old/b.txt"}


async def test_what_cannot_be_listed_is_not_gone(
    application: Application, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await synchronised(application, folder)
    scandir = os.scandir

    def refused(path: Path) -> object:
        if path.name == "old":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr("carrel.services.ingestion.folder_listing.os.scandir", refused)
    assert await synchronised(application, folder) == {
        "a.txt": "unchanged",
        "notice": "These folders could not be read: old",
    }
    assert set(await stored(application)) == {"a.txt", "old/b.txt"}


async def test_a_failed_file_is_tried_again_when_it_changed(
    application: Application, folder: Path
) -> None:
    (folder / "a.txt").write_text("")
    assert (await synchronised(application, folder))["a.txt"] == "failed"
    assert (await synchronised(application, folder))["a.txt"] == "unchanged"
    (folder / "a.txt").write_text("The ferry is called Heron.")
    assert (await synchronised(application, folder))["a.txt"] == "added"
    assert (await stored(application))["a.txt"] == "ready"


async def test_a_file_whose_newer_version_failed_goes_with_both(
    application: Application, folder: Path
) -> None:
    await synchronised(application, folder)
    (folder / "a.txt").write_text("")
    assert (await synchronised(application, folder))["a.txt"] == "failed"
    (folder / "a.txt").unlink()
    await synchronised(application, folder)
    assert set(await stored(application)) == {"old/b.txt"}


async def test_a_file_that_changes_while_it_is_read_is_taken_again(
    application: Application, folder: Path, tmp_path: Path
) -> None:
    # Replaced in one step: a file that is being written is empty for a moment, and may fail.
    replacement = tmp_path / "replacement.txt"
    replacement.write_text("The ferry is called Kestrel, and it is late.")
    passing = application.services.folders.synchronise(folder, "UserData", ME)
    async for event in passing:
        if isinstance(event, IngestionProgress) and event.current == "a.txt":
            shutil.copy(replacement, tmp_path / "next.txt").replace(folder / "a.txt")
    assert (await synchronised(application, folder))["a.txt"] in {"replaced", "unchanged"}
    records = await application.services.collections.documents("UserData", ME)
    [record] = [each for each in records if each.name == "a.txt"]
    assert record.bytes == (folder / "a.txt").stat().st_size
    assert (await synchronised(application, folder))["a.txt"] == "unchanged"


async def test_a_file_that_is_still_written_is_left_until_it_is_quiet(
    application: Application, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def written_to(_: float) -> None:
        with (folder / "a.txt").open("a") as stream:
            stream.write(" More.")

    # Of this module alone: whatever else sleeps meanwhile is not to write, nor to spin.
    own = SimpleNamespace(sleep=written_to, to_thread=asyncio.to_thread)
    with monkeypatch.context() as patched:
        patched.setattr("carrel.services.ingestion.folder_sync.asyncio", own)
        ended = await synchronised(application, folder, quiet_seconds=1)
    assert ended == {"old/b.txt": "added"}
    assert (await synchronised(application, folder, quiet_seconds=0.01))["a.txt"] == "added"


async def test_a_deleted_document_comes_back_while_its_file_stays(
    application: Application, folder: Path
) -> None:
    await synchronised(application, folder)
    collections = application.services.collections
    [first, _] = await collections.documents("UserData", ME)
    await collections.delete_document("UserData", first.id, ME)
    assert await synchronised(application, folder) == {
        "a.txt": "added",
        "old/b.txt": "unchanged",
    }


async def test_links_hidden_files_and_unknown_formats_are_left_out(
    application: Application, folder: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "secret.txt"
    outside.write_text("Secret.")
    (folder / "leads-out.txt").symlink_to(outside)
    (folder / "within.txt").symlink_to(folder / "a.txt")
    (folder / "loop").symlink_to(folder)
    (folder / ".hidden.txt").write_text("Hidden.")
    (folder / "film.xyz").write_text("Film.")
    plan = await application.services.folders.plan(folder, "UserData", ME)
    assert sorted(plan.changed) == ["a.txt", "old/b.txt", "within.txt"]
    assert plan.unsupported == ["film.xyz"]


async def test_a_pass_that_was_stopped_continues_where_it_was(
    application: Application, folder: Path
) -> None:
    passing = application.services.folders.synchronise(folder, "UserData", ME)
    async for event in passing:
        if isinstance(event, FileOutcome):
            assert event.kind is OutcomeKind.ADDED
            break
    await passing.aclose()
    assert (await synchronised(application, folder)) == {
        "a.txt": "unchanged",
        "old/b.txt": "added",
    }


async def test_a_name_that_is_not_unicode_is_followed(
    application: Application, folder: Path
) -> None:
    name = os.fsdecode(b"caf\xe9.txt")
    (folder / name).write_text("A menu.")
    assert (await synchronised(application, folder))["caf?.txt"] == "added"
    assert (await synchronised(application, folder))["caf?.txt"] == "unchanged"
    (folder / name).unlink()
    assert (await synchronised(application, folder))["caf?.txt"] == "removed"
    records = await application.services.collections.documents("UserData", ME)
    assert all(each.status is DocumentStatus.READY for each in records)


async def test_hostile_names_are_followed_and_shown_without_their_tricks(
    application: Application, folder: Path
) -> None:
    for title, name in HOSTILE_NAMES.items():
        within = name.replace("/", "_").replace("\0", "")[-80:]
        folder.joinpath(within).write_text(f"It is called {title}.")
    twin = folder / "two\u200b\u202alines.txt"
    twin.write_text("It is called twin.")
    on_disk = [each.name for each in folder.iterdir() if each.is_file()]
    assert {"red\x1b[31m.txt", "two\nlines\r.txt"} < set(on_disk)
    ended = await synchronised(application, folder)
    visible = sum(not name.startswith(".") for name in on_disk)
    assert len(ended) == visible + 1
    assert set(ended.values()) == {"added"}
    assert all(name.replace("\u200d", "").isprintable() for name in ended)
    assert {"invoicetxt.exe.txt", "red[31m.txt", "twolines.txt", "twolines (2).txt"} < set(ended)
    assert await stored(application) == dict.fromkeys(ended, "ready")
    assert set((await synchronised(application, folder)).values()) == {"unchanged"}
    twin.unlink()
    again = await synchronised(application, folder)
    assert {name for name, what in again.items() if what == "removed"} == {"twolines (2).txt"}
