"""One turn of a chat: rewrite the question, build the prompt, generate, attribute."""
