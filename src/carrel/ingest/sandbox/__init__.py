"""Readers in a process with limits of time and memory."""
