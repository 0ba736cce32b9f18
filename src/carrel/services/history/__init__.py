"""Saved chats, and chats as files."""
