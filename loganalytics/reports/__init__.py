"""Pages that say what is wrong in the logs, since when, and how that is known: HTML, Markdown or JSON."""
