"""The scope chooser: collections and documents to ask."""
