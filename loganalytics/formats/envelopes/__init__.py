"""What containers, collectors and process managers put around each line: recognised, taken off, kept as columns."""
