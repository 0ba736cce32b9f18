"""Answers as HTML: Markdown, code and formulas, with hostile input escaped."""
