"""Who logs, how regularly, and who has fallen silent."""
