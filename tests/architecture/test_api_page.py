"""The page of the API has exactly the routes that there are."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from carrel import server
from carrel.api.handlers import FRAMEWORK_CODES
from carrel.settings.schema import Settings
from running.shared_readers import build

DOCS = Path(__file__).resolve().parents[2] / "docs"
HEADING = re.compile(r"^### `(?P<method>[A-Z]+) (?P<path>\S+)`$", re.MULTILINE)


async def test_every_route_is_documented_and_every_documented_route_exists(
    make_settings: Callable[..., Settings],
) -> None:
    application = build(make_settings(engine="scripted"))
    try:
        app = server.create_app(application.services, with_page=False)
    finally:
        await application.close()
    routes = [
        (method.upper(), path)
        for path, methods in app.openapi()["paths"].items()
        for method in methods
    ]
    page = (DOCS / "api.md").read_text(encoding="utf-8")
    documented = [(match["method"], match["path"]) for match in HEADING.finditer(page)]
    assert sorted(documented) == sorted(routes)


def test_the_codes_that_http_itself_brings_are_documented() -> None:
    page = (DOCS / "errors.md").read_text(encoding="utf-8")
    for status, code in FRAMEWORK_CODES.items():
        assert re.search(rf"`{code}`.*{status}", page)
