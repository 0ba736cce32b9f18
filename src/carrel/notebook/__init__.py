"""Models in a notebook or a script, without a server; ``carrel.load`` is the way in."""
