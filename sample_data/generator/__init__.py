"""The platform whose logs are the sample data."""
