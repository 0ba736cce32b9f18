"""The panel that shows a cited page or passage."""
