"""Owner side of a reading process: start, requests, supervision, end."""

from __future__ import annotations

import signal
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import structlog

from carrel.core.errors import CarrelError, PlaceNotFound, Unavailable, UnreadableDocument
from carrel.core.processes.child import AnswerLate, ChildProcess, ProcessEnded, program_of
from carrel.core.processes.frames import BrokenFrame

PROGRAM = program_of("carrel.ingest.sandbox.reading_process")
START_SECONDS = 120.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ReadingLimits:
    """Limits of reading one file.

    ``seconds`` bounds the processor time of a file, and the time between two of its sections;
    ``bytes`` the memory of the process that reads.
    """

    seconds: float
    bytes: int


class Refused(Exception):
    """An error raised by the reader, after which its process is still usable."""

    def __init__(self, error: CarrelError) -> None:
        super().__init__(str(error))
        self.error = error


class SandboxProcess:
    """One reading process, which reads one file at a time.

    Raises:
        Unavailable: the system starts no further process.
    """

    def __init__(self, limits: ReadingLimits, first: Mapping[str, Any], folder: Path) -> None:
        self._limits = limits
        self._ready = self._killed = False
        try:
            # A killed process cannot remove its temporary files.
            self._folder = TemporaryDirectory(prefix="carrel-reading-")
            self._child = ChildProcess(PROGRAM, [folder])
        except OSError as error:
            raise Unavailable(
                f"no process can be started to read it: {error.strerror}; try again later"
            ) from error
        self._child.send({**first, "folder": self._folder.name})

    @property
    def lives(self) -> bool:
        """Whether it is running."""
        return self._child.lives

    def answers(self, request: Mapping[str, Any]) -> Generator[dict[str, Any]]:
        """Yield its answers to a request.

        Raises:
            Refused: the file could not be read.
            UnreadableDocument: the process crashed, or its answer is invalid.
        """
        if not self._ready:
            # The limit is that of a file: starting on a busy machine is not counted.
            self._note_limits(self._answer(START_SECONDS))
            self._ready = True
        self._child.send(request)
        while "said" not in (answer := self._answer()):
            yield answer
        _log_said(answer["said"])
        match answer:
            case {"error": [str() as code, str() as message]}:
                raise Refused(_error(code, message))
            case {"error": _}:
                raise broke_down()

    def _note_limits(self, ready: Mapping[str, Any]) -> None:
        """Log, once per program, which resource the system does not limit."""
        if missing := ready.get("unlimited"):
            _log_unlimited(missing)

    def kill(self) -> None:
        """Stop it, from another thread than the reading one, which sees the end of its output."""
        self._killed = True
        self._child.kill()

    def end(self) -> None:
        """Stop it and its children, close its pipes and remove its temporary files."""
        self._child.end()
        self._folder.cleanup()

    def _answer(self, seconds: float | None = None) -> dict[str, Any]:
        """Return its next message, within the limit of a file or the given one."""
        try:
            return self._child.answer(seconds or self._limits.seconds)
        except AnswerLate:
            raise self._too_slow() from None
        except BrokenFrame as error:
            log.warning("reading.garbage")
            raise broke_down() from error
        except ProcessEnded as ended:
            raise self._died(ended.status) from None

    def _too_slow(self) -> UnreadableDocument:
        return UnreadableDocument(
            f"it could not be read in {self._limits.seconds:g} seconds "
            "(max_reading_seconds): it may be damaged"
        )

    def _died(self, status: int | None) -> UnreadableDocument:
        if status is not None and status == _out_of_time():
            return self._too_slow()
        if not self._killed:
            log.warning("reading.process_ended", status=status)
        return broke_down()


@cache
def _log_unlimited(resource: str) -> None:
    log.warning("reading.unlimited", reason=f"this system does not limit {resource}")


def _out_of_time() -> int | None:
    """Return the status of a process that took too much processor time; Windows has no limit."""
    killer = getattr(signal, "SIGXCPU", None)
    return None if killer is None else -int(killer)


def broke_down() -> UnreadableDocument:
    """Return the error of a file whose reader crashed or gave an invalid answer."""
    return UnreadableDocument("it is probably damaged: its reader broke down over it")


def _log_said(said: Any) -> None:
    """Log what a reader and its libraries logged, by kind; see ``ReadingLog``."""
    for each in said if isinstance(said, list) else ():
        match each:
            case [str() as level, str() as logger, str() as event, int() as count]:
                log.debug("reading.said", severity=level, by=logger, said=event, times=count)


def _error(code: str, message: str) -> CarrelError:
    """Return the core error of a code, among those of readers and renderers."""
    kinds: list[type[CarrelError]] = [PlaceNotFound, *UnreadableDocument.__subclasses__()]
    for kind in kinds:
        if kind.code == code:
            return kind(message)
    return UnreadableDocument(message)
