"""What the joined parts let go of at the end."""

from __future__ import annotations

from collections.abc import Callable

from carrel import bootstrap
from carrel.settings.schema import Settings
from embedding_server import embedding_server
from waiting import wait_for


async def test_the_connections_to_the_embedding_server_end_with_the_application(
    make_settings: Callable[..., Settings],
) -> None:
    with embedding_server(lambda texts: [[1.0] for _ in texts], keeps_connections=True) as server:
        settings = make_settings(engine="scripted", embedder=f"tiny@{server.url}")
        application = bootstrap.build(settings)
        application.wait_until_ready()
        application.indexes.embedder.embed_query("text")
        assert len(server.callers) == 1
        await application.close()
        wait_for(lambda: not server.callers, seconds=20)
