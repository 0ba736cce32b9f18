"""Ask the installed Carrel about a small document with the bundled model.

It runs in an empty folder, as a user's would, and ends with status 1 and one line where the answer
does not cite the document.

    python scripts/ask_once.py
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

TEXT = "The lighthouse of Ersatz Bay was built in 1893. It is 41 metres high.\n"
QUESTION = "When was the lighthouse of Ersatz Bay built?"


def carrel(folder: Path, *words: str) -> str:
    """Run one command in the folder and return what it prints."""
    command = [sys.executable, "-I", "-m", "carrel", *words, "--offline=True"]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if run.returncode:
        sys.exit(f"carrel {words[0]} failed: {(run.stderr or run.stdout).strip()}")
    return run.stdout


def main() -> None:
    """Ingest, ask, and look at the citation."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "library").mkdir()
        (folder / "library" / "lighthouse.txt").write_text(TEXT, encoding="utf-8")
        carrel(folder, "ingest", "--user_path=library", "--collection=UserData")
        answer = json.loads(carrel(folder, "ask", QUESTION, "--collection=UserData", "--json"))
    named = [source["document"] for source in answer["sources"]]
    if "1893" not in answer["answer"] or "lighthouse.txt" not in named:
        sys.exit(f"The answer is wrong or cites nothing: {answer}")
    version = ".".join(map(str, sys.version_info[:3]))
    print(f"Python {version}: carrel answered {answer['answer']!r} and cited {named[0]}.")


if __name__ == "__main__":
    main()
