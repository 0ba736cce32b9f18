from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("resource")
PROGRAM = """
import resource
from carrel.core.processes.processor_time import add_time, limit_time
add_time(5)
print(resource.getrlimit(resource.RLIMIT_CPU)[0] == resource.RLIM_INFINITY)
limit_time(20)
before = resource.getrlimit(resource.RLIMIT_CPU)[0]
add_time(7.2)
print(resource.getrlimit(resource.RLIMIT_CPU)[0] - before)
"""


def test_time_is_added_to_a_limit_and_makes_none() -> None:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == ["True", "8"]
