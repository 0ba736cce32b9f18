"""Commands and their flags."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args, get_origin

from carrel.cli.arguments import Arguments, Flag
from carrel.core.runtime.collection_pause import collection_paused
from carrel.settings.written_lists import split_commas

if TYPE_CHECKING:
    from carrel.settings.load import LoadedSettings
    from carrel.settings.schema import Settings

CONFIG = Flag("config", "YAML file of settings.", "FILE.yaml")
HELP = Flag("help", "Show this page.", None)
COLLECTION = Flag("collection", "Collection to use; the default is 'langchain_mode'.", "NAME")
SERVER = Flag("server", "Address of a running server that does the work.", "URL")
DOCUMENTS = Flag("documents", "Ids of documents, comma-separated; without it all are read.", "IDS")
FILTER = Flag(
    "filter", "Documents to ask: 'folder:invoices type:pdf -author:Berg after:2024-05'.", "FILTER"
)
JSON = Flag("json", "Print JSON for scripts.", None)

_COMMANDS = "carrel.cli.commands"


@dataclass(frozen=True, slots=True)
class Invocation:
    """One call of a command: its words and own flags, and the effective settings."""

    arguments: Arguments
    loaded: LoadedSettings

    @property
    def settings(self) -> Settings:
        """The effective settings."""
        return self.loaded.settings

    @property
    def collection(self) -> str:
        """The collection of the command."""
        return self.arguments.flags.get("collection", self.settings.documents.langchain_mode)

    @property
    def server(self) -> str | None:
        """The server to use; None for this process, or the one that holds the folder."""
        return self.arguments.flags.get("server")

    @property
    def document_ids(self) -> tuple[str, ...]:
        """The selected documents; none means all."""
        return tuple(split_commas(self.arguments.flags.get("documents", "")))

    @property
    def filter(self) -> str:
        """The filter of documents; empty for none."""
        return self.arguments.flags.get("filter", "")

    def is_set(self, flag: str) -> bool:
        """Whether a boolean flag of the command is set."""
        return self.arguments.flags.get(flag, "False").lower() in {"true", "1", "yes"}


@dataclass(frozen=True, slots=True)
class Command:
    """A command of ``carrel``; the module of its name in ``carrel.cli.commands`` does the work."""

    name: str
    usage: str
    summary: str
    flags: tuple[Flag, ...] = ()
    words: str = ""
    """What shells complete beside flags: a metavar as a flag has it, or nothing."""

    def run(self, invocation: Invocation) -> int:
        """Import the command's module, run it and return the exit status.

        Raises:
            CarrelError: the command failed.
        """
        with collection_paused():
            work: Callable[[Invocation], int] = import_module(f"{_COMMANDS}.{self.name}").run
        return work(invocation)

    def known_flags(self) -> dict[str, Flag]:
        """All flags of the command: its own first, then all settings."""
        own = {flag.name: flag for flag in (*self.flags, CONFIG, HELP)}
        return own | {name: flag for name, flag in setting_flags().items() if name not in own}


def setting_flags() -> Mapping[str, Flag]:
    """Return one flag per setting, by name."""
    # The settings and their library take longer to import than the overview takes to print.
    from carrel.settings.schema import Settings, setting_sections

    flags: dict[str, Flag] = {}
    for name, section in setting_sections().items():
        annotation = Settings.model_fields[section].annotation
        assert annotation is not None
        field = annotation.model_fields[name]
        flags[name] = Flag(name, field.description or "", _metavar(name, field.annotation))
    return flags


def _metavar(name: str, annotation: object) -> str | None:
    """Return the choices of a setting, or a word for its value; None for a boolean."""
    if annotation is bool:
        return None
    if get_origin(annotation) is Literal:
        return "|".join(get_args(annotation))
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return "|".join(annotation)
    if Path in (annotation, *get_args(annotation)):
        return "PATH"
    return name.rsplit("_", 1)[-1].upper()
