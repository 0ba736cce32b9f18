"""Restricts what clients can reach of Gradio: routes, files of events, and uploads."""
