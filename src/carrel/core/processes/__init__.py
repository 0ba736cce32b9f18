"""Child processes that answer messages: pipes, deadlines, limits and their end."""
