"""``carrel models`` against a running server."""

from __future__ import annotations

import json
from collections.abc import Callable

from running.real_processes import CommandLine, Server


def test_models_are_listed_loaded_and_unloaded_through_the_server(
    carrel: CommandLine, serve: Callable[..., Server]
) -> None:
    alone = carrel.run("models")
    assert alone.returncode == 6
    assert "No server runs on this data folder" in alone.stderr
    serve("--engine=scripted")
    listed = carrel.run("models")
    assert listed.stdout == "scripted  (ready, scripted, 8192 tokens)\n", listed.stderr
    loaded = carrel.run("models", "load", "owner/second", "--load_4bit=True", "--json")
    assert [each["id"] for each in json.loads(loaded.stdout)] == ["owner/second"], loaded.stderr
    refused = carrel.run("models", "load", "owner/second")
    assert (refused.returncode, refused.stdout) == (14, "")
    assert "loaded already" in refused.stderr
    assert carrel.run("models", "unload", "owner/second").stdout == "owner/second  unloaded\n"
    wrong = carrel.run("models", "reload", "owner/second")
    assert wrong.returncode == 2
    assert "carrel models [load|unload NAME]" in wrong.stderr
