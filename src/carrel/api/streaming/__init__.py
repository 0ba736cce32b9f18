"""Converts events of the services to replies, complete or streamed."""
