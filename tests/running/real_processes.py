"""Carrel as users run it: the command line and the server, each in a process of its own.

The processes are forked from one that has imported the libraries, unless they are to be fresh, or
what Python and the libraries read of the environment at the start is changed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import httpx

from carrel.settings.process_environment import VENDOR_VARIABLES
from carrel.storage.lock import DataFolderLock
from running.forked_program import ForkedProcess, ForkServer, fork_server, run_forked

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120


def clean_environment() -> dict[str, str]:
    """The environment for a child process, without the user's own settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith("CARREL_")}


def modules_after(statement: str) -> set[str]:
    """Return the modules that are loaded once a fresh Python has run the statement."""
    done = subprocess.run(
        [sys.executable, "-c", f"{statement}; import sys; print('\\n'.join(sys.modules))"],
        capture_output=True,
        text=True,
        cwd=ROOT / "src",
        env=clean_environment(),
        check=True,
    )
    return set(done.stdout.splitlines())


READ_AT_IMPORT = ("PYTHON", "LD_PRELOAD", "HF_", "TRANSFORMERS_", "TORCH_", "CUDA_", "OMP_", "MKL_")
"""How variables begin that Python or a library reads while it is imported."""

OFFLINE = "HF_HUB_OFFLINE"
SET_BY_CARREL = {*VENDOR_VARIABLES, OFFLINE}


def _read_at_import(environment: dict[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in environment.items()
        if name.startswith(READ_AT_IMPORT) and name not in SET_BY_CARREL
    }


BEFORE_TESTS = clean_environment()


@dataclass(frozen=True, slots=True)
class CommandLine:
    """Runs ``carrel`` as a real child process with a data folder of its own.

    ``fresh`` processes have imported nothing.
    """

    db_dir: Path
    models_dir: Path
    prefix: tuple[str, ...] = ()
    fresh: bool = False

    def arguments(self, words: Sequence[str]) -> list[str]:
        """Return the whole command line."""
        return [*self.prefix, sys.executable, "-m", "carrel", *self.with_folders(words)]

    def with_folders(self, words: Sequence[str]) -> list[str]:
        """Return the arguments of ``carrel``."""
        return [*words, f"--db_dir={self.db_dir}", f"--models_dir={self.models_dir}"]

    def fork_server(self, words: Sequence[str]) -> ForkServer | None:
        """Return what runs a command without imports; None where it has to be a fresh process."""
        environment = clean_environment()
        changed = _read_at_import(environment) != _read_at_import(BEFORE_TESTS)
        if self.fresh or self.prefix or changed or sys.platform != "linux":
            return None
        offline = "--offline=True" in words or environment.get(OFFLINE) == "1"
        given = {name: BEFORE_TESTS[name] for name in BEFORE_TESTS if name != OFFLINE}
        given |= {OFFLINE: "1"} if offline else {}
        return fork_server(tuple(sorted(given.items())), ROOT / "src")

    def run(
        self, *words: str, stdin: str = "", timeout: float = 300
    ) -> subprocess.CompletedProcess[str]:
        """Run to the end and return status, output and errors."""
        environment, folder = clean_environment(), ROOT / "src"
        if (forking := self.fork_server(words)) is not None:
            arguments = self.with_folders(words)
            return run_forked(forking, arguments, environment, folder, stdin, timeout)
        return subprocess.run(
            self.arguments(words),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            env=environment,
            cwd=folder,
            check=False,
        )


@dataclass(slots=True)
class Server:
    """A running ``carrel serve``."""

    process: subprocess.Popen[bytes] | ForkedProcess
    address: str
    log: Path

    def wait_until_ready(self, seconds: float = 120) -> None:
        """Wait until a question could be answered."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log.read_text()
            # One that closes because its model cannot be served refuses first, and ends soon after.
            with suppress(httpx.TransportError):
                if httpx.get(f"{self.address}/health", trust_env=False).status_code == 200:
                    return
            time.sleep(0.1)
        raise AssertionError(f"not ready after {seconds} s:\n{self.log.read_text()}")

    def stop(self) -> int:
        """Stop as Ctrl+C would, and return the exit status."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(30)


def start_server(carrel: CommandLine, log: Path, *flags: str) -> Server:
    """Start ``carrel serve`` on a free port and return once it answers; the model may still load.

    Output goes to the file ``log``.
    """
    with log.open("wb") as stream:
        process = _start(carrel, ["serve", "--port=0", *flags], stream)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        holder = DataFolderLock.holder(carrel.db_dir)
        if holder is not None and holder.address is not None and _answers(holder.address):
            return Server(process, holder.address, log)
        time.sleep(0.1)
    process.kill()
    raise AssertionError(f"the server did not start:\n{log.read_text()}")


def _start(
    carrel: CommandLine, words: Sequence[str], output: BinaryIO
) -> subprocess.Popen[bytes] | ForkedProcess:
    environment, folder = clean_environment(), ROOT / "src"
    if (forking := carrel.fork_server(words)) is not None:
        files = (0, output.fileno(), output.fileno())
        return forking.start(carrel.with_folders(words), environment, folder, files)
    return subprocess.Popen(
        carrel.arguments(words), stdout=output, stderr=output, env=environment, cwd=folder
    )


def _answers(address: str) -> bool:
    try:
        httpx.get(f"{address}/health", trust_env=False, timeout=2)
    except httpx.TransportError:
        return False
    return True
