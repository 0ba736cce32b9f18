"""Texts of the page in each language, and its theme."""
