"""Middleware: limits, security, headers, request log."""
