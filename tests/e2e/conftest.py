"""A browser, and servers with a page for it to visit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from carrel.core.protocols.adapters import Engine
from carrel.engine.pool import ModelPool
from running.browsing import PATIENCE, Visit, launch, visit
from running.kept_port import KeptPort
from running.live_server import LiveServer, live_server, pool_of, settings_in
from samples.documents import write_docx, write_pdf

SCREENSHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"


@pytest.fixture(scope="session")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for what browsers keep of scripts; each visit is without anything else."""
    return tmp_path_factory.mktemp("profile")


@pytest.fixture(scope="session")
def port() -> Iterator[KeptPort]:
    """The port of the servers, one after another: scripts are kept for one address only."""
    with KeptPort() as port:
        yield port


# Of one module, not of the session: while it lives its event loop counts as running in the main
# thread, and asynchronous tests of other modules could not start theirs.
@pytest.fixture(scope="module")
def browser(profile: Path) -> Iterator[Browser]:
    """The Chromium of the system."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = launch(playwright, profile)
        yield browser
        browser.close()


@pytest.fixture
def start(tmp_path: Path, port: KeptPort) -> Iterator[Callable[..., LiveServer]]:
    """Return a function that starts a server with a page: ``start(engine, **flags)``.

    ``pool`` in place of an engine brings models that may still be loading.
    """
    with ExitStack() as running:

        def run(
            engine: Engine | None = None, pool: ModelPool | None = None, **flags: object
        ) -> LiveServer:
            models = pool_of(engine) if engine is not None else pool
            settings = settings_in(tmp_path / "data", **flags)
            server = live_server(settings, models, with_page=True, port=port.free())
            return running.enter_context(server)

        yield run


@pytest.fixture
def tab(browser: Browser) -> Iterator[Callable[..., Visit]]:
    """Return a function that opens the page: ``tab(server, width=, height=, dark=)``."""
    with ExitStack() as tabs:

        def open_tab(server: LiveServer | str, fragment: str = "", **look: object) -> Visit:
            address = server if isinstance(server, str) else server.address
            opened = tabs.enter_context(visit(browser, address, **look))  # type: ignore[arg-type]
            opened.open(fragment)
            return opened

        yield open_tab


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """A PDF of three pages; the revenue is on the second."""
    return write_pdf(
        tmp_path / "harbour-report-2023.pdf",
        [
            "The Harbour Trust\n\nAnnual report 2023. The trust runs three ferries.",
            "Finances\n\nTotal revenue was 18.4 million euros in 2023.\n"
            "Operating costs rose to 15.1 million euros.",
            "Outlook\n\nA fourth ferry, the Morning Star, enters service in May 2024.",
        ],
    )


@pytest.fixture
def minutes(tmp_path: Path) -> Path:
    """A Word file about a pier."""
    return write_docx(
        tmp_path / "Minutes – R&D (final).docx",
        [("Minutes of the board", 1), "The new pier at Kilbride costs 4.1 million euros."],
    )


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A file that is no Word file, whatever its name says."""
    path = tmp_path / "broken.docx"
    path.write_bytes(b"PK\x03\x04 and then nothing of use")
    return path


@pytest.fixture
def screenshot() -> Callable[[Visit, str], None]:
    """Return a function that keeps a picture of a tab in ``build/screenshots``."""

    def take(tab: Visit, name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        tab.page.screenshot(path=SCREENSHOTS / f"{name}.png")

    return take
