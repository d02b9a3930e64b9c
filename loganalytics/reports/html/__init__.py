"""Reports as HTML pages that open with no network."""
