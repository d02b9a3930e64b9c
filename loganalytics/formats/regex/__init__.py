"""Lines of text, read by the regular expression of their format."""
