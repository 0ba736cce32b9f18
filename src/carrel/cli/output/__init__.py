"""Terminal output: answers, summaries, progress."""
