"""``carrel completion``: shell completion of commands and flags."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from carrel.cli.command import Command, Invocation
from carrel.cli.exit_codes import SUCCESS
from carrel.cli.registry import COMMANDS
from carrel.core.errors import InvalidRequest

Words = Mapping[str, list[str]]
"""The flags of each command, by its name."""


def bash(words: Words) -> str:
    """Return a script for ``source <(carrel completion bash)``."""
    cases = "\n".join(
        f'        {name}) words="{" ".join(flags)}" ;;' for name, flags in words.items()
    )
    return f"""_carrel() {{
    local current="${{COMP_WORDS[COMP_CWORD]}}" words="{" ".join(words)}"
    if [ "$COMP_CWORD" -gt 1 ]; then
        case "${{COMP_WORDS[1]}}" in
{cases}
        *) words="" ;;
        esac
    fi
    COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -o default -o nospace -F _carrel carrel
"""


def zsh(words: Words) -> str:
    """Return a script for ``source <(carrel completion zsh)``: zsh takes bash's."""
    return f"autoload -U +X bashcompinit && bashcompinit\n{bash(words)}"


def fish(words: Words) -> str:
    """Return a script for ``carrel completion fish | source``."""
    lines = [f"complete -c carrel -n __fish_use_subcommand -f -a '{' '.join(words)}'"]
    for name, flags in words.items():
        lines += [
            f"complete -c carrel -n '__fish_seen_subcommand_from {name}' -l {flag.strip('-=')}"
            for flag in flags
        ]
    return "\n".join(lines) + "\n"


SHELLS: Mapping[str, Callable[[Words], str]] = {"bash": bash, "zsh": zsh, "fish": fish}


def run(invocation: Invocation) -> int:
    """Print the script of the shell that is named.

    Raises:
        InvalidRequest: no shell is named, or one that is not known.
    """
    match invocation.arguments.words:
        case [shell] if shell in SHELLS:
            words = {name: _flags(command) for name, command in COMMANDS.items()}
            print(SHELLS[shell](words), end="")
            return SUCCESS
    raise InvalidRequest(f"Name the shell: carrel {COMMANDS['completion'].usage}")


def _flags(command: Command) -> list[str]:
    return [
        f"--{flag.name}{'=' if flag.metavar else ''}" for flag in command.known_flags().values()
    ]
