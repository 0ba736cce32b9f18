from __future__ import annotations

from pathlib import Path

import pytest

from carrel.engine.loading import memory
from carrel.engine.loading.memory import GIB, free_memory


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with 8 GiB free and no control groups."""
    (tmp_path / "meminfo").write_text(f"MemTotal: 99 kB\nMemAvailable: {8 * 2**20} kB\n")
    monkeypatch.setattr(memory, "MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(memory, "OWN_GROUPS", tmp_path / "own")
    monkeypatch.setattr(memory, "CGROUP", tmp_path / "cgroup")
    return tmp_path


def group(folder: Path, names: tuple[str, str], limit: int | str, used: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / names[0]).write_text(f"{limit}\n")
    (folder / names[1]).write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 5\ninactive_file {GIB}\n")


VERSION_2 = ("memory.max", "memory.current")
VERSION_1 = ("memory.limit_in_bytes", "memory.usage_in_bytes")


def test_without_limits_the_machine_decides(machine: Path) -> None:
    assert free_memory() == 8 * GIB


def test_a_container_may_have_less_than_the_machine(machine: Path) -> None:
    (machine / "own").write_text("0::/\n")
    group(machine / "cgroup", VERSION_2, 4 * GIB, 2 * GIB)
    assert free_memory() == 3 * GIB


def test_the_limit_of_an_outer_group_counts(machine: Path) -> None:
    (machine / "own").write_text("0::/system.slice/carrel.service\n")
    group(machine / "cgroup/system.slice/carrel.service", VERSION_2, "max", GIB)
    group(machine / "cgroup/system.slice", VERSION_2, 2 * GIB, 2 * GIB)
    assert free_memory() == GIB


def test_groups_of_the_first_version_count(machine: Path) -> None:
    (machine / "own").write_text("5:cpu:/x\n4:memory,hugetlb:/docker/abc\n")
    group(machine / "cgroup/memory", VERSION_1, 2 * GIB, GIB)
    assert free_memory() == 2 * GIB


def test_an_unlimited_group_says_nothing(machine: Path) -> None:
    (machine / "own").write_text("4:memory:/\n")
    group(machine / "cgroup/memory", VERSION_1, 9223372036854771712, GIB)
    assert free_memory() == 8 * GIB


def test_a_system_that_tells_nothing_leaves_it_open(machine: Path) -> None:
    (machine / "meminfo").unlink()
    assert free_memory() is None
