"""Renders answers: Markdown, code and formulas, with hostile input escaped."""
