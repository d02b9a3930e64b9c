"""Text lines to columns: the formats (data), their detection, and parsing."""

from __future__ import annotations

from loganalytics.formats.continuations import Parsed
from loganalytics.formats.detected import Detection
from loganalytics.formats.detection import detect
from loganalytics.formats.parsing import lines_beside, parse, parse_each

__all__ = ["Detection", "Parsed", "detect", "lines_beside", "parse", "parse_each"]
