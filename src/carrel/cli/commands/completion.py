"""``carrel completion``: completion of commands, flags and values by bash, zsh and fish."""

from __future__ import annotations

from typing import Any

import click
from click import shell_completion

from carrel.cli.arguments import Flag
from carrel.cli.command import Command, Invocation
from carrel.cli.exit_codes import SUCCESS
from carrel.cli.registry import COMMANDS
from carrel.core.errors import InvalidRequest


class _FlagValues(shell_completion.ShellComplete):
    """Completes ``--flag=VALUE``, which bash splits and the others replace as a whole."""

    def get_completion_args(self) -> tuple[list[str], str]:
        words, incomplete = super().get_completion_args()
        return [word for word in words if word != "="], incomplete

    def get_completions(
        self, args: list[str], incomplete: str
    ) -> list[shell_completion.CompletionItem[str]]:
        found = super().get_completions(args, incomplete)
        flag, equals, _ = incomplete.partition("=")
        if flag.startswith("--") and equals:
            for item in found:
                item.value = f"{flag}={item.value}"
        return found


class _Bash(_FlagValues, shell_completion.BashComplete):
    pass


class _Zsh(_FlagValues, shell_completion.ZshComplete):
    pass


class _Fish(_FlagValues, shell_completion.FishComplete):
    pass


SHELLS = {shell.name: shell for shell in (_Bash, _Zsh, _Fish)}


class _Command(click.Command):
    """A command whose flags are read when they are completed: they import the settings."""

    def __init__(self, command: Command) -> None:
        super().__init__(command.name, short_help=command.summary)
        self._command = command

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        flags = self._command.known_flags().values()
        return [*map(_option, flags), _argument(self._command.words)]


class _Commands(click.Group):
    """The commands of the registry."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return _Command(COMMANDS[cmd_name]) if cmd_name in COMMANDS else None


def _option(flag: Flag) -> click.Option:
    boolean = flag.metavar is None
    return click.Option(
        [f"--{flag.name}"], is_flag=boolean, type=_type(flag.metavar or ""), help=flag.description
    )


def _argument(metavar: str) -> click.Argument:
    return click.Argument(["words"], nargs=1 if "|" in metavar else -1, type=_type(metavar))


def _type(metavar: str) -> click.ParamType[Any] | None:
    if "|" in metavar:
        return click.Choice(metavar.split("|"))
    return click.Path() if metavar.startswith(("FILE", "FOLDER", "PATH")) else None


def answer_shell() -> None:
    """Print the completions and exit, if a shell asks through ``_CARREL_COMPLETE``."""
    for shell in SHELLS.values():
        shell_completion.add_completion_class(shell)
    commands = _Commands(invoke_without_command=True, add_help_option=False)
    commands.main([], "carrel", standalone_mode=False)


def run(invocation: Invocation) -> int:
    """Print the script of the shell that is named.

    Raises:
        InvalidRequest: no shell is named, or one that is not known.
    """
    match invocation.arguments.words:
        case [shell] if shell in SHELLS:
            print(SHELLS[shell](_Commands(), {}, "carrel", "_CARREL_COMPLETE").source())
            return SUCCESS
    raise InvalidRequest(f"Name the shell: carrel {COMMANDS['completion'].usage}")
