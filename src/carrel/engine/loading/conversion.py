"""One-time conversions of models, stored in ``models_dir``."""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import structlog

from carrel.core.errors import ModelLoadFailed, StorageFull
from carrel.disk.file_lock import wait_exclusive
from carrel.disk.private import make_private

SOURCE_RECORD = "converted_from.json"
GIB = 2**30

logger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Conversion:
    """A conversion: ``what`` names it in messages, ``size`` is its size on disk in bytes."""

    what: str
    size: int
    write: Callable[[Path], None]


def converted(target: Path, conversion: Conversion) -> Path:
    """Return the folder, converting into it at the first call.

    A killed conversion leaves no folder by the final name, and of several processes at once one
    converts while the others wait.

    Raises:
        ModelLoadFailed: the parent folder cannot be written.
        StorageFull: the disk is full.
    """
    if target.is_dir():
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _locked(target.parent / f".{target.name}.lock"):
            if not target.is_dir():
                _check_space(target.parent, conversion)
                _convert(target, conversion)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise StorageFull(_disk_full(target.parent, conversion)) from error
        raise ModelLoadFailed(
            f"{conversion.what} cannot be stored in {target.parent}: {error.strerror or error}. "
            "Choose a folder that can be written with --models_dir."
        ) from error
    return target


def cache_folder(models_dir: Path, name: str, sources: list[Path]) -> Path:
    """Return the folder of the conversion of these files: a changed file gets another folder."""
    stamps = [_stamp(source) for source in sources]
    key = hashlib.sha256(json.dumps(stamps).encode()).hexdigest()[:12]
    return models_dir / f"{name}-{key}"


def record_sources(folder: Path, sources: list[Path]) -> None:
    """Record in a converted folder what it was made of."""
    stamps = [_stamp(source) for source in sources]
    (folder / SOURCE_RECORD).write_text(json.dumps(stamps), encoding="utf-8")


def make_conversions_private(models_dir: Path) -> None:
    """Restrict the conversions of users' files to their owner."""
    for record in models_dir.glob(f"*/{SOURCE_RECORD}"):
        make_private(record.parent)


def forget_older(target: Path, sources: list[Path]) -> None:
    """Remove the conversions of earlier versions of the same files."""
    paths = [str(source.resolve()) for source in sources]
    for record in target.parent.glob(f"*/{SOURCE_RECORD}"):
        if record.parent == target:
            continue
        try:
            stamps = json.loads(record.read_text(encoding="utf-8"))
            same = [stamp[0] for stamp in stamps] == paths
        except (OSError, ValueError, TypeError, LookupError):
            continue
        if same:
            logger.info("removing the conversion of an older file", folder=str(record.parent))
            shutil.rmtree(record.parent, ignore_errors=True)


def _stamp(source: Path) -> tuple[str, int, int]:
    state = source.stat()
    return str(source.resolve()), state.st_size, state.st_mtime_ns


def _check_space(folder: Path, conversion: Conversion) -> None:
    if shutil.disk_usage(folder).free < conversion.size:
        raise StorageFull(_disk_full(folder, conversion))


def _disk_full(folder: Path, conversion: Conversion) -> str:
    free = shutil.disk_usage(folder).free
    return (
        f"The disk of {folder} is full: {conversion.what} takes {conversion.size / GIB:.1f} GiB "
        f"there, {free / GIB:.1f} GiB are free."
    )


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        wait_exclusive(lock.fileno())
        yield


def _convert(target: Path, conversion: Conversion) -> None:
    """Write a temporary folder and rename it when it is complete."""
    for leftover in target.parent.glob(f".{target.name}-*"):
        shutil.rmtree(leftover)
    logger.info("converting once", model=conversion.what, folder=str(target))
    unfinished = target.parent / f".{target.name}-{uuid4().hex}"
    # The umask decides who may read it, as for the files in it: models may be shared.
    unfinished.mkdir()
    try:
        conversion.write(unfinished)
        unfinished.rename(target)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
