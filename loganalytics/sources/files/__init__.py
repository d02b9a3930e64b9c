"""Files and folders, compressed, rotated and growing ones, as logs."""
