"""``carrel recover``: sets aside files that the catalog does not know."""

from __future__ import annotations

from carrel import bootstrap
from carrel.cli.command import Invocation
from carrel.cli.exit_codes import SUCCESS
from carrel.cli.output.progress import RebuildingLine


def run(invocation: Invocation) -> int:
    """Set aside what the catalog does not know, and print where."""
    folder = invocation.settings.storage.db_dir
    line = RebuildingLine()
    recovery = bootstrap.recover(invocation.settings, rebuilding=line.show)
    if recovery.folder is None:
        print(f"The catalog knows all files of {folder}: nothing was set aside.")
        return SUCCESS
    files = f"{recovery.files} original file{'' if recovery.files == 1 else 's'}"
    print(f"{files} set aside, with what belongs to a lost catalog, in {recovery.folder}")
    return SUCCESS
