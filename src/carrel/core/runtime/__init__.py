"""Threads, imports and addresses of the running process."""
