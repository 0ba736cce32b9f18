"""Models in notebooks and scripts, without a server; use ``carrel.load``."""
