"""How long something took, as an event reports it in a field or in its message."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

_MILLISECONDS = {
    **dict.fromkeys(("ns", "nanosec", "nanosecs", "nanosecond", "nanoseconds"), 1e-6),
    **dict.fromkeys(("us", "µs", "μs", "microsec", "microsecs", "microsecond", "microseconds"), 1e-3),
    **dict.fromkeys(("ms", "msec", "msecs", "millis", "millisec", "millisecs"), 1.0),
    **dict.fromkeys(("millisecond", "milliseconds"), 1.0),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1e3),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 6e4),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3.6e6),
}
_UNIT = "|".join(sorted(_MILLISECONDS, key=len, reverse=True))
_MILLISECOND_UNIT = "|".join(unit for unit, factor in _MILLISECONDS.items() if factor == 1.0)
_NUMBER = r"[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?"
_WORD_EDGE = r"(?-u:\b)"  # of ASCII words: the Unicode one keeps the regex engine from its fast path

# The branches are tried in this order at each position of the message, without captures: those are ten times slower,
# and are taken from the few characters that matched. What the first branch matches is planned ("retry in 5s",
# "timeout=30s"), not measured.
_PLANNED = r"(?:retry|again|expire|scheduled|sleep|wait|timeout|ttl|interval|every|due)"
_PHRASE = (
    rf"(?i){_PLANNED}[a-z_ ]{{0,16}}[:=]? ?{_NUMBER} ?(?:{_UNIT}){_WORD_EDGE}"
    # A key that names its unit: duration_ms=12, "elapsed_seconds": 1.5
    rf"|[_.](?:ms|msec|millis|seconds|secs|us|ns)[\"']?[=:] ?[\"']?{_NUMBER}{_WORD_EDGE}"
    # in 35.2ms, succeeded in 1.234s, duration: 123.456 ms, took 12 s
    rf"|{_WORD_EDGE}(?:in|took|after|elapsed|duration|latency|runtime|time)[\"']?[ =:]{{1,3}}[\"'(]?"
    rf"{_NUMBER} ?(?:{_UNIT}){_WORD_EDGE}"
    # 129 msecs: nothing but a duration is measured in milliseconds
    rf"|(?:^|[\s(\[=:,~\"']){_NUMBER} ?(?:{_MILLISECOND_UNIT}){_WORD_EDGE}"
)
_NUMBER_AND_UNIT = rf"(?i)(?:[_.](?P<key>[a-z]+)[\"'=: ]+)?(?P<number>{_NUMBER}) ?(?P<unit>[a-zµμ]*)$"


def duration_ms(columns: Iterable[str]) -> pl.Expr:
    """Return the expression for the duration of an event in milliseconds (Float64, null when it reports none).

    Takes the names of the frame's columns. Uses duration_ms and every column whose last dotted part is
    duration_ms, in this order; where these are null, what the message says: "in 35.2ms", "succeeded in 1.234s",
    "duration: 123.456 ms", "took 12 s", "duration_ms=12", "129 msecs"; of several, the first. What is planned rather
    than measured ("retry in 5s", "timeout=30s") does not count.

    Example:
        >>> logs = pl.DataFrame({"message": ["GET / in 35.2ms", "took 12 s", "user 12 logged in"]})
        >>> logs.select(duration_ms(logs.columns))["duration_ms"].to_list()
        [35.2, 12000.0, None]
    """
    fields = sorted(name for name in columns if name.rsplit(".", 1)[-1] == "duration_ms")
    fields.sort(key=lambda name: name != "duration_ms")
    values = [_measured(pl.col(name).cast(pl.Float64, strict=False)) for name in fields]
    if not values:
        return _from_message(pl.col("message")).alias("duration_ms")
    unmeasured = pl.when(pl.coalesce(values).is_null()).then("message")  # reading messages costs the most
    return pl.coalesce(*values, _from_message(unmeasured)).alias("duration_ms")


def to_milliseconds(duration: pl.Expr) -> pl.Expr:
    """Return a Duration as a number of milliseconds (Float64)."""
    return duration.dt.total_microseconds() / 1000


def _measured(value: pl.Expr) -> pl.Expr:
    return pl.when(value.is_finite() & (value >= 0)).then(value)


def _from_message(message: pl.Expr) -> pl.Expr:
    phrase = message.str.extract_all(_PHRASE).list.first()
    groups = phrase.str.replace(rf"(?i)^{_PLANNED}.*", "").str.extract_groups(_NUMBER_AND_UNIT)
    number = pl.field("number").str.replace_all(",", "", literal=True).cast(pl.Float64, strict=False)
    unit = pl.coalesce(pl.field("key"), pl.field("unit")).str.to_lowercase()
    factor = unit.replace_strict(_MILLISECONDS, default=None, return_dtype=pl.Float64)
    return groups.struct.with_fields(ms=number * factor).struct.field("ms")
