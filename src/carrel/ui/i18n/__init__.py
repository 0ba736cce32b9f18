"""Translations and theme of the page."""
