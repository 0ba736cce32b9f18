"""Which other machines are sent something: by the hosts of model, embedder and store."""

from __future__ import annotations

from typing import cast

import pytest

from carrel.core.models import ModelState, ModelStatus
from carrel.core.protocols.adapters import VectorIndex
from carrel.engine.build import model_loaders
from carrel.engine.pool import ModelPool
from carrel.index.embedding.remote_embedder import RemoteEmbedder
from carrel.services.outward import Outward
from carrel.settings.load import load_settings
from running.live_server import bundled_embedder

HERE = ModelState("here", ModelStatus.READY)
NEAR = ModelState("near", ModelStatus.READY, host="127.0.0.1")
AWAY = ModelState("away", ModelStatus.READY, host="gpu.example")


class Local:
    """A store of files, which has no host."""


class Served:
    """A store on a server."""

    def __init__(self, host: str) -> None:
        self.host = host


def parts(embedder: str, store: object) -> Outward:
    """Return what is sent with an embedder on a server and a store."""
    remote = RemoteEmbedder(f"model@{embedder}", "secret", window=512, offline=False)
    try:
        return Outward.of(remote, cast(VectorIndex, store))
    finally:
        remote.close()


@pytest.mark.parametrize(
    ("states", "model", "host"),
    [
        ([], None, None),
        ([HERE], None, None),
        ([NEAR], None, None),
        ([AWAY], None, "gpu.example"),
        ([HERE, AWAY], None, None),
        ([HERE, AWAY], "here", None),
        ([HERE, AWAY], "away", "gpu.example"),
        ([AWAY, HERE], None, "gpu.example"),
        ([AWAY, HERE], "here", None),
        ([AWAY, HERE], "gone", "gpu.example"),
        ([HERE, AWAY], "gone", None),
    ],
)
def test_the_model_that_is_asked_decides(
    states: list[ModelState], model: str | None, host: str | None
) -> None:
    assert Outward().asking(states, model) == Outward(engine=host)


@pytest.mark.parametrize(
    ("server", "host"),
    [
        ("vllm:gpu.example:8000", "gpu.example"),
        ("https://api.example/v1", "api.example"),
        ("http://:key@api.example/v1", "api.example"),
        ("vllm:192.0.2.7:8000", "192.0.2.7"),
        ("http://[2001:db8::7]:8000", "2001:db8::7"),
        ("vllm:127.0.0.1:8000", None),
        ("vllm:LOCALHOST:8000", None),
        ("http://[::1]:8000/v1", None),
    ],
)
def test_a_model_on_a_server_is_there_also_while_it_loads(server: str, host: str | None) -> None:
    settings = load_settings({"inference_server": server}, {}).settings
    pool = ModelPool(model_loaders(settings))
    [state] = pool.states()
    assert state.status is ModelStatus.LOADING
    assert Outward().asking(pool.states(), None).engine == host


async def test_a_model_whose_server_does_not_answer_is_there_as_well() -> None:
    flags = {"inference_server": "vllm:gpu.example:1", "offline": "True"}
    pool = ModelPool(model_loaders(load_settings(flags, {}).settings))
    try:
        with pytest.raises(Exception, match="another machine"):
            pool.wait_until_ready()
        assert pool.states()[0].status is ModelStatus.FAILED
        assert Outward().asking(pool.states(), None).engine == "gpu.example"
    finally:
        await pool.close()


def test_embedder_and_store_are_named_by_their_hosts_alone() -> None:
    assert parts("https://user:pw@embed.example/v1?key=1", Served("chroma.example")) == Outward(
        embedder="embed.example", store="chroma.example"
    )
    assert parts("http://localhost:8080/v1", Served("::1")) == Outward()
    assert parts("http://embed.example/v1", Local()) == Outward(embedder="embed.example")
    assert Outward.of(bundled_embedder(), cast(VectorIndex, Local())) == Outward()
    served = cast(VectorIndex, Served("chroma.example"))
    assert Outward.of(bundled_embedder(), served) == Outward(store="chroma.example")


def test_each_is_named_beside_the_others() -> None:
    sent = Outward(embedder="embed.example", store="chroma.example").asking([HERE, AWAY], "away")
    assert sent == Outward("gpu.example", "embed.example", "chroma.example")
