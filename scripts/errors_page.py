"""Print docs/errors.md, made from the error tree and the tables of both interfaces.

python scripts/errors_page.py > docs/errors.md
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from carrel.api.errors import INTERNAL_ERROR, STATUS_CODES
from carrel.cli.exit_codes import INTERRUPTED, SOME_FAILED, SUCCESS, exit_code
from carrel.core.errors import CarrelError

INTRODUCTION = f"""\
# Errors

Every error has a code that stays the same from version to version, and a message of one line: what
is wrong, where, and what to do. Programs should compare the code and show the message.

The API answers with OpenAI's error body and the status below. A stream that fails in the middle
ends with one event of the same body:

    {{"error": {{"message": "...", "type": "...", "param": null, "code": "collection_not_found"}}}}

The command line prints `carrel: MESSAGE` to standard error and ends with the exit status below. An
error whose class has no status of its own takes that of the class above it.

| exit status | meaning |
|---|---|
| {SUCCESS} | done |
| {SOME_FAILED} | `carrel ingest` finished, but some file did not go in; each is named |
| {INTERRUPTED} | interrupted with Ctrl+C |

This page is made by `scripts/errors_page.py` from `src/carrel/core/errors.py`,
`src/carrel/api/errors.py` and `src/carrel/cli/exit_codes.py`.

| code | meaning | HTTP status | exit status |
|---|---|---|---|
"""
UNFORESEEN = f"""
Three codes come from HTTP itself: `method_not_allowed` (405) where a route takes another method,
`request_timeout` (408) where the rest of a body does not come for 30 seconds, and
`request_too_large` (413) for a body above the limit, or (431) for the head of a request.

A fault of the server that nobody foresaw answers with status 500 and the code `{INTERNAL_ERROR}`;
its log says more.
"""


def tree(root: type[CarrelError]) -> Iterator[type[CarrelError]]:
    """Yield the classes of Carrel below a class, each before those below it."""
    for each in root.__subclasses__():
        if each.__module__ == CarrelError.__module__:
            yield each
            yield from tree(each)


def row(error: type[CarrelError]) -> str:
    """Return the table row of one class."""
    meaning = " ".join((error.__doc__ or "").replace("``", "`").split())
    status, exit_status = STATUS_CODES[error], exit_code(error("reason"))
    return f"| `{error.code}` | {meaning} | {status} | {exit_status} |\n"


def page() -> str:
    """Return the whole page."""
    return INTRODUCTION + "".join(row(each) for each in tree(CarrelError)) + UNFORESEEN


if __name__ == "__main__":
    sys.stdout.write(page())
