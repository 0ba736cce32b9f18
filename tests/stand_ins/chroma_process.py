"""A Chroma server in a process of its own, that can go away and come back."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from stand_ins.foreign_processes import closed_port

START_SECONDS = 60


class ChromaProcess:
    """Runs ``chroma run`` over a folder, always at the same address."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._port = closed_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start, and return once it answers."""
        program = Path(sys.executable).with_name("chroma")
        where = ["--path", str(self.folder / "data"), "--host", "127.0.0.1"]
        log = self.folder / "server.log"
        with log.open("wb") as stream:
            self._process = subprocess.Popen(
                [program, "run", *where, "--port", str(self._port)],
                env=os.environ | {"ANONYMIZED_TELEMETRY": "False", "HOME": str(self.folder)},
                cwd=self.folder,
                stdout=stream,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            assert self._process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)

    def stop(self) -> None:
        """End it at once, as a power cut would. Stopping twice does nothing."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @contextmanager
    def running(self) -> Iterator[str]:
        """Run until the block ends; yields the address."""
        try:
            self.start()
            yield self.url
        finally:
            self.stop()

    def collections(self) -> set[str]:
        """The names of all that it holds."""
        place = "api/v2/tenants/default_tenant/databases/default_database/collections"
        answer = httpx.get(f"{self.url}/{place}?limit=1000", trust_env=False)
        return {each["name"] for each in answer.raise_for_status().json()}

    def _answers(self) -> bool:
        try:
            answer = httpx.get(f"{self.url}/api/v2/heartbeat", trust_env=False)
        except httpx.TransportError:
            return False
        return answer.status_code == httpx.codes.OK
