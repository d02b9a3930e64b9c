"""Scan statistics: the intervals of a log, of any length, in which something came more or less often than elsewhere."""
