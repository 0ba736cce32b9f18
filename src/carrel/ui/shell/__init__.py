"""Shared by all views: event wrapper, headers, login, basic HTML."""
