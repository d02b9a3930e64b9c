"""Which events are kept: conditions on fields, texts, times, and conditions in SQL."""
