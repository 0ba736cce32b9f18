"""Where a command runs: in this process, or through the running server."""
