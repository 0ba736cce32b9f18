"""Format detection by content."""
