"""Frame in, frame out: one file an analysis; each is a plain function."""
