"""Damaged copies of files through the sandbox, for ``completeness.py --mutations``."""

from __future__ import annotations

import io
import random
import sys
import time
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Timer

import structlog

from carrel.core.errors import CarrelError
from carrel.core.protocols.reading import Reader
from carrel.ingest.sandbox.sandbox import ReadingLimits, SandboxedReaders

BYTES = 2 << 30
MOST_NOTED = 30
MOST_UNPACKED_BYTES = 64 << 20
HANG_FACTOR = 3
"""A file that takes so many times the limit of one is a hang: sections may come slowly."""

# An encrypted, unsupported or damaged container.
_NO_ZIP = (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, EOFError, zlib.error)

READ, REFUSED, KILLED = "read", "refused by one line", "killed by a limit"
CRASHED = "its process died, the file failed alone"
BROKEN, HANG = "broken protocol", "hang"
OUTCOMES = (READ, REFUSED, KILLED, CRASHED, BROKEN, HANG)
FAILURES = (BROKEN, HANG)


def flipped(data: bytes, generator: random.Random) -> bytes:
    """Return the bytes with 1 to 64 bits flipped."""
    changed = bytearray(data)
    for _ in range(generator.randint(1, 64)):
        changed[generator.randrange(len(changed))] ^= 1 << generator.randrange(8)
    return bytes(changed)


def cut(data: bytes, generator: random.Random) -> bytes:
    """Return the bytes cut short, or without a stretch."""
    begin = generator.randrange(len(data))
    if generator.random() < 0.5:
        return data[:begin]
    return data[:begin] + data[begin + generator.randint(1, 4096) :]


def swapped(data: bytes, generator: random.Random) -> bytes:
    """Return the bytes with two blocks in each other's place."""
    size = generator.randint(1, max(1, min(4096, len(data) // 2)))
    first, second = sorted(generator.randrange(len(data)) for _ in range(2))
    second = max(first + size, second)
    blocks = data[first : first + size], data[second : second + size]
    rest = data[first + size : second], data[second + size :]
    return data[:first] + blocks[1] + rest[0] + blocks[0] + rest[1]


def inside(data: bytes, generator: random.Random) -> bytes:
    """Return a zip container with one damaged part and a correct checksum; others are flipped.

    Damage to the container itself is mostly refused by its checksums, before a parser sees it.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(each.file_size for each in archive.infolist()) > MOST_UNPACKED_BYTES:
                return flipped(data, generator)
            parts = {name: archive.read(name) for name in archive.namelist()}
    except _NO_ZIP:
        return flipped(data, generator)
    victims = sorted(name for name, content in parts.items() if content)
    if victims:
        victim = generator.choice(victims)
        parts[victim] = generator.choice((flipped, cut, swapped))(parts[victim], generator)
    changed = io.BytesIO()
    with zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return changed.getvalue()


MUTATIONS: Sequence[Callable[[bytes, random.Random], bytes]] = (flipped, cut, swapped, inside)


@dataclass
class MutationResult:
    """How often each outcome occurred, and what is to be looked at."""

    outcomes: Counter[str] = field(default_factory=Counter)
    noted: list[str] = field(default_factory=list)
    slowest: tuple[float, str] = (0.0, "")

    @property
    def failed(self) -> bool:
        """Whether a copy hung, or broke the protocol of the sandbox."""
        return any(self.outcomes[each] for each in FAILURES)

    def add(self, name: str, outcome: str, reason: str, seconds: float) -> None:
        """Count the outcome of a copy."""
        self.outcomes[outcome] += 1
        self.slowest = max(self.slowest, (seconds, name))
        if outcome not in (READ, REFUSED):
            self.noted.append(f"{name}: {outcome}: {reason}")


def mutate(files: Sequence[Path], copies: int, seed: int, seconds: float) -> MutationResult:
    """Read damaged copies of the files in the sandbox, one after the other."""
    result = MutationResult()
    readers = SandboxedReaders(ReadingLimits(seconds, BYTES))
    try:
        with TemporaryDirectory() as folder:
            for number, file in enumerate(files):
                data = file.read_bytes()
                for copy in range(copies if data else 0):
                    generator = random.Random(f"{seed} {file.name} {copy}")
                    way = MUTATIONS[(number + copy) % len(MUTATIONS)]
                    path = Path(folder) / f"damaged{file.suffix}"
                    path.write_bytes(way(data, generator))
                    started = time.perf_counter()
                    outcome, reason = outcome_of(readers, path, seconds)
                    name = f"{file.name}, copy {copy} ({way.__name__})"
                    result.add(name, outcome, reason, time.perf_counter() - started)
                print(f"{number + 1}/{len(files)} {file.name}", file=sys.stderr)
    finally:
        readers.close()
    return result


def outcome_of(readers: SandboxedReaders, path: Path, seconds: float) -> tuple[str, str]:
    """Read a file; return the outcome and the reason."""
    reader = readers.reader_for(path, path.name)
    late: list[bool] = []
    timer = Timer(HANG_FACTOR * seconds, _interrupt, (readers, reader, late))
    timer.start()
    with structlog.testing.capture_logs() as lines:
        try:
            for _ in reader.read(path):
                pass
            outcome, reason = READ, ""
        except CarrelError as error:
            reason = str(error)
            outcome = _refusal(reason, {str(line["event"]) for line in lines})
        except Exception as error:  # noqa: BLE001 - nothing else may leave the sandbox
            outcome, reason = BROKEN, f"{type(error).__name__}: {error}"
        finally:
            timer.cancel()
    return (HANG, "") if late else (outcome, reason)


def _interrupt(readers: SandboxedReaders, reader: Reader, late: list[bool]) -> None:
    late.append(True)
    readers.interrupt(reader)


def _refusal(reason: str, events: set[str]) -> str:
    """Return the outcome of an error by its message and what the sandbox logged."""
    if "max_reading_seconds" in reason or "more memory than reading may take" in reason:
        return KILLED
    if "reading.process_ended" in events:
        return CRASHED
    # The same message without a death of the process is an answer that was no answer.
    if "its reader broke down over it" in reason or not reason or "\n" in reason:
        return BROKEN
    return REFUSED


def mutation_page(result: MutationResult, copies: int, seed: int, seconds: float) -> list[str]:
    """Return the page of the damaged copies."""
    total = result.outcomes.total()
    lines = [
        "# Damaged files",
        "",
        f"`python benchmarks/completeness.py --data=FOLDER --mutations={copies} --seed={seed}`",
        "",
        f"{total:,} damaged copies, read in the sandbox: bits flipped, a stretch cut off or out,",
        f"blocks swapped, or one of these in a part of a zip container; {seconds:g} s and",
        f"{BYTES >> 30} GiB for each. A hang takes {HANG_FACTOR} times the limit. Only the last",
        "two outcomes are failures.",
        "",
        "| outcome | copies |",
        "|---|---|",
        *(f"| {each} | {result.outcomes[each]:,} |" for each in OUTCOMES),
        "",
        f"Slowest: {result.slowest[0]:.1f} s, {result.slowest[1]}.",
    ]
    noted = ["", *(f"- {each}" for each in result.noted[:MOST_NOTED])] if result.noted else []
    return [*lines, *noted]
