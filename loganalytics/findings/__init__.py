"""What the analyses found, joined to sentences: episodes, causes, evidence, and their order."""
