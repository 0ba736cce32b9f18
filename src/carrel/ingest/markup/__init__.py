"""Markdown, reStructuredText, Org and notebooks."""
