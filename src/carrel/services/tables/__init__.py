"""Rows of tables in the text of chunks, and the cells that questions ask for. Pure functions."""
