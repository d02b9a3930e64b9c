"""The table of text formats. Adding one is an entry in one of these files and a case file under tests/cases.

A pattern is a regular expression in Rust's dialect (linear time) whose named groups are columns: `timestamp`,
`level`, `service`, `logger`, `message`, `trace_id`, and any field more under its OpenTelemetry name. A duration is
captured as `duration_ms`, `duration_us` or `duration_s` and becomes `duration_ms`; a syslog `priority` gives the level.
`{iso}`, `{clf}`, `{syslog}`, `{any}` and the others of entry.py stand for a time captured as `timestamp`, `{level}`
for a level word captured as `level` and `{LEVEL}` for one in capitals. The table goes from the particular to the
general: of two formats that match about equally many lines the earlier is taken.
"""

from __future__ import annotations

from loganalytics.formats.definitions.databases import DATABASES
from loganalytics.formats.definitions.format import LEVEL, MARK, SEVERITY_WORDS, TIMES, TYPES, Format, sketch
from loganalytics.formats.definitions.general import GENERAL, PROGRAM, RAW, TIMED
from loganalytics.formats.definitions.java import JAVA
from loganalytics.formats.definitions.languages import GO, LANGUAGES
from loganalytics.formats.definitions.python import PYTHON, PYTHON_LATE
from loganalytics.formats.definitions.system import AUDIT, SYSTEM, SYSTEM_LATE
from loganalytics.formats.definitions.web import WEB

FORMATS: tuple[Format, ...] = (
    *AUDIT, *WEB, *SYSTEM, *JAVA, *PYTHON, *DATABASES, *LANGUAGES, *GENERAL, *SYSTEM_LATE, *PYTHON_LATE, *GO, *PROGRAM,
)  # fmt: skip

__all__ = [
    "AUDIT", "FORMATS", "LEVEL", "MARK", "RAW", "SEVERITY_WORDS", "TIMED", "TIMES", "TYPES", "Format", "sketch",
]  # fmt: skip
