"""What of Gradio is open to clients: routes, events with files, and uploads of one session."""
