"""Reader of old Word and PowerPoint documents, converted by LibreOffice."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Generator
from pathlib import Path

from carrel.core.documents import Section
from carrel.core.errors import UnreadableDocument, UnsupportedFormat
from carrel.core.protocols.reading import Reader
from carrel.ingest.detection.content import Content
from carrel.ingest.failures import checked_sections

_PROGRAMS = ("soffice", "libreoffice")
_LONGEST_SECONDS = 180.0
# No macros, and nothing that the document links to is fetched.
_SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting">
<prop oor:name="DisableMacrosExecution" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting">
<prop oor:name="BlockUntrustedRefererLinks" oor:op="fuse"><value>true</value></prop></item>
</oor:items>
"""


class OldOfficeReader:
    """Reads DOC and PPT with LibreOffice, if installed.

    Each document is converted by a separate process with its own profile, in a folder that is
    removed afterwards; a conversion that exceeds the time limit is killed. For pages and headings
    see the reader of the modern format.
    """

    def __init__(
        self, content: Content, modern: str, reader: Reader, seconds: float = _LONGEST_SECONDS
    ) -> None:
        """Take the old format, the suffix of the modern one, and its reader."""
        self._content = content
        self._modern = modern
        self._reader = reader
        self._seconds = seconds

    @checked_sections
    def read(self, path: Path) -> Generator[Section]:
        """Yield the sections of the converted document."""
        with path.open("rb"):
            # Report a file that cannot be opened as such, and not as one to convert.
            pass
        program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
        if program is None:
            raise UnsupportedFormat(
                f"it is {self._content.value}: install LibreOffice, or save it as "
                f"{self._modern} and add that"
            )
        with tempfile.TemporaryDirectory(prefix="carrel-") as folder:
            yield from self._reader.read(self._convert(program, path, Path(folder)))

    def _convert(self, program: str, path: Path, folder: Path) -> Path:
        # The name in the store may have no suffix, which LibreOffice needs.
        source = folder / f"document{self._modern.removesuffix('x')}"
        shutil.copyfile(path, source)
        profile = folder / "profile"
        (profile / "user").mkdir(parents=True)
        (profile / "user" / "registrymodifications.xcu").write_text(_SETTINGS, encoding="utf-8")
        _run(
            [
                program,
                f"-env:UserInstallation={profile.as_uri()}",
                *("--headless", "--norestore", "--nolockcheck", "--nodefault", "--nologo"),
                *("--convert-to", self._modern.removeprefix(".")),
                *("--outdir", str(folder), str(source)),
            ],
            folder,
            self._seconds,
        )
        converted = source.with_suffix(self._modern)
        if not converted.exists():
            # LibreOffice reports failures neither by message nor by exit status.
            raise UnreadableDocument(
                "LibreOffice cannot convert it: it is damaged or password protected"
            )
        return converted


def _run(command: list[str], folder: Path, seconds: float) -> None:
    """Run a program that starts others, and kill them all after a timeout."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={"HOME": str(folder), "PATH": os.defpath, "LC_ALL": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # A group, to kill it by, in this process's session, by which ``SandboxedReaders`` kills it.
        process_group=0,
    )
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired as error:
        raise UnreadableDocument(
            f"LibreOffice does not finish converting it within {seconds:.0f} seconds"
        ) from error
    finally:
        # Only while it is not waited for does its number certainly identify it and its children.
        if process.returncode is None:
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)
            process.kill()
            process.wait()
