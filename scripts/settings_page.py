"""Print docs/settings.md, made from the settings themselves.

python scripts/settings_page.py > docs/settings.md
"""

from __future__ import annotations

import sys
from typing import Any

from carrel.settings.load import CONFIG_VARIABLE, ENVIRONMENT_PREFIX
from carrel.settings.schema import Settings
from carrel.settings.section import Section

INTRODUCTION = f"""\
# Settings

Every setting can be given in three places. Later ones take precedence: default, YAML file,
environment, command line.

| place | form | example |
|---|---|---|
| YAML file | names below their sections | `documents:` and, indented, `top_k: 12` |
| environment | `{ENVIRONMENT_PREFIX}` and the name in capitals | `{ENVIRONMENT_PREFIX}TOP_K=12` |
| command line | `--name=value` or `--name value` | `--top_k=12` |

`--config=FILE.yaml`, or the variable `{CONFIG_VARIABLE}`, names the YAML file. A boolean flag needs
no value: `--offline` is `--offline=True`. A name that does not exist, in any of the three places,
is refused with the nearest one that does. `carrel check` prints every effective value and where it
came from.

This page is made by `scripts/settings_page.py` from `src/carrel/settings/schema.py`.
"""
BOUNDS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "above {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "below {}",
    "maxLength": "at most {} characters",
}
KINDS = {"boolean": "True or False", "integer": "whole number", "number": "number"}
FORMATS = {"path": "path", "password": "secret text"}


def kind_of(schema: dict[str, Any], definitions: dict[str, Any]) -> str:
    """Return a JSON schema as words: what may be given, and its bounds."""
    for choice in schema.get("anyOf", []):
        if choice.get("type") != "null":
            return kind_of(choice, definitions)
    if "$ref" in schema:
        return kind_of(definitions[schema["$ref"].rsplit("/", 1)[-1]], definitions)
    if "enum" in schema:
        return ", ".join(f"`{each}`" for each in schema["enum"])
    if schema["type"] == "array":
        return "list"
    words = [KINDS.get(schema["type"]) or FORMATS.get(schema.get("format", ""), "text")]
    words += [text.format(schema[bound]) for bound, text in BOUNDS.items() if bound in schema]
    return ", ".join(words)


def default_of(section: type[Section], name: str) -> str:
    """Return a setting's default as it would be given."""
    value = section.model_fields[name].default
    if value is None or value == "" or value == ():
        return ""
    return f"`{value}`"


def section_table(name: str, section: type[Section]) -> list[str]:
    """Return the heading and the table of one section."""
    schema = section.model_json_schema()
    definitions = schema.get("$defs", {})
    lines = ["", f"## {name}", "", (section.__doc__ or "").strip(), ""]
    lines += ["| setting | value | default | meaning |", "|---|---|---|---|"]
    for setting, described in schema["properties"].items():
        kind, default = kind_of(described, definitions), default_of(section, setting)
        lines.append(f"| `{setting}` | {kind} | {default} | {described['description']} |")
    return lines


def page() -> str:
    """Return the whole page."""
    lines = [INTRODUCTION.rstrip()]
    for name, field in Settings.model_fields.items():
        assert isinstance(field.annotation, type) and issubclass(field.annotation, Section)
        lines += section_table(name, field.annotation)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
