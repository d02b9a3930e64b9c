"""Tables of SQL databases as logs: PostgreSQL, MySQL and MariaDB, SQLite, DuckDB."""
