"""The table of the ways in which logs write times."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

_FRACTION = r"(?:[.,]\d{1,9}|:\d{1,3}\b)?"
_OFFSET = r"(?:Z|[+-]\d{2}(?::?\d{2})?\b)"
_CLOCK = r"\d{1,2}:\d{2}:\d{2}"
_CLOCK_LOOSE = r"\d{1,2}:\d{1,2}:\d{1,2}"
ZONE_NAME = r"(?:UTC|GMT|MSK|(?:W|B|J|K|WE)ST|IST|WET|[CE]ES?T|AE[SD]T|NZ[SD]T|[ECMP][SD]T)\b"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_YMD = r"(?:19|20)\d{2}-\d{2}-\d{2}"


@dataclass(frozen=True)
class TimeFormat:
    """One way of writing a time: the shape to look for and the strptime pattern that reads it.

    A comma before the fraction is read as a dot.
    """

    name: str
    shape: str
    pattern: str = ""
    _: KW_ONLY
    has_year: bool = True
    has_offset: bool = False
    """Whether an offset from UTC is written, or a zone's name."""
    has_zone_name: bool = False
    """Whether it is a zone's name, such as PDT."""
    has_colon_millis: bool = False
    """Whether a count of milliseconds, not padded, follows a colon."""
    is_epoch: bool = False
    """Whether it is a count since 1970, whose unit follows from its magnitude."""
    radix: int = 10
    """In which numbers such a count is written."""
    is_exact: bool = False
    """Whether it is the variant for one way to write fractions and UTC: see detect_time_formats()."""
    width: int = 0
    """How many characters each time has, where that is fixed."""
    is_uncertain: bool = False
    """Whether such a time may mean another day in another country: only formats that name it use it."""
    is_clock: bool = False
    """Whether it is the time of a day that is not written."""
    groups: str = ""
    """The expression whose groups are the parts of the time, instead of a strptime pattern (see times/grammar.py)."""
    order: str = ""
    """Which of the groups first, second and third is the day (d), the month (m), the year (y)."""
    guess: str = ""
    """What was decided without being certain, as a sentence."""


