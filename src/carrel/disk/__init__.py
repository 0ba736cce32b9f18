"""Shared by all stores: disk errors and SQLite files."""
