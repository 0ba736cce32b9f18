"""Mail and messages with their attachments, saved web pages in MIME."""
