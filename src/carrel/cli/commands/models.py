"""``carrel models``: list, load and unload the models of a running server."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from carrel import bootstrap
from carrel.cli.command import Invocation
from carrel.cli.exit_codes import SUCCESS
from carrel.cli.registry import COMMANDS
from carrel.client import Client
from carrel.core.errors import InvalidRequest, RemoteUnavailable
from carrel.schemas.models import LoadModel, ModelBody


def run(invocation: Invocation) -> int:
    """List, load or unload through the server that holds the data folder."""
    words = invocation.arguments.words
    address = bootstrap.server_address(invocation.settings)
    if address is None:
        raise RemoteUnavailable(
            "No server runs on this data folder: start one with 'carrel serve', or name its "
            "folder with --db_dir."
        )
    key = invocation.settings.server.api_key
    with Client(address, api_key=key.get_secret_value() if key else None) as client:
        match words:
            case ():
                _print(client.models(), invocation)
            case ("load", name):
                _print(client.load_model(name, **_options(invocation)), invocation)
            case ("unload", name):
                for each in client.unload_model(name):
                    print(f"{each}  unloaded")
            case _:
                raise InvalidRequest(f"Write: carrel {COMMANDS['models'].usage}")
    return SUCCESS


def _options(invocation: Invocation) -> Any:
    """Return the options of the model from the command line itself, not from other settings."""
    model = invocation.settings.model
    given = set(invocation.arguments.flags) & set(LoadModel.model_fields)
    options = {name: getattr(model, name) for name in given if hasattr(model, name)}
    if "lora_weights" in options:
        options["lora_weights"] = list(model.lora_weights)
    if "prompt_type" in options:
        options["prompt_type"] = model.prompt_type.value
    return options


def _print(models: Sequence[ModelBody], invocation: Invocation) -> None:
    if invocation.is_set("json"):
        print(json.dumps([each.model_dump() for each in models], indent=2))
        return
    for each in models:
        facts = [each.status, each.engine, each.precision, each.device]
        if each.context_length is not None:
            facts.append(f"{each.context_length} tokens")
        if each.adapter_of is not None:
            facts.append(f"adapter of {each.adapter_of}")
        facts.append(each.reason or "")
        print(f"{each.id}  ({', '.join(fact for fact in facts if fact)})")
