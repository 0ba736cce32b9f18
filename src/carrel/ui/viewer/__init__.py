"""The panel with the cited page or passage."""
