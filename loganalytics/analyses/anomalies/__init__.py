"""Windows and sequences that are unusual, and why: isolation forest and baselines."""
