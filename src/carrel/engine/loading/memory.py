"""Free memory of this process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from carrel.core.errors import ModelLoadFailed

GIB = 2**30
MEMINFO = Path("/proc/meminfo")
OWN_GROUPS = Path("/proc/self/cgroup")
CGROUP = Path("/sys/fs/cgroup")
UNLIMITED = 2**60


def free_memory() -> int | None:
    """Return the bytes that this process may still allocate, on the machine and in its container.

    None if the system does not report it.
    """
    known = [free for free in (_machine_free(), _container_free()) if free is not None]
    return min(known) if known else None


def refuse_shortage(what: str, needed: int) -> None:
    """Raise ModelLoadFailed if fewer bytes are free than are needed."""
    free = free_memory()
    if free is not None and needed > free:
        raise ModelLoadFailed(
            f"{what} takes about {needed / GIB:.1f} GiB of memory, {free / GIB:.1f} GiB are free."
        )


def _machine_free() -> int | None:
    try:
        for line in MEMINFO.read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        return None
    return None


def _container_free() -> int | None:
    """Read the limits of this process's control groups; page cache counts as free."""
    known = []
    for group, limit, usage in _groups():
        try:
            most = int((group / limit).read_text(encoding="ascii"))
            used = int((group / usage).read_text(encoding="ascii"))
            lines = (group / "memory.stat").read_text(encoding="ascii").splitlines()
        except (OSError, ValueError):  # no such file, or the word "max"
            continue
        fields = dict(line.split(maxsplit=1) for line in lines)
        reclaimable = int(fields.get("total_inactive_file", fields.get("inactive_file", 0)))
        if most < UNLIMITED:
            known.append(most - used + reclaimable)
    return min(known) if known else None


def _groups() -> Iterator[tuple[Path, str, str]]:
    """Yield the control groups that limit this process, with parents, and their file names."""
    try:
        lines = OWN_GROUPS.read_text(encoding="ascii").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            root, limit, usage = CGROUP, "memory.max", "memory.current"
        elif "memory" in controllers.split(","):
            root, limit, usage = CGROUP / "memory", "memory.limit_in_bytes", "memory.usage_in_bytes"
        else:
            continue
        # In a container the path is the host's; there the mounted root is the own group.
        own = root / path.lstrip("/")
        for group in dict.fromkeys((own, *own.parents)):
            if group.is_relative_to(root):
                yield group, limit, usage
