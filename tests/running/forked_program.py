"""Commands of Carrel in processes that need not import its libraries: they are forked.

Such a process has its own arguments, environment, folder, standard files, signals and exit status,
as a fresh one has. Not fresh are the modules: what is read while they are imported is read once for
all commands.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from pathlib import Path

from running.fork_server import NUMBER

PROGRAM = Path(__file__).with_name("fork_server.py")
IMPORT_SECONDS = 300


class ForkedProcess:
    """A process with the methods of ``subprocess.Popen`` that the tests use."""

    def __init__(self, command: list[str], reports: int) -> None:
        self.args = command
        self._reports = reports
        self.returncode: int | None = None
        self.pid = self._next_number(IMPORT_SECONDS)

    def _next_number(self, seconds: float | None) -> int:
        if not select.select([self._reports], [], [], seconds)[0]:
            raise subprocess.TimeoutExpired(self.args, seconds or 0)
        read = os.read(self._reports, NUMBER.size)
        if not read:
            raise ChildProcessError("the process that forks others has ended; see its errors")
        return int(NUMBER.unpack(read)[0])

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end and return the exit status."""
        if self.returncode is None:
            self.returncode = self._next_number(timeout)
            os.close(self._reports)
        return self.returncode

    def poll(self) -> int | None:
        """Return the exit status of a process that has ended."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def send_signal(self, number: int) -> None:
        """Send a signal to a process that has not ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)


class ForkServer:
    """Starts processes from one that has imported everything; that one starts with the first."""

    def __init__(self, environment: Mapping[str, str], folder: Path) -> None:
        self._environment = environment
        self._folder = folder
        self._control: socket.socket | None = None
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115

    def _launch(self) -> socket.socket:
        control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            process = subprocess.Popen(
                [sys.executable, str(PROGRAM), str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                env=self._environment,
                cwd=self._folder,
                pass_fds=[theirs.fileno()],
            )

        def end() -> None:
            control.close()
            process.wait(30)

        atexit.register(end)
        return control

    def start(
        self,
        words: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        standard: tuple[int, int, int],
    ) -> ForkedProcess:
        """Start ``python -m carrel WORDS`` with these standard files."""
        if self._control is None:
            self._control = self._launch()
        mask = os.umask(0o777)
        os.umask(mask)
        command = {
            "words": list(words),
            "environment": dict(environment),
            "folder": str(folder),
            "umask": mask,
        }
        reports, reporting = os.pipe()
        try:
            message = json.dumps(command).encode()
            socket.send_fds(self._control, [message], [*standard, reporting])
        finally:
            os.close(reporting)
        try:
            return ForkedProcess(["carrel", *words], reports)
        except ChildProcessError as error:
            self._errors.seek(0)
            error.add_note(self._errors.read().decode(errors="replace"))
            raise


@cache
def fork_server(environment: tuple[tuple[str, str], ...], folder: Path) -> ForkServer:
    """Return the process that starts others in this environment."""
    return ForkServer(dict(environment), folder)


def run_forked(
    server: ForkServer,
    words: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    stdin: str,
    timeout: float,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, as ``subprocess.run`` does with text and pipes."""
    pipes = [os.pipe() for _ in range(3)]
    (theirs_in, given), (output, theirs_out), (errors, theirs_err) = pipes
    try:
        process = server.start(words, environment, folder, (theirs_in, theirs_out, theirs_err))
    finally:
        for each in (theirs_in, theirs_out, theirs_err):
            os.close(each)
    deadline = time.monotonic() + timeout
    with ThreadPoolExecutor(3) as threads:
        writing = threads.submit(_write, given, stdin)
        reading = [threads.submit(_read, each) for each in (output, errors)]
        try:
            status = process.wait(timeout)
            read = [each.result(max(0, deadline - time.monotonic())) for each in reading]
        except BaseException:
            process.kill()
            raise
        writing.result()
    return subprocess.CompletedProcess(process.args, status, *read)


def _write(file: int, text: str) -> None:
    # It may end without reading everything.
    with suppress(BrokenPipeError), os.fdopen(file, "w") as stream:
        stream.write(text)


def _read(file: int) -> str:
    with os.fdopen(file) as stream:
        return stream.read()
