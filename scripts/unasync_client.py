"""Write the synchronous client from the asynchronous one.

python scripts/unasync_client.py [--check]

With ``--check`` it writes nothing, and exits 1 if the synchronous client is out of date.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tokenize
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "carrel" / "client" / "async_client.py"
TARGET = SOURCE.with_name("client.py")

HEADER = "# Made from async_client.py by scripts/unasync_client.py: change that file, and run it.\n"
NAMES = {
    "AsyncAnswerStream": "AnswerStream",
    "AsyncClient": "Client",
    "AsyncExitStack": "ExitStack",
    "AsyncGenerator": "Generator",
    "AsyncIterator": "Iterator",
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "aclose": "close",
    "aclosing": "closing",
    "aiter_bytes": "iter_bytes",
    "aread": "read",
    "asynccontextmanager": "contextmanager",
    # Of asyncio the client takes sleep alone.
    "asyncio": "time",
    "enter_async_context": "enter_context",
}
PROSE = {
    r"\basync (?=with|for)": "",
    r"\basynchronous": "synchronous",
    r"\bAsynchronous": "Synchronous",
}
"""What changes in docstrings, as regular expressions."""


def replacement(token: tokenize.TokenInfo) -> str:
    """Return what the synchronous client has in place of a token."""
    if token.type == tokenize.STRING:
        text = token.string
        for pattern, changed in PROSE.items():
            text = re.sub(pattern, changed, text)
        return text
    return NAMES.get(token.string, token.string) if token.type == tokenize.NAME else token.string


def synchronous(source: str) -> str:
    """Return the synchronous form of a module, not formatted yet."""
    lines = source.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    written, position = [HEADER], 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        start, end = (starts[row - 1] + column for row, column in (token.start, token.end))
        if token.type == tokenize.NAME and token.string in {"async", "await"}:
            written.append(source[position:start])
            position = end + 1
        elif replacement(token) != token.string:
            written += [source[position:start], replacement(token)]
            position = end
    return "".join([*written, source[position:]])


def formatted(source: str) -> str:
    """Return a module as the project formats it: shorter lines are joined."""
    ruff = Path(sys.executable).with_name("ruff")
    run = subprocess.run(
        [str(ruff), "format", f"--stdin-filename={TARGET}", "-"],
        input=source,
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return run.stdout


def client() -> str:
    """Return the synchronous client that belongs to the asynchronous one."""
    return formatted(synchronous(SOURCE.read_text(encoding="utf-8")))


def main() -> int:
    """Write the client, or compare it; return the exit status."""
    made = client()
    if "--check" not in sys.argv[1:]:
        TARGET.write_text(made, encoding="utf-8")
    elif made != TARGET.read_text(encoding="utf-8"):
        print(f"{TARGET.relative_to(ROOT)} is out of date: run scripts/unasync_client.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
