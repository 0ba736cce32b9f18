"""``carrel chat``: a conversation in the terminal; ``--cli=True`` means the same."""

from __future__ import annotations

import asyncio
import sys

from carrel.cli.answers import (
    sampling_of,
    scope_of,
    score_line,
    source_line,
    stream_to_terminal,
)
from carrel.cli.command import COLLECTION, Command, Invocation
from carrel.cli.exit_codes import SUCCESS
from carrel.cli.workspace import Workspace, open_workspace
from carrel.core.chat import Message, Role
from carrel.core.errors import CarrelError, ModelLoadFailed, ModelNotFound

GREETING = "Chat with {collection}. /new starts over, /quit or Ctrl+D ends."


async def chat(invocation: Invocation) -> None:
    """Read questions from standard input and answer each, until its end."""
    interactive = sys.stdin.isatty()
    if interactive:
        print(GREETING.format(collection=invocation.collection))
    messages: list[Message] = []
    async with open_workspace(invocation.settings) as workspace:
        while True:
            if interactive:
                print("\n> ", end="", flush=True)
            line = await asyncio.to_thread(sys.stdin.readline)
            question = line.strip()
            if not line or question == "/quit":
                return
            if question == "/new":
                messages.clear()
            elif question:
                await _turn(workspace, invocation, messages, question)


async def _turn(
    workspace: Workspace, invocation: Invocation, messages: list[Message], question: str
) -> None:
    """Answer one question; an error is printed and the chat goes on without that question."""
    asked = [*messages, Message(Role.USER, question)]
    settings = invocation.settings
    try:
        answer = await stream_to_terminal(
            workspace.answer(
                asked, scope_of(invocation.collection, settings), sampling_of(settings)
            ),
            quiet=False,
        )
    except (ModelNotFound, ModelLoadFailed):
        # Without a model no later question can be answered either.
        raise
    except CarrelError as error:
        print(f"carrel: {error}", file=sys.stderr)
        return
    if answer.search_query is not None:
        print(f"(searched for: {answer.search_query})")
    for source in answer.sources:
        print(source_line(source))
    if answer.scored is not None:
        print(score_line(answer.scored))
    messages[:] = [*asked, Message(Role.ASSISTANT, answer.text)]


def run(invocation: Invocation) -> int:
    """Chat until the end of standard input."""
    asyncio.run(chat(invocation))
    return SUCCESS


COMMAND = Command(
    "chat",
    "chat [--collection=NAME]",
    "Chat in the terminal; --collection=LLM asks no documents.",
    run,
    (COLLECTION,),
)
