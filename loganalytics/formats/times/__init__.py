"""Times as people and programs write them: a grammar of dates, clocks and zones, and what it reads."""
