"""The JSON API: one file per family of routes."""
