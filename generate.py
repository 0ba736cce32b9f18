"""Start Carrel: ``python generate.py [--flag=value ...]`` is ``carrel serve``."""

import sys
from importlib.util import find_spec
from pathlib import Path

if find_spec("carrel") is None:
    # A checkout that was not installed.
    sys.path.insert(0, str(Path(__file__).resolve().parent / "src"))

from carrel.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
