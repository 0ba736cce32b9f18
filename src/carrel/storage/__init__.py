"""The catalog, saved chats, original files, and the lock of the data folder."""
