"""Reading the Dockerfile and docker-compose.yml as Docker would."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?:(?P<kind>:-|:\?)(?P<rest>[^}]*))?\}")


class MissingVariable(Exception):
    """A variable that the compose file requires is not set."""


def interpolate(text: str, environment: Mapping[str, str]) -> str:
    """Fill in ``${NAME}``, ``${NAME:-default}`` and ``${NAME:?message}``."""

    def value(match: re.Match[str]) -> str:
        given = environment.get(match["name"], "")
        if given or match["kind"] is None:
            return given
        if match["kind"] == ":?":
            raise MissingVariable(match["rest"])
        return match["rest"]

    return VARIABLE.sub(value, text)


def compose(environment: Mapping[str, str]) -> dict[str, Any]:
    """Return docker-compose.yml with its variables filled in."""
    content = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))

    def filled(node: Any) -> Any:
        if isinstance(node, str):
            return interpolate(node, environment)
        if isinstance(node, list):
            return [filled(each) for each in node]
        if isinstance(node, dict):
            return {key: filled(each) for key, each in node.items()}
        return node

    result = filled(content)
    assert isinstance(result, dict)
    return result


def dockerfile() -> list[tuple[str, str]]:
    """Return the instructions of the Dockerfile in order, each with its arguments."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    parts = (line.partition(" ") for line in joined.splitlines())
    return [(name, re.sub(r"\s+", " ", arguments).strip()) for name, _, arguments in parts]


def instruction(name: str) -> str:
    """Return the arguments of the last instruction of a kind: that one counts."""
    return [arguments for each, arguments in dockerfile() if each == name][-1]


def entry_point() -> list[str]:
    """Return the program of the image."""
    words = json.loads(instruction("ENTRYPOINT"))
    assert isinstance(words, list)
    return words


def image_environment() -> dict[str, str]:
    """Return the variables that the image sets."""
    found: dict[str, str] = {}
    for name, arguments in dockerfile():
        if name == "ENV":
            pairs = (pair.partition("=") for pair in arguments.split())
            found |= {key: value for key, _, value in pairs}
    return found
