"""The models view."""
