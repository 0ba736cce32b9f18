"""Where a command does its work: in this process, or through the running server."""
