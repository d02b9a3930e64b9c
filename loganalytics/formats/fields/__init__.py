"""The fields of records as the columns of a log frame: names, types and values."""
