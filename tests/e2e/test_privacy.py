"""The page says what leaves this machine, and to whom, as models, embedder and store are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from running.browsing import Visit
from running.kept_port import KeptPort
from running.live_server import LiveServer, bundled_embedder, live_server, settings_in
from stand_ins.chroma_process import ChromaProcess
from stand_ins.embedding_server import embedding_server
from stand_ins.inference_server import ANSWER, StandIn, inference_server
from tiny.model import save_tiny_model

ELSEWHERE = "0.0.0.0"
"""Reaches a server of this machine, and is no address of it that loops back."""

NOTHING = "Nothing leaves this machine."
ENGINE = f"Leaves this machine: questions and passages, to {ELSEWHERE}."

Serve = Callable[..., LiveServer]


@pytest.fixture(autouse=True)
def _without_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers elsewhere may be reached through a proxy; those of these tests are not."""
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
def serve(tmp_path: Path, port: KeptPort) -> Iterator[Serve]:
    """Return a function that starts a server with what the settings name."""
    with ExitStack() as running:

        def run(**flags: object) -> LiveServer:
            given = {"engine": "auto", "offline": False, **flags}
            settings = settings_in(tmp_path / "data", **given)
            server = live_server(settings, with_page=True, port=port.free())
            return running.enter_context(server)

        yield run


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    """An inference server with the model ``guest``."""
    with inference_server("guest") as server:
        yield server


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A model that is loaded into the process."""
    return save_tiny_model(tmp_path / "tiny")


def privacy(visitor: Visit) -> Locator:
    return visitor.page.locator("#privacy")


def choose(visitor: Visit, model: str) -> None:
    visitor.page.locator("#model input").click()
    visitor.page.get_by_role("option", name=model).click()


def in_language(visitor: Visit, code: str) -> None:
    visitor.page.locator("#settings-button").click()
    visitor.page.locator("#language").select_option(code)
    expect(visitor.page.locator("html")).to_have_attribute("lang", code)
    visitor.page.keyboard.press("Escape")


def test_a_server_elsewhere_is_named_and_one_of_this_machine_is_not(
    serve: Serve, tab: Callable[..., Visit], stand_in: StandIn
) -> None:
    port = stand_in.server_port
    server = serve(inference_server=f"vllm:{ELSEWHERE}:{port}", inference_server_api_key="secret")
    visitor = tab(server)
    expect(privacy(visitor)).to_have_text(ENGINE)
    visitor.ask_only("No documents")
    visitor.ask_and_wait("Who answers?")
    expect(visitor.answer).to_have_text(ANSWER)
    expect(privacy(visitor)).to_have_text(ENGINE)
    assert "secret" not in visitor.page.content()
    server.stop()


def test_a_server_of_this_machine_is_this_machine(
    serve: Serve, tab: Callable[..., Visit], stand_in: StandIn
) -> None:
    visitor = tab(serve(inference_server=f"http://127.0.0.1:{stand_in.server_port}/v1"))
    expect(privacy(visitor)).to_have_text(NOTHING)


def test_the_line_follows_the_chosen_model_and_the_models_in_service(
    serve: Serve,
    tab: Callable[..., Visit],
    stand_in: StandIn,
    tiny: Path,
    screenshot: Callable[[Visit, str], None],
) -> None:
    elsewhere = f"vllm:{ELSEWHERE}:{stand_in.server_port}"
    lock = [{"base_model": str(tiny)}, {"base_model": "guest", "inference_server": elsewhere}]
    server = serve(model_lock=repr(lock))
    here = server.services.models.models()[0].name
    visitor = tab(server)
    expect(privacy(visitor)).to_have_text(NOTHING)
    choose(visitor, "guest")
    expect(privacy(visitor)).to_have_text(ENGINE)
    in_language(visitor, "de")
    expect(privacy(visitor)).to_contain_text(f"Fragen und Textstellen, an {ELSEWHERE}")
    in_language(visitor, "en")
    expect(privacy(visitor)).to_have_text(ENGINE)
    screenshot(visitor, "elsewhere-1440-light")
    choose(visitor, here)
    expect(privacy(visitor)).to_have_text(NOTHING)

    # By another client, while the page stays open.
    with server.client() as client:
        client.post("/v1/models/unload", json={"model": here}).raise_for_status()
        expect(privacy(visitor)).to_have_text(ENGINE)
        client.post("/v1/models/load", json={"model": str(tiny)}).raise_for_status()
        client.post("/v1/models/unload", json={"model": "guest"}).raise_for_status()
    expect(privacy(visitor)).to_have_text(NOTHING)


def test_embedder_and_store_elsewhere_are_named_each_for_what_it_gets(
    serve: Serve,
    tab: Callable[..., Visit],
    chroma_server: ChromaProcess,
    screenshot: Callable[[Visit, str], None],
) -> None:
    with embedding_server(bundled_embedder().embed_documents) as embedding:
        url = embedding.url.replace("127.0.0.1", ELSEWHERE).replace("//", "//user:pw@")
        server = serve(
            engine="scripted",
            embedder=f"small@{url}",
            db_type="chroma_server",
            db_url=chroma_server.url.replace("127.0.0.1", ELSEWHERE),
        )
        visitor = tab(server, width=390, height=844)
        expect(privacy(visitor)).to_have_text(
            f"Leaves this machine: questions and document text, to {ELSEWHERE}; "
            f"vectors of questions and documents, to {ELSEWHERE}."
        )
        assert "user:pw" not in visitor.page.content()
        assert visitor.width_overflow() == 0
        screenshot(visitor, "elsewhere-390")
        server.stop()
