"""Command line parser: ``--flag=value``, ``--flag value``, and bare ``--flag`` for booleans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from carrel.core.errors import InvalidSetting, UnknownSetting
from carrel.settings.names import nearest_hint

BOOLEANS = {
    "true": "True",
    "1": "True",
    "yes": "True",
    "false": "False",
    "0": "False",
    "no": "False",
}


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag of a command.

    ``metavar`` None marks a boolean, ``a|b`` choices; FILE, FOLDER or PATH at its start, a path.
    """

    name: str
    description: str
    metavar: str | None = "VALUE"


@dataclass(frozen=True, slots=True)
class Arguments:
    """A parsed command line: flags by name without dashes, and the other words in order."""

    flags: Mapping[str, str] = field(default_factory=dict)
    words: tuple[str, ...] = ()


def parse(arguments: Sequence[str], known: Mapping[str, Flag]) -> Arguments:
    """Split a command line into flags and words.

    A boolean takes the following word as its value only if that is one. ``--`` ends the flags.

    Raises:
        UnknownSetting: an unknown flag, with the nearest known one.
        InvalidSetting: a flag without its value, or given twice.
    """
    flags: dict[str, str] = {}
    words: list[str] = []
    rest = list(arguments)
    while rest:
        argument = rest.pop(0)
        if argument == "--":
            words.extend(rest)
            break
        if not argument.startswith("--"):
            words.append(argument)
            continue
        name, has_value, value = argument.removeprefix("--").partition("=")
        name = name.replace("-", "_")
        if name not in known:
            hint = nearest_hint(name, list(known)).replace("mean ", "mean --")
            raise UnknownSetting(f"Unknown flag --{name}.{hint}")
        if name in flags:
            raise InvalidSetting(f"--{name} is given twice.")
        if not has_value:
            value = _following_value(known[name], rest)
        flags[name] = value
    return Arguments(flags, tuple(words))


def _following_value(flag: Flag, rest: list[str]) -> str:
    """Take the value of a flag from the following words."""
    if flag.metavar is None:
        if rest and rest[0].lower() in BOOLEANS:
            return BOOLEANS[rest.pop(0).lower()]
        return "True"
    if not rest or rest[0].startswith("--"):
        raise InvalidSetting(f"--{flag.name} needs a value: --{flag.name}={flag.metavar}")
    return rest.pop(0)
