"""What differs between an incident and its baseline."""
