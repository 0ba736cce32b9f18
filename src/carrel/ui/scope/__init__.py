"""The chooser of the collections and documents that are asked."""
