"""The page inside the application."""

from __future__ import annotations

import gc
import re
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from fastapi import FastAPI

from carrel.ui.page import mount_page
from running.live_server import LiveServer, live_server, settings_in
from waiting import wait_for


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., LiveServer]]:
    """Return a function that starts a server with a page."""
    with ExitStack() as running:

        def run(**flags: object) -> LiveServer:
            settings = settings_in(tmp_path, **flags)
            return running.enter_context(live_server(settings, with_page=True))

        yield run


def test_the_page_and_the_api_share_the_port(start: Callable[..., LiveServer]) -> None:
    with start().client() as client:
        assert client.get("/health").json()["status"] == "ok"
        assert client.get("/v1/models").status_code == 200
        assert client.get("/v1/nothing").status_code == 404
        assert client.get("/").status_code == 200
        assert client.get("/config").json()["title"] == "Carrel"
        assert client.get("/favicon.ico").text.startswith("<svg")


def test_the_page_may_load_nothing_from_elsewhere(start: Callable[..., LiveServer]) -> None:
    with start().client() as client:
        for path in ("/", "/theme.css", "/config", "/nothing"):
            policy = client.get(path).headers["content-security-policy"]
            rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
            assert rules["default-src"] == "'self'"
            assert all("http" not in sources and "*" not in sources for sources in rules.values())
        reply = client.get("/")
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["referrer-policy"] == "no-referrer"
        assert reply.headers["x-dns-prefetch-control"] == "off"
        assert "default-src 'none'" in client.get("/health").headers["content-security-policy"]


def test_a_browser_keeps_the_scripts_whose_names_carry_a_hash_and_nothing_else(
    start: Callable[..., LiveServer],
) -> None:
    with start().client() as client:
        page = client.get("/").text
        scripts = set(re.findall(r"/assets/[\w.-]+\.(?:js|css)", page))
        assert any(each.endswith(".js") for each in scripts)
        for path in scripts:
            kept = client.get(path).headers["cache-control"]
            assert kept == "private, max-age=31536000, immutable", path
        for path in ("/", "/theme.css", "/config", "/assets/none-12345678.js", "/favicon.ico"):
            assert "cache-control" not in client.get(path).headers, path


def test_programs_may_call_the_two_endpoints_of_h2ogpt_and_nothing_else(
    start: Callable[..., LiveServer],
) -> None:
    with start().client() as client:
        described = client.get("/gradio_api/info").json()
        assert set(described["named_endpoints"]) == {
            "/submit_nochat_api",
            "/submit_nochat_plain_api",
        }
        assert described["unnamed_endpoints"] == {}


def test_files_of_the_server_are_out_of_reach(
    start: Callable[..., LiveServer], tmp_path: Path
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    with start().client() as client:
        for path in (
            f"/gradio_api/file={secret}",
            f"/gradio_api/file={tmp_path}/db/catalog.db",
            "/gradio_api/file=../../etc/passwd",
            "/gradio_api/file=/etc/passwd",
            "/file=/etc/passwd",
            "/gradio_api/file=http://127.0.0.1:1/x",
            "/gradio_api/proxy=http://127.0.0.1:1/x",
        ):
            reply = client.get(path)
            assert 400 <= reply.status_code < 500, path
            assert "secret" not in reply.text.replace(str(secret), "")


def test_telemetry_and_the_like_are_off(start: Callable[..., LiveServer]) -> None:
    with start().client() as client:
        config = client.get("/config").json()
        assert config["analytics_enabled"] is False
        assert not config.get("is_space")
        assert config["footer_links"] == []
        assert "googleapis" not in client.get("/").text
        assert client.get("/monitoring").status_code >= 400


def test_with_a_key_the_page_is_closed_and_health_is_not(start: Callable[..., LiveServer]) -> None:
    with start(api_key="sesame").client() as client:
        assert client.get("/").status_code == 401
        assert client.get("/config").status_code == 401
        assert client.get("/gradio_api/info").status_code == 401
        assert client.post("/gradio_api/queue/join", json={}).status_code == 401
        assert client.post("/gradio_api/upload").status_code == 401
        assert client.get("/health").status_code == 200
        client.post("/login", data={"key": "sesame"})
        assert client.get("/config").status_code == 200
        # The page's login is no key to the API.
        assert client.get("/v1/models").status_code == 401


def test_mounting_outside_an_event_loop_leaves_none_open(start: Callable[..., LiveServer]) -> None:
    services = start().services
    gc.collect()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ResourceWarning)
        thread = threading.Thread(target=mount_page, args=(FastAPI(), services))
        thread.start()
        thread.join()
        gc.collect()
    assert [each for each in caught if issubclass(each.category, ResourceWarning)] == []


def test_originals_are_saved_and_never_shown(
    start: Callable[..., LiveServer], tmp_path: Path
) -> None:
    server = start()
    name = 'a "quote" – <b>.html'
    page = tmp_path / "page.html"
    page.write_text("<script>alert(1)</script><p>The pier costs 4.1 million euros.</p>")
    with server.client() as client:
        reply = client.post(
            "/v1/collections/UserData/documents", files={"files": (name, page.read_bytes())}
        )
        assert reply.status_code < 300, reply.text
        listing = "/v1/collections/UserData/documents"
        wait_for(lambda: '"ready"' in client.get(listing).text)
        [document] = client.get(listing).json()["documents"]
        wanted = {"collection": "UserData", "document": document["id"]}
        reply = client.get("/original", params=wanted)
        assert reply.content == page.read_bytes()
        assert reply.headers["content-type"] == "application/octet-stream"
        assert reply.headers["content-disposition"].startswith("attachment;")
        assert "sandbox" in reply.headers["content-security-policy"]
        assert reply.headers["x-content-type-options"] == "nosniff"
        for params, word in (
            ({**wanted, "document": "unknown"}, "no document 'unknown'"),
            ({**wanted, "collection": "Elsewhere"}, "Elsewhere"),
            ({}, ""),
        ):
            reply = client.get("/original", params=params)
            assert reply.status_code == 404
            assert word in reply.text and "\n" not in reply.text
        assert client.post("/original", params=wanted).status_code == 405


def test_originals_are_behind_the_key_of_the_page(start: Callable[..., LiveServer]) -> None:
    with start(api_key="secret").client() as client:
        wanted = {"collection": "UserData", "document": "d"}
        assert client.get("/original", params=wanted).status_code == 401
        headers = {"Authorization": "Bearer secret"}
        assert client.get("/original", params=wanted, headers=headers).status_code == 404
