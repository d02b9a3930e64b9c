"""How dates, clocks and zones are written, and the expressions that are put together from them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from loganalytics.formats.time_formats import TimeFormat
from loganalytics.formats.times.calendar_names import MONTH_NUMBERS, WEEKDAYS
from loganalytics.formats.times.zone_names import ABBREVIATIONS


def any_of(words: Iterable[str]) -> str:
    """Return an expression for the longest of the words that fits, which decides at each character how to go on."""
    tails: dict[str, list[str]] = {}
    for word in sorted(set(words)):
        tails.setdefault(word[:1], []).append(word[1:])
    may_end = tails.pop("", None) is not None
    branches = [first + any_of(endings) for first, endings in tails.items()]
    if not may_end and len(branches) == 1:
        return branches[0]
    return f"(?:{'|'.join(branches)})" + ("?" if may_end else "") if branches else ""


_BLANK = "[ \u00a0\u202f]"
_LETTER = "[A-Za-z\u00aa-\u024f\u0370-\u03ff\u0400-\u04ff]"
_YEAR = "(?P<year>(?:19|20)[0-9]{2})"
_MONTH = "(?P<month>[0-9]{1,2})"
_DAY = "(?P<day>[0-9]{1,2})"
# Where a time has been found already, any word may be tried as a name.
_CJK_MONTH = "(?:十[一二]?|[一二三四五六七八九]|1[0-2]|[1-9])月"
NAME = f"(?P<name>{_LETTER}{{3,13}}|{_CJK_MONTH})[.]?"
WEEKDAY_NAME = f"{_LETTER}[{_LETTER[1:-1]}-]{{1,13}}[.]?"
_ORDINAL = "(?:st|nd|rd|th|er|[.ºª°])?"
_WEEKDAY = f"(?:{WEEKDAY_NAME},?(?:{_BLANK}+|, ?))?"
_OF = f"(?:(?:{_BLANK}+del?)?{_BLANK}+|[-/.,]{_BLANK}?|)"

_FRACTION = "(?:[.,](?P<fraction>[0-9]{1,9})|:(?P<millis>[0-9]{1,3}))?"
_HALF_BEFORE = f"(?:(?P<half_before>上午|下午|午前|午後|오전|오후){_BLANK}?)?"
_HALF = f"(?:{_BLANK}?(?P<half>[AaPp][.]?{_BLANK}?[Mm](?:[.]|\\b)|[上下]午))?"

_OFFSET = "[+-](?:0?[0-9]|1[0-5])(?::?[0-5][0-9])?(?::[0-5][0-9])?\\b"
_REGIONS = (
    "Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Brazil|Canada|Chile|Etc|Europe|Indian|Mexico|Pacific|US"
)
_IANA = f"(?:{_REGIONS})/[A-Za-z_]+(?:[/+-][A-Za-z0-9_]+)?"
_ABBREVIATION = "(?:[A-Z]{1,6}|МСК)\\b"
WRITTEN_ZONE = (
    f"(?:(?:GMT|UTC) ?[+-][0-9]{{1,2}}(?::?[0-9]{{2}})?\\b|{_ABBREVIATION}|{_IANA}|[+-][0-9]{{3}}\\b|{_OFFSET})"
)
# Behind an offset: the zone's name once more, and what Go's String() adds.
_NAMED_AGAIN = (
    f"(?:{_BLANK}?[(][A-Za-z][A-Za-z0-9 :+-]{{1,40}}[)]|{_BLANK}?\\[{_IANA}\\]| {_ABBREVIATION})?(?: m=[+-][0-9.]+)?"
)
ZONE = f"(?:{_BLANK}{{0,2}}(?P<zone>{WRITTEN_ZONE}|[(](?:{WRITTEN_ZONE})[)]|\\[(?:{_IANA}|UTC|Z)\\]){_NAMED_AGAIN})?"
_ZONE_BEHIND_YEAR = ZONE.replace("?P<zone>", "?P<zone_behind>")
_YEAR_LAST = f"(?:{_BLANK}+(?P<year_last>(?:19|20)[0-9]{{2}})\\b)?"

_WORD_BETWEEN = "(?:at|um|à|om|kl[.]?|klo|alle|às|в|o|las)"
BETWEEN = f"(?:[ \u00a0\tT_@|;,:/.\"'\\[\\]()-]{{1,4}}(?:{_WORD_BETWEEN}{_BLANK})?)"
_CJK_WEEKDAY = "(?:星期.|[(（].[)）]|[월화수목금토일月火水木金土日]曜?日?요?일?)?"

# Every form writes a year but those whose name says otherwise.
DATES = {
    "year-month-day": f"{_YEAR}[-/._ ]{_MONTH}[-/._ ]{_DAY}(?: ?[(（](?:.|{_LETTER}{{2,4}})[)）])?",
    "compact": "(?P<year>20[0-9]{2})(?P<month>[01][0-9])(?P<day>[0-3][0-9])",
    "numbers": "(?P<first>[0-9]{1,2})[-/.](?P<second>[0-9]{1,2})[-/.](?P<third>(?:19|20)[0-9]{2}|[0-9]{2})",
    "numbers without year": "(?P<first>[0-9]{1,2})[-/.](?P<second>[0-9]{1,2})[.]?",
    "compact numbers": "(?P<first>[0-9]{2})(?P<second>[0-9]{2})(?P<third>[0-9]{2})",
    "day name year": (
        f"{_DAY}{_ORDINAL}{_OF}{NAME}{_OF}(?P<year>(?:19|20)[0-9]{{2}}|[0-9]{{2}})(?: (?:г[.]|года|р[.]))?"
    ),
    "day name": f"{_DAY}{_ORDINAL}{_OF}{NAME}",
    "name day year": f"{NAME}[-/ ]{{1,2}}{_DAY}{_ORDINAL}(?:,? |[-/,]){_YEAR}",
    "name day": f"{NAME}[-/ ]{{1,2}}{_DAY}{_ORDINAL}",
    "year name day": f"{_YEAR}[-/. ]{NAME}[-/. ]{_DAY}",
    "day of year": f"{_YEAR}-(?P<day_of_year>[0-3][0-9]{{2}})",
    "day of week": f"{_YEAR}-?W(?P<week>[0-5][0-9])-?(?P<weekday>[1-7])",
    "year month day, marked": (
        f"(?P<year>(?:19|20)?[0-9]{{2}})[年년] ?{_MONTH}[月월] ?{_DAY}[日号號일]? ?{_CJK_WEEKDAY}"
    ),
    "year month day, dots": f"{_YEAR}[.] {_MONTH}[.] {_DAY}[.]",
}
_HOUR = "(?P<hour>[0-9]{1,2})"
_MINUTE = "(?P<minute>[0-9]{1,2})"
_SECOND = "(?P<sec>[0-9]{1,2})"
_DIGITS = "(?P<fraction>[0-9]{9}|[0-9]{6}|[0-9]{3})"
CLOCKS = {
    "colons": f"{_HALF_BEFORE}{_HOUR}:{_MINUTE}(?::{_SECOND}{_FRACTION})?{_HALF}",
    "marks": f"(?P<hour>[0-9]{{2}})[-._](?P<minute>[0-9]{{2}})[-._](?P<sec>[0-9]{{2}})(?:[.,:_-]{_DIGITS})?{_HALF}",
    "units": (
        f"{_HALF_BEFORE}{_HOUR} ?[hH時时点點시] ?{_MINUTE} ?(?:[mM分분] ?)?"
        f"(?:{_SECOND}(?:[.](?P<fraction>[0-9]{{1,9}}))?[sS秒초])?"
    ),
    "compact": f"(?P<hour>[0-2][0-9])(?P<minute>[0-5][0-9])(?P<sec>[0-6][0-9])(?:[.,:]?{_DIGITS})?{_HALF}",
}
# The minutes behind the clock are those that UTC is ahead of it.
_CMTRACE = (
    "(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2}):(?P<sec>[0-9]{2})[.](?P<fraction>[0-9]{3,7})(?P<bias>[+-][0-9]{1,4})?"
    '" date="(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})-(?P<year>[0-9]{4})'
)
# As Jackson writes a LocalDateTime; the last number is not padded.
_NUMBERS = (
    r"\[?(?P<year>(?:19|20)[0-9]{2}), ?(?P<month>[0-9]{1,2}), ?(?P<day>[0-9]{1,2}), ?(?P<hour>[0-9]{1,2})"
    r", ?(?P<minute>[0-9]{1,2})(?:, ?(?P<sec>[0-9]{1,2})(?:, ?(?P<nanos>[0-9]{1,9}))?)?\]?"
)
NAMELESS = re.compile(r"\?P<\w+>")
_CLOCK_ONLY = f"{_HOUR}:{_MINUTE}:{_SECOND}{_FRACTION}{_HALF}"
CLOCK_ONLY = TimeFormat("clock", NAMELESS.sub("?:", _CLOCK_ONLY), groups=f"^{_CLOCK_ONLY}$", is_clock=True)
"""A time of the day, for logs whose date is known from elsewhere."""
# Behind a time stands nothing that continues it.
BEHIND = "(?:[^0-9A-Za-z.,:+-]|[.,:+-](?:[^0-9]|$)|$)"


def has_year(date: str) -> bool:
    """Whether a form of date writes a year."""
    return date not in ("numbers without year", "day name", "name day")


def _between(date: str) -> str:
    if date.startswith("year month day"):
        return f"(?:{BETWEEN})?"
    return f"(?:{BETWEEN})?" if date == "compact" else BETWEEN


def _tail(date: str, clock: str) -> str:
    if has_year(date) or date.startswith("numbers"):
        return ZONE
    return ZONE + _YEAR_LAST + _ZONE_BEHIND_YEAR


@cache
def written_formats() -> tuple[TimeFormat, ...]:
    """Return the formats of the grammar: each date with each clock behind it, then each clock before a date."""
    date_first = [
        _format(f"{date}, {clock}", f"{_WEEKDAY}{DATES[date]}{_between(date)}{CLOCKS[clock]}{_tail(date, clock)}", date)
        for date in DATES
        for clock in CLOCKS
        if (clock == "colons" or not date.startswith("day of"))
        and (clock != "compact" or date in ("year-month-day", "compact", "numbers", "compact numbers"))
    ]
    clock_first = [
        _format(f"{clock}, {date}", f"{CLOCKS[clock]}{ZONE}{BETWEEN}{_WEEKDAY}{DATES[date]}", date)
        for date in DATES
        for clock in ("colons",)
        if has_year(date) and not date.startswith("compact")
    ]
    others = [
        TimeFormat(name, NAMELESS.sub("?:", groups), groups=f"^{groups}$")
        for name, groups in (("CMTrace", _CMTRACE), ("list of numbers", _NUMBERS))
    ]
    return (*date_first, *clock_first, *others)


def _format(name: str, groups: str, date: str) -> TimeFormat:
    return TimeFormat(name, NAMELESS.sub("?:", groups), groups=f"^{groups}$", has_year=has_year(date))


@cache
def any_written() -> str:
    """Return an expression for a time in any form of the grammar, with the names that there are."""
    dates = "|".join(DATES.values())
    clocks = "|".join(CLOCKS.values())
    clock_first = f"{CLOCKS['colons']}{ZONE}{BETWEEN}{_WEEKDAY}(?:{dates})"
    date_first = f"{_WEEKDAY}(?:{dates})(?:{BETWEEN})?(?:{clocks}){ZONE}(?:{_YEAR_LAST}{_ZONE_BEHIND_YEAR})"
    pattern = f"(?:{date_first}|{clock_first})"
    known_words = {
        NAME: f"(?i:{any_of(MONTH_NUMBERS)})[.]?",
        WEEKDAY_NAME: f"(?i:{any_of(WEEKDAYS)})[.]?",
        _ABBREVIATION: f"(?:{any_of(ABBREVIATIONS)})\\b",
    }
    for any_word, known in known_words.items():
        pattern = pattern.replace(any_word, known)
    return NAMELESS.sub("?:", pattern)
