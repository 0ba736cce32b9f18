"""Ingestion of files, folders and the web: jobs and their progress."""