TIME_FORMATS: tuple[TimeFormat, ...] = (
    TimeFormat("iso", rf"{_YMD}T{_CLOCK}{_FRACTION}{_OFFSET}", "%Y-%m-%dT%H:%M:%S%.f%#z", has_offset=True),
    TimeFormat("iso space zone", rf"{_YMD} {_CLOCK}{_FRACTION}{_OFFSET}", "%Y-%m-%d %H:%M:%S%.f%#z", has_offset=True),
    TimeFormat("iso space, spaced zone", rf"{_YMD} {_CLOCK}{_FRACTION} {_OFFSET}", "%Y-%m-%d %H:%M:%S%.f %#z",
               has_offset=True),
    TimeFormat("iso space named zone", rf"{_YMD} {_CLOCK}{_FRACTION} {ZONE_NAME}", "%Y-%m-%d %H:%M:%S%.f%#z",
               has_offset=True, has_zone_name=True),
    TimeFormat("iso naive", rf"{_YMD}T{_CLOCK}{_FRACTION}", "%Y-%m-%dT%H:%M:%S%.f"),
    TimeFormat("iso space", rf"{_YMD}  ?{_CLOCK}{_FRACTION}", "%Y-%m-%d %H:%M:%S%.f"),
    TimeFormat("iso millis colon", rf"{_YMD} {_CLOCK}:\d{{1,3}}", "%Y-%m-%d %H:%M:%S%.f", has_colon_millis=True),
    TimeFormat("iso dots", rf"{_YMD}-\d{{2}}\.\d{{2}}\.\d{{2}}\.\d{{6}}", "%Y-%m-%d-%H.%M.%S.%6f"),
    TimeFormat("slash zone", rf"\d{{4}}/\d{{2}}/\d{{2}} {_CLOCK}{_FRACTION}{_OFFSET}", "%Y/%m/%d %H:%M:%S%.f%#z",
               has_offset=True),
    TimeFormat("slash", rf"\d{{4}}/\d{{2}}/\d{{2}} {_CLOCK}{_FRACTION}", "%Y/%m/%d %H:%M:%S%.f"),
    TimeFormat("common log", rf"\d{{1,2}}/{_MONTH}/\d{{4}}:{_CLOCK} [+-]\d{{4}}", "%d/%b/%Y:%H:%M:%S %z",
               has_offset=True),
    TimeFormat("common log fraction", rf"\d{{1,2}}/{_MONTH}/\d{{4}}:{_CLOCK}[.,]\d{{1,9}} [+-]\d{{4}}",
               "%d/%b/%Y:%H:%M:%S%.f %z", has_offset=True),
    TimeFormat("common log naive", rf"\d{{1,2}}/{_MONTH}/\d{{4}}:{_CLOCK}{_FRACTION}", "%d/%b/%Y:%H:%M:%S%.f"),
    TimeFormat("common log blank", rf"\d{{1,2}}/{_MONTH}/\d{{4}} {_CLOCK}{_FRACTION}", "%d/%b/%Y %H:%M:%S%.f"),
    TimeFormat("ctime", rf"{_DAY} {_MONTH} [ \d]\d {_CLOCK}{_FRACTION} \d{{4}}", "%a %b %e %H:%M:%S%.f %Y"),
    TimeFormat("ctime zone", rf"{_DAY} {_MONTH} [ \d]\d {_CLOCK} {ZONE_NAME} \d{{4}}", "%a %b %e %H:%M:%S %#z %Y",
               has_offset=True, has_zone_name=True),
    TimeFormat("rfc 2822", rf"{_DAY}, \d{{1,2}} {_MONTH} \d{{4}} {_CLOCK} [+-]\d{{4}}", "%a, %e %b %Y %H:%M:%S %z",
               has_offset=True),
    TimeFormat("day month year, joined", rf"\d{{2}}{_MONTH}\d{{4}} {_CLOCK}{_FRACTION}", "%d%b%Y %H:%M:%S%.f"),
    TimeFormat("day month year", rf"\d{{1,2}} {_MONTH} \d{{4}} {_CLOCK}{_FRACTION}", "%e %b %Y %H:%M:%S%.f"),
    TimeFormat("day month", rf"\d{{1,2}} {_MONTH} {_CLOCK}{_FRACTION}", "%e %b %H:%M:%S%.f", has_year=False),
    TimeFormat("day-month-year zone", rf"\d{{2}}-{_MONTH}-\d{{4}} {_CLOCK} {ZONE_NAME}", "%d-%b-%Y %H:%M:%S%#z",
               has_offset=True, has_zone_name=True),
    TimeFormat("day-month-year", rf"\d{{2}}-{_MONTH}-\d{{4}} {_CLOCK}{_FRACTION}", "%d-%b-%Y %H:%M:%S%.f"),
    TimeFormat("syslog, year last", rf"{_MONTH}  ?\d{{1,2}} {_CLOCK}{_FRACTION} (?:19|20)\d{{2}}\b",
               "%b %e %H:%M:%S%.f %Y"),
    TimeFormat("syslog, colon millis, year", rf"{_MONTH}  ?\d{{1,2}} {_CLOCK}:\d{{1,3}} (?:19|20)\d{{2}}\b",
               "%b %e %H:%M:%S%.f %Y", has_colon_millis=True),
    TimeFormat("syslog, year first", rf"{_MONTH}  ?\d{{1,2}} \d{{4}} {_CLOCK}{_FRACTION}", "%b %e %Y %H:%M:%S%.f"),
    TimeFormat("syslog", rf"{_MONTH}  ?\d{{1,2}} {_CLOCK}{_FRACTION}", "%b %e %H:%M:%S%.f", has_year=False),
    TimeFormat("month day, year, half day", rf"{_MONTH} \d{{1,2}}, \d{{4}} {_CLOCK} [AP]M", "%b %e, %Y %I:%M:%S %p"),
    TimeFormat("month/day/year, half day", rf"\d{{1,2}}/\d{{1,2}}/\d{{4}},? {_CLOCK} [AP]M", "%m/%d/%Y %I:%M:%S %p",
               is_uncertain=True),
    TimeFormat("month/day/year", rf"\d{{1,2}}/\d{{1,2}}/\d{{4}} {_CLOCK}{_FRACTION}", "%m/%d/%Y %H:%M:%S%.f",
               is_uncertain=True),
    TimeFormat("month/day/year, dash", rf"\d{{2}}/\d{{2}}/\d{{4}}-{_CLOCK}\.\d{{6}}", "%m/%d/%Y-%H:%M:%S%.f",
               is_uncertain=True),
    TimeFormat("month/day, dash", rf"\d{{2}}/\d{{2}}-{_CLOCK}\.\d{{6}}", "%m/%d-%H:%M:%S%.f",
               has_year=False, is_uncertain=True),
    TimeFormat("day/month/year, dashes", rf"\d{{1,2}}/\d{{1,2}}/\d{{4}} -- {_CLOCK}", "%d/%m/%Y -- %H:%M:%S",
               is_uncertain=True),
    TimeFormat("two-digit year slash", rf"\d{{2}}/\d{{2}}/\d{{2}} {_CLOCK}{_FRACTION}", "%y/%m/%d %H:%M:%S%.f",
               is_uncertain=True),
    TimeFormat("compact dash", rf"20\d{{6}}-{_CLOCK_LOOSE}:\d{{1,3}}", "%Y%m%d-%H:%M:%S%.f", has_colon_millis=True),
    TimeFormat("compact", r"20\d{6} \d{6}", "%Y%m%d %H%M%S"),
    TimeFormat("compact iso", r"20\d{6}T\d{6}Z", "%Y%m%dT%H%M%S%#z", has_offset=True),
    TimeFormat("glog year", rf"20\d{{6}} {_CLOCK}(?:\.\d{{6}})?", "%Y%m%d %H:%M:%S%.f"),
    TimeFormat("year.month.day", rf"\d{{4}}\.\d{{2}}\.\d{{2}} {_CLOCK}{_FRACTION}", "%Y.%m.%d %H:%M:%S%.f"),
    TimeFormat("day.month.year", rf"\d{{2}}\.\d{{2}}\.\d{{4}} {_CLOCK}{_FRACTION}", "%d.%m.%Y %H:%M:%S%.f"),
    TimeFormat("glog", rf"\d{{4}} {_CLOCK}\.\d{{6}}", "%m%d %H:%M:%S%.f", has_year=False),
    TimeFormat("two-digit year compact, clock", rf"\d{{6}}  ?{_CLOCK}(?:\.\d{{6}})?", "%y%m%d %H:%M:%S%.f"),
    TimeFormat("two-digit year compact", r"\d{6} \d{6}", "%y%m%d %H%M%S"),
    TimeFormat("month-day", rf"\d{{2}}-\d{{2}} {_CLOCK}{_FRACTION}", "%m-%d %H:%M:%S%.f", has_year=False),
    TimeFormat("month.day", rf"\d{{2}}\.\d{{2}} {_CLOCK}{_FRACTION}", "%m.%d %H:%M:%S%.f",
               has_year=False, is_uncertain=True),
    TimeFormat("milliseconds of .NET", r"/Date\(\d{12,13}(?:[+-]\d{4})?\)/|\d{12,13}[+-]\d{4}", is_epoch=True),
    TimeFormat("epoch", r"1\d{9}(?:\d{3}|\d{6}|\d{9})?(?:\.\d{1,9})?", is_epoch=True),
)  # fmt: skip

CERTAIN_SHAPES = tuple(form.shape for form in TIME_FORMATS if not (form.is_epoch or form.is_uncertain))
ANY_TIME = f"(?:{'|'.join(CERTAIN_SHAPES)})"
"""A regular expression for a time in any of the shapes but a bare epoch, which looks like any number."""

CANONICAL = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}000\+0000"
CANONICAL_PATTERN = "%Y-%m-%dT%H:%M:%S%.6f000+0000"
"""The form in which times stand that were written in another way (see leading_times.py); no program writes it."""

UNREAD = "1900-01-00T00:00:00.000000000+0000"
"""What stands there where such a time cannot be read: the line behind it is an event without a time."""
