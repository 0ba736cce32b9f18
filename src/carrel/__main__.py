"""``python -m carrel`` is the console script ``carrel``."""

import sys

from carrel.cli.main import main

sys.exit(main())
