"""Frame in, frame out: a module or package per question; each analysis is a plain function."""
