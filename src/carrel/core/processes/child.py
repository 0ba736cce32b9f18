"""Owner side of a child process: start, messages, deadlines, end."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from carrel.core.processes import pipes
from carrel.core.processes.frames import FrameReader, send_frame
from carrel.core.processes.pipes import PLACE_OF_DESCRIPTORS
from carrel.core.processes.session import end_session

PACKAGES = Path(__file__).resolve().parents[3]
"""The folder of the package ``carrel``."""

ENDED_SECONDS = 5


class AnswerLate(Exception):
    """No answer came within its time."""


class ProcessEnded(Exception):
    """The process ended without an answer; ``status`` is None if it only closed its pipe."""

    def __init__(self, status: int | None) -> None:
        super().__init__(str(status))
        self.status = status


def program_of(module: str) -> str:
    """Return the program of a child: ``main`` of a module, which takes its two descriptors."""
    return (
        "import sys; sys.path[:0] = sys.argv[3:]; "
        f"from {module} import main; "
        "main(int(sys.argv[1]), int(sys.argv[2]))"
    )


class ChildProcess:
    """A Python process of a session of its own, with which messages are exchanged.

    Its standard streams are the null device. ``folders`` are added to where it finds modules;
    ``environment`` None is that of this process. See ``carrel.core.processes.channel`` for its
    side.

    Raises:
        OSError: the system starts no further process.
    """

    def __init__(
        self,
        program: str,
        folders: Sequence[Path] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        # Isolated: neither the environment nor the current folder changes what it imports.
        command = [sys.executable, "-I", "-c", program, PLACE_OF_DESCRIPTORS]
        self._pipes = pipes.start([*command, *map(str, (PACKAGES, *folders))], environment)
        self._process = self._pipes.process
        self._frames = FrameReader(self._next_block)
        self._deadline = 0.0
        self._ended = False

    @property
    def lives(self) -> bool:
        """Whether it is running."""
        return self._process.poll() is None

    def send(self, message: Mapping[str, Any]) -> None:
        """Send a message; if the process has ended, ``answer`` reports it.

        Raises:
            FrameTooLong: nothing of it was sent.
        """
        # Windows has another error for a closed pipe.
        with suppress(BrokenPipeError, *([OSError] if sys.platform == "win32" else [])):
            send_frame(self._pipes.outgoing, message)

    def answer(self, seconds: float) -> dict[str, Any]:
        """Return its next message.

        Raises:
            AnswerLate: there is none after that many seconds.
            BrokenFrame: the received data is no message.
            ProcessEnded: it has ended, with all that it started.
        """
        self._deadline = time.monotonic() + seconds
        answer = self._frames.next()
        if answer is None:
            raise ProcessEnded(self._last_status())
        return answer

    def kill(self) -> None:
        """Stop it, from another thread than the reading one, which sees the end of its output."""
        self._process.kill()

    def end(self) -> None:
        """Stop it and what it started, and close its pipes. Ending twice does nothing."""
        if self._ended:
            return
        self._ended = True
        self._process.kill()
        if self._process.returncode is None:
            end_session(self._process.pid, ENDED_SECONDS)
        self._process.wait()
        self._pipes.close()

    def _next_block(self) -> bytes:
        block = self._pipes.read(max(0.0, self._deadline - time.monotonic()))
        if block is None:
            raise AnswerLate
        return block

    def _last_status(self) -> int | None:
        end_session(self._process.pid, ENDED_SECONDS)
        try:
            return self._process.wait(ENDED_SECONDS)
        except subprocess.TimeoutExpired:
            # It has closed its pipe and still runs; the caller ends it.
            return None
