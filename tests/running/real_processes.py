"""Carrel as users run it: the command line and the server, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from carrel.storage.lock import DataFolderLock

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


@dataclass(frozen=True, slots=True)
class CommandLine:
    """Runs ``carrel`` as a real child process with a data folder of its own."""

    db_dir: Path
    models_dir: Path
    prefix: tuple[str, ...] = ()

    def arguments(self, words: Sequence[str]) -> list[str]:
        """Return the whole command line."""
        folders = [f"--db_dir={self.db_dir}", f"--models_dir={self.models_dir}"]
        return [*self.prefix, sys.executable, "-m", "carrel", *words, *folders]

    def run(
        self, *words: str, stdin: str = "", timeout: float = 300
    ) -> subprocess.CompletedProcess[str]:
        """Run to the end and return status, output and errors."""
        return subprocess.run(
            self.arguments(words),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            env=clean_environment(),
            cwd=ROOT / "src",
            check=False,
        )


@dataclass(slots=True)
class Server:
    """A running ``carrel serve``."""

    process: subprocess.Popen[bytes]
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
        process = subprocess.Popen(
            carrel.arguments(["serve", "--port=0", *flags]),
            stdout=stream,
            stderr=stream,
            env=clean_environment(),
            cwd=ROOT / "src",
        )
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        holder = DataFolderLock.holder(carrel.db_dir)
        if holder is not None and holder.address is not None and _answers(holder.address):
            return Server(process, holder.address, log)
        time.sleep(0.1)
    process.kill()
    raise AssertionError(f"the server did not start:\n{log.read_text()}")


def _answers(address: str) -> bool:
    try:
        httpx.get(f"{address}/health", trust_env=False, timeout=2)
    except httpx.TransportError:
        return False
    return True
