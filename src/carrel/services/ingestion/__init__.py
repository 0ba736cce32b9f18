"""From files, folders and the web to searchable documents: jobs and their progress."""
