"""The service of documents from the web: what it refuses, and what it passes on."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from pathlib import Path

import pytest

from carrel.core.documents import FileOutcome, IncomingFile
from carrel.core.errors import CarrelError, InvalidRequest, OfflineRefused
from carrel.core.protocols.adapters import Embedder
from carrel.core.web import WebRequest
from carrel.services.ingestion.web import WebService
from carrel.settings.schema import Settings
from running.shared_readers import build


class TwoFiles:
    """A source that tells what was asked of it, and whether it was closed."""

    def __init__(self) -> None:
        self.requests: list[WebRequest] = []
        self.closed = False

    async def collect(
        self, request: WebRequest, folder: Path
    ) -> AsyncGenerator[IncomingFile | FileOutcome]:
        self.requests.append(request)
        try:
            yield IncomingFile(folder / "1", "one.txt")
            yield IncomingFile(folder / "2", "two.txt")
        finally:
            self.closed = True


@pytest.mark.parametrize(
    ("offline", "addresses", "kind"),
    [
        (True, ("https://example.org/",), OfflineRefused),
        (True, ("http://127.0.0.1/",), OfflineRefused),
        (False, (), InvalidRequest),
        (False, ("", "  "), InvalidRequest),
    ],
)
async def test_a_refusal_comes_before_anything_is_asked(
    tmp_path: Path, offline: bool, addresses: tuple[str, ...], kind: type[CarrelError]
) -> None:
    source = TwoFiles()
    with pytest.raises(kind) as refused:
        await anext(WebService(source, offline).collect(WebRequest(addresses), tmp_path))
    assert "\n" not in str(refused.value)
    assert source.requests == []


async def test_documents_are_passed_on(tmp_path: Path) -> None:
    source, request = TwoFiles(), WebRequest(("example.org",), 2)
    async with aclosing(WebService(source, False).collect(request, tmp_path)) as documents:
        names = [each.name async for each in documents]
    assert (names, source.requests) == (["one.txt", "two.txt"], [request])


async def test_closing_closes_the_source(tmp_path: Path) -> None:
    source = TwoFiles()
    async with aclosing(
        WebService(source, False).collect(WebRequest(("example.org",)), tmp_path)
    ) as documents:
        await anext(documents)
        assert not source.closed
    assert source.closed


@pytest.mark.parametrize("offline", [True, False])
async def test_the_application_fetches_only_from_the_public_web(
    make_settings: Callable[..., Settings], embedder: Embedder, tmp_path: Path, offline: bool
) -> None:
    # An address in numbers needs no name server, and is refused before it is connected to.
    built = build(make_settings(engine="scripted", offline=offline), embedder)
    try:
        collecting = built.services.web.collect(WebRequest(("http://127.0.0.1:1/",)), tmp_path)
        if offline:
            with pytest.raises(OfflineRefused, match="--offline is set"):
                await anext(collecting)
        else:
            outcomes = [each async for each in collecting]
            assert [getattr(each, "code", None) for each in outcomes] == ["address_refused"]
    finally:
        await built.close()
