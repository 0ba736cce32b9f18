"""Carrel's page in a real browser, as somebody in front of it sees and uses it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Playwright,
    Request,
    expect,
)

PATIENCE = 30_000
"""Milliseconds that an expectation waits before it fails."""

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Nothing leaves the machine. Stopping requests with Playwright's routes would do the same, but
    # also disable the cache.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]

WITHIN = ("data", "blob")
"""Schemes of what the page itself holds."""

STORED = (
    "cookies,file_systems,indexeddb,local_storage,shader_cache,service_workers,cache_storage,"
    "shared_storage,storage_buckets"
)
"""What a page may keep in a profile; the caches of scripts, which only the browser sees, are not
among it.
"""

ABORTED = "AbortError: signal is aborted without reason"
"""What Gradio's client writes when the page is left while one of its own streams is open."""

BROKEN_OFF = "Connection errored out"
"""The same of another of its streams; elsewhere it would be a fault."""


def launch(playwright: Playwright, profile: Path | None = None) -> Browser:
    """Start the Chromium of the system, headless.

    With a folder for the ``profile``, scripts are kept there as they were downloaded and compiled.
    """
    chromium = shutil.which("chromium")
    assert chromium, "the browser journeys need chromium: install the package 'chromium'"
    if profile is None:
        return playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
    browser = playwright.chromium.launch_persistent_context(
        profile, executable_path=chromium, args=ARGUMENTS, reduced_motion="reduce"
    ).browser
    assert browser is not None
    return browser


@dataclass
class Visit:
    """One browser tab on the page, and everything suspicious that happened in it."""

    page: Page
    address: str
    foreign: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    leaving: bool = False

    def watch(self, request: Request) -> None:
        """Write down a request that is not to the server."""
        url = urlsplit(request.url)
        if url.scheme not in WITHIN and url.netloc != urlsplit(self.address).netloc:
            self.foreign.append(request.url)

    def listen(self, message: ConsoleMessage) -> None:
        """Write down the errors of the console."""
        left = self.leaving and BROKEN_OFF in message.text
        if message.type == "error" and ABORTED not in message.text and not left:
            self.failures.append(f"console: {message.text}")

    @contextmanager
    def _left(self) -> Iterator[None]:
        """Record that the current page is being left."""
        self.leaving = True
        try:
            yield
        finally:
            self.leaving = False

    def open(self, fragment: str = "") -> None:
        """Open the page, and wait until it is filled."""
        with self._left():
            self.page.goto(f"{self.address}/{fragment}")
        expect(self.scope).to_have_count(1)

    def reload(self) -> None:
        """Load the page again, as F5 does."""
        with self._left():
            self.page.reload()
        expect(self.scope).to_have_count(1)

    @property
    def scope(self) -> Locator:
        """The button that names what is asked."""
        return self.page.locator("#scope-button")

    def scope_choice(self, name: str) -> Locator:
        """A collection or document, or ``No documents``, in the panel of what is asked."""
        return self.page.locator("#scope-panel").get_by_role("checkbox", name=name)

    def ask_only(self, name: str) -> None:
        """Choose one collection, or ``No documents``, in the panel of what is asked."""
        self.scope.click()
        if name == "No documents":
            self.scope_choice(name).click()
        else:
            row = self.page.locator(".scope-row").filter(has_text=name)
            row.hover()
            row.get_by_role("button", name="Ask only").click()
        expect(self.scope_choice(name)).to_be_checked()
        self.scope.click()

    @property
    def question(self) -> Locator:
        """The question box."""
        return self.page.locator("#question textarea")

    @property
    def answer(self) -> Locator:
        """The text of the last answer."""
        return self.page.locator("#current .answer")

    @property
    def state(self) -> Locator:
        """The line below the last answer."""
        return self.page.locator("#current .state")

    @property
    def error(self) -> Locator:
        """The line of an error, in the chat or above it."""
        return self.page.locator(".error-line:visible")

    @property
    def sources(self) -> Locator:
        """The sources of the last answer."""
        return self.page.locator("#current .source")

    @property
    def chats(self) -> Locator:
        """The titles of the saved chats."""
        return self.page.locator("#chats .chat-title")

    @property
    def stop(self) -> Locator:
        """The button that stops an answer."""
        return self.page.locator("#stop-button")

    @property
    def send(self) -> Locator:
        """The button that asks."""
        return self.page.locator("#send-button")

    @property
    def documents(self) -> Locator:
        """The rows of the table of documents."""
        return self.page.locator("#documents-table tbody tr")

    @property
    def uploads(self) -> Locator:
        """The rows of the upload, one for each file."""
        return self.page.locator("#uploads .file")

    def ask(self, question: str) -> None:
        """Type a question and send it."""
        self.question.fill(question)
        self.question.press("Enter")

    def wait_until_answered(self) -> None:
        """Wait for the end of the answer in work."""
        expect(self.send).to_be_visible(timeout=PATIENCE)
        expect(self.page.locator("#current .state.busy")).to_have_count(0)

    def ask_and_wait(self, question: str) -> None:
        """Ask and wait for the whole answer."""
        self.ask(question)
        expect(self.page.locator("#current .question")).to_have_text(question)
        self.wait_until_answered()

    def show_documents(self) -> None:
        """Go to the documents."""
        self.page.locator("#documents-link").click()
        expect(self.page.locator("#documents-view")).to_be_visible()

    def upload(self, files: Sequence[Path]) -> None:
        """Add files to the chosen collection and wait until all of them ended."""
        self.page.locator("#upload input[type=file]").set_input_files(files)
        expect(self.uploads).to_have_count(len(files))
        expect(self.page.locator("#cancel-button")).to_be_hidden(timeout=PATIENCE)

    def width_overflow(self) -> int:
        """Return how many pixels the page is wider than its window."""
        return int(
            self.page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
        )


@contextmanager
def _context(browser: Browser) -> Iterator[BrowserContext]:
    """Return an empty profile: the kept one where no other tab is in it, otherwise a new one."""
    kept = next(iter(browser.contexts), None)
    # The first tab is the browser's own: it ends with its last one.
    if kept is None or len(kept.pages) > 1:
        context = browser.new_context(reduced_motion="reduce")
        try:
            yield context
        finally:
            context.close()
        return
    kept.clear_cookies()
    kept.clear_permissions()
    session = kept.new_cdp_session(kept.pages[0])
    session.send("Storage.clearDataForOrigin", {"origin": "*", "storageTypes": STORED})
    session.detach()
    try:
        yield kept
    finally:
        for page in kept.pages[1:]:
            page.close()


@contextmanager
def visit(
    browser: Browser, address: str, *, width: int = 1440, height: int = 900, dark: bool = False
) -> Iterator[Visit]:
    """Open a tab with a profile of its own. At the end nothing suspicious may have happened."""
    with _context(browser) as context:
        page = context.new_page()
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
        page.set_default_timeout(PATIENCE)
        tab = Visit(page, address)
        # Of the tab and what it opens: an earlier visit may have left its own in this profile.
        page.on("request", tab.watch)
        page.on("popup", lambda opened: opened.on("request", tab.watch))
        page.on("pageerror", lambda error: tab.failures.append(f"script: {error}"))
        page.on("dialog", lambda dialog: (tab.failures.append("dialog"), dialog.dismiss()))
        page.on("console", tab.listen)
        yield tab
    assert not tab.foreign, tab.foreign
    assert not tab.failures, tab.failures
