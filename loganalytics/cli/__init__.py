"""The command line: one verb an analysis, the same names as in Python."""
