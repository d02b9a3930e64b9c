"""Requests, sessions and job runs: what belongs together, in which order, how long it took."""
