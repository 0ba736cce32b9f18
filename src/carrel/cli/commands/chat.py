"""``carrel chat``: a conversation in the terminal; ``--cli=True`` means the same."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

from carrel.cli.command import Invocation
from carrel.cli.exit_codes import SUCCESS
from carrel.cli.output.answers import (
    sampling_of,
    scope_of,
    score_line,
    source_line,
    source_lines,
    stream_to_terminal,
)
from carrel.cli.workspace.workspace import Workspace, open_workspace
from carrel.core.chat import Message, Role
from carrel.core.documents import Source
from carrel.core.errors import CarrelError, ModelLoadFailed, ModelNotFound
from carrel.core.request_limits import MOST_MESSAGES

GREETING = "Chat with {collection}. /help lists what else can be typed."
HELP = """\
/new      start over: what was said before is forgotten
/sources  what the last answer read, with the sources that it does not use
/help     this list
/quit     end, as Ctrl+D does"""


async def chat(invocation: Invocation) -> None:
    """Read questions from standard input and answer each, until its end."""
    interactive = sys.stdin.isatty()
    if interactive:
        print(GREETING.format(collection=invocation.collection))
    messages: list[Message] = []
    read: Sequence[Source] = ()
    async with open_workspace(invocation.settings, invocation.server) as workspace:
        while True:
            if interactive:
                print("\n> ", end="", flush=True)
            line = await asyncio.to_thread(sys.stdin.readline)
            question = line.strip()
            if not line or question == "/quit":
                return
            if question == "/new":
                messages.clear()
            elif question == "/help":
                print(HELP)
            elif question == "/sources":
                print("\n".join(map(source_line, read)) or "No answer has sources yet.")
            elif question.startswith("/"):
                print(f"There is no {question.split()[0]}: /help lists what there is.")
            elif question:
                read = await _turn(workspace, invocation, messages, question) or read


async def _turn(
    workspace: Workspace, invocation: Invocation, messages: list[Message], question: str
) -> Sequence[Source]:
    """Answer one question and return its sources.

    An error is printed and the chat continues without that question.
    """
    asked = [*messages, Message(Role.USER, question)]
    settings = invocation.settings
    try:
        answer = await stream_to_terminal(
            workspace.answer(
                asked,
                scope_of(invocation),
                sampling_of(settings),
            ),
            quiet=False,
        )
    except (ModelNotFound, ModelLoadFailed):
        # Without a model no later question can be answered either.
        raise
    except CarrelError as error:
        print(f"carrel: {error}", file=sys.stderr)
        return ()
    if answer.search_query is not None:
        print(f"(searched for: {answer.search_query})")
    for line in source_lines(answer.sources):
        print(line)
    if answer.scored is not None:
        print(score_line(answer.scored))
    # Space for the next question and a system message.
    messages[:] = [*asked, Message(Role.ASSISTANT, answer.text)][-(MOST_MESSAGES - 2) :]
    return answer.sources


def run(invocation: Invocation) -> int:
    """Chat until the end of standard input."""
    asyncio.run(chat(invocation))
    return SUCCESS
