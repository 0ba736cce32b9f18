"""The documents view: collections, uploads and the table of documents."""
