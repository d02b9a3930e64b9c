"""The table of text formats. Adding one is an entry in one of these files and a case file under tests/cases.

A pattern is a regular expression in Rust's dialect (linear time) whose named groups are columns: `timestamp`,
`level`, `service`, `logger`, `message`, `trace_id`, and any field more under its OpenTelemetry name. A duration is
captured as `duration_ms`, `duration_us` or `duration_s` and becomes `duration_ms`; a syslog `priority` gives the level.
`{iso}`, `{clf}`, `{syslog}`, `{any}` and the others of format.py stand for a time captured as `timestamp`,
`{time:NAME}` for a time in the one shape that time_formats.TIME_FORMATS has under this name, `{level}` for a level word
captured as `level` and `{LEVEL}` for one in capitals. The table goes from the particular to the general: of two formats
that match about equally many lines the earlier is taken.

Variants are worth writing for a format whose files get long. A variant is fast when it is one-pass: at each character
of a line only one part of the pattern can go on. So an optional part must not begin as what follows it may
(`(?P<message>[^\\[].*)$` behind an optional "[request] "), and a time has one shape or stands at the beginning. It must
capture what the pattern does from every line that it matches; tests/formats/test_variants.py looks for one where it
does not.
"""

from __future__ import annotations

from loganalytics.formats.definitions.access import ACCESS, ACCESS_LATE, GIN
from loganalytics.formats.definitions.databases import DATABASES
from loganalytics.formats.definitions.devices import DEVICES
from loganalytics.formats.definitions.format import (
    FACILITY,
    LATIN_HEADS,
    LEVEL,
    MNEMONIC,
    SEVERITY_WORDS,
    TIME_MARK,
    TIME_SHAPES,
    TIMES,
    TRANSLATED_HEADS,
    TYPES,
    Format,
    fill,
    prefilter_regex,
)  # fmt: skip
from loganalytics.formats.definitions.general import GENERAL, LEVEL_FIRST, LEVEL_ONLY, PROSE, RAW, TIME_FIRST
from loganalytics.formats.definitions.java import JAVA
from loganalytics.formats.definitions.languages import GO, LANGUAGES
from loganalytics.formats.definitions.node import NODE, NODE_LATE
from loganalytics.formats.definitions.programs import PROGRAMS
from loganalytics.formats.definitions.python import PYTHON, PYTHON_LATE
from loganalytics.formats.definitions.rust import RUST
from loganalytics.formats.definitions.system import AUDIT, SYSTEM, SYSTEM_LATE
from loganalytics.formats.definitions.web import PROXIFIER, WEB

FORMATS: tuple[Format, ...] = (
    *AUDIT, *ACCESS, *GIN, *PROGRAMS, *DEVICES, *WEB, *SYSTEM, *JAVA, *PYTHON, *DATABASES, *LANGUAGES, *RUST, *NODE,
    *GENERAL, *SYSTEM_LATE, *PYTHON_LATE, *NODE_LATE, *GO, *PROXIFIER, *ACCESS_LATE, *LEVEL_ONLY,
)  # fmt: skip

__all__ = [
    "AUDIT", "FACILITY", "FORMATS", "LATIN_HEADS", "LEVEL", "LEVEL_FIRST", "MNEMONIC", "PROSE", "RAW", "SEVERITY_WORDS",
    "TIMES", "TIME_FIRST", "TIME_MARK", "TIME_SHAPES", "TRANSLATED_HEADS", "TYPES", "Format", "fill", "prefilter_regex",
]  # fmt: skip
