"""``carrel check``: prints each effective setting and its origin."""

from __future__ import annotations

import json

from pydantic import SecretStr

from carrel.cli.command import Invocation
from carrel.cli.exit_codes import SUCCESS
from carrel.settings.schema import Settings, setting_sections


def shown(settings: Settings, section: str, name: str) -> str:
    """Return a setting's value as text; a secret is never shown."""
    value = getattr(getattr(settings, section), name)
    if isinstance(value, SecretStr):
        return "********"
    if isinstance(value, tuple):
        return json.dumps(
            [
                each if isinstance(each, str) else each.model_dump(exclude_none=True)
                for each in value
            ]
        )
    return "" if value is None else str(value)


def run(invocation: Invocation) -> int:
    """Print every setting with its value and origin."""
    sections = setting_sections()
    rows = [
        (section, name, shown(invocation.settings, section, name), invocation.loaded.origins[name])
        for name, section in sections.items()
    ]
    if invocation.is_set("json"):
        print(
            json.dumps(
                {
                    name: {"section": section, "value": value, "origin": origin}
                    for section, name, value, origin in rows
                },
                indent=2,
            )
        )
        return SUCCESS
    name_width = max(len(f"{section}.{name}") for section, name, _, _ in rows)
    value_width = min(40, max(len(value) for _, _, value, _ in rows))
    for section, name, value, origin in rows:
        print(f"{f'{section}.{name}':<{name_width}}  {value:<{value_width}}  {origin}")
    return SUCCESS
