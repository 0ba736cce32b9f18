"""The catalog, saved chats, original files, and the lock on the folder that holds them."""
