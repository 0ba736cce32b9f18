"""The sidebar: new chat, saved chats, settings of the page."""
