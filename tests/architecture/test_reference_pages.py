"""The reference pages say what the code says."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from carrel.settings.schema import setting_sections

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


@pytest.mark.parametrize("name", ["settings", "errors"])
def test_a_generated_page_is_up_to_date(name: str) -> None:
    script = runpy.run_path(str(ROOT / "scripts" / f"{name}_page.py"))
    written = (DOCS / f"{name}.md").read_text(encoding="utf-8")
    assert written == script["page"](), f"run: python scripts/{name}_page.py > docs/{name}.md"


def test_every_setting_is_once_on_its_page_and_no_other_does() -> None:
    rows = [
        line.split("|")[1].strip().strip("`")
        for line in (DOCS / "settings.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("| `") and not line.startswith("| `--")
    ]
    assert rows == list(setting_sections())
