"""Redis Streams, of Redis and Valkey, as logs."""
