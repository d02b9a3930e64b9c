"""Findings: episodes, causes and evidence, joined to sentences and ranked."""
