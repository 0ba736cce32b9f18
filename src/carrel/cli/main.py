"""The entry point of the console script ``carrel``."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

from carrel import __version__
from carrel.cli.arguments import Arguments, parse
from carrel.cli.command import Command, Invocation
from carrel.cli.exit_codes import INTERRUPTED, SUCCESS, exit_code
from carrel.cli.registry import COMMANDS
from carrel.core.errors import CarrelError, InvalidRequest
from carrel.settings.names import nearest_hint
from carrel.settings.process_environment import prepare_environment

DEFAULT = "serve"


def overview() -> str:
    """Return the text of ``carrel --help``."""
    width = max(len(command.usage) for command in COMMANDS.values())
    lines = [
        f"Carrel {__version__}: questions over your own documents, on your own machine.",
        "",
        *(f"  carrel {each.usage:<{width}}  {each.summary}" for each in COMMANDS.values()),
        "",
        "carrel COMMAND --help lists a command's flags.",
    ]
    return "\n".join(lines)


def command_help(command: Command) -> str:
    """Return the text of ``carrel COMMAND --help``."""
    lines = [f"carrel {command.usage}", "", *_wrapped(command.summary), "", "Flags:"]
    for flag in command.known_flags().values():
        value = f"={flag.metavar}" if flag.metavar else ""
        lines += [f"  --{flag.name}{value}", *_wrapped(flag.description, indent=" " * 8)]
    return "\n".join(lines)


def _wrapped(text: str, indent: str = "") -> list[str]:
    # Names of models have hyphens, too.
    return textwrap.wrap(
        text, 80, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit status; ``serve`` is the default command."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _run(words)
    except CarrelError as error:
        print(f"carrel: {error}", file=sys.stderr)
        return exit_code(error)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of a pipe closed it; Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return SUCCESS


def _run(words: list[str]) -> int:
    if not words:
        # A shell that completes gives no words: they are in the environment, which click reads.
        from carrel.cli.commands.completion import answer_shell

        answer_shell()
    if words[:1] in (["--help"], ["-h"], ["help"]):
        print(overview())
        return SUCCESS
    if words[:1] == ["--version"]:
        print(f"carrel {__version__}")
        return SUCCESS
    name = words.pop(0) if words and not words[0].startswith("-") else DEFAULT
    if name not in COMMANDS:
        raise InvalidRequest(f"There is no command '{name}'.{nearest_hint(name, list(COMMANDS))}")
    command = COMMANDS[name]
    parsed = parse(words, command.known_flags())
    if "help" in parsed.flags:
        print(command_help(command))
        return SUCCESS
    return command.run(_invocation(command, parsed))


def _invocation(command: Command, parsed: Arguments) -> Invocation:
    """Load the settings, and prepare the process for what the command imports and writes."""
    # Help is printed without the libraries of settings, logs and files.
    from carrel.cli.log_setup import configure_logging
    from carrel.core.runtime.light_imports import use_light_imports
    from carrel.disk.private import write_privately
    from carrel.settings.load import DEFAULT_ORIGIN, load_settings
    from carrel.settings.schema import setting_sections

    write_privately()
    own = {flag.name for flag in command.flags} | {"config"}
    flags = {key: value for key, value in parsed.flags.items() if key not in own}
    config = Path(parsed.flags["config"]) if "config" in parsed.flags else None
    loaded = load_settings(
        {key: flags[key] for key in flags if key in setting_sections()}, config=config
    )
    prepare_environment(loaded.settings.server.offline)
    use_light_imports()
    logging = loaded.settings.logging
    if command.name != DEFAULT and loaded.origins["log_level"] == DEFAULT_ORIGIN:
        # A command prints its own outcome; the server's log would only repeat it.
        logging = logging.model_copy(update={"log_level": "error"})
    configure_logging(logging)
    return Invocation(parsed, loaded)
