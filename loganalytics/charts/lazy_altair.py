"""Altair, imported without two seconds of somebody else's work."""

from __future__ import annotations

import sys

_GRAMMAR = "rfc3987_syntax"

# Altair imports jsonschema, and that compiles a grammar for internationalised addresses where Jupyter has brought this
# package: two seconds at every start, for a format that no chart's schema asks for. jsonschema does without it when
# its import fails (jsonschema/_format.py).
_hidden = _GRAMMAR not in sys.modules
if _hidden:
    sys.modules[_GRAMMAR] = None  # type: ignore[assignment]
try:
    import altair as alt
finally:
    if _hidden:
        del sys.modules[_GRAMMAR]

__all__ = ["alt"]
