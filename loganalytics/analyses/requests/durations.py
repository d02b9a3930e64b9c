"""How long something took, as an event reports it in a field or in its message."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from loganalytics.formats.fields.durations import milliseconds

_MILLISECONDS = {
    **dict.fromkeys(("ns", "nanosec", "nanosecs", "nanosecond", "nanoseconds", "纳秒"), 1e-6),
    **dict.fromkeys(("us", "µs", "μs", "microsec", "microsecs", "microsecond", "microseconds", "微秒"), 1e-3),
    **dict.fromkeys(("ms", "msec", "msecs", "millis", "millisec", "millisecs", "毫秒", "ミリ秒", "мс"), 1.0),
    **dict.fromkeys(("millisecond", "milliseconds", "millisekunden", "millisecondes", "milisegundos"), 1.0),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds", "sek", "sekunde", "sekunden", "秒", "秒钟", "초"), 1e3),
    **dict.fromkeys(("seconde", "secondes", "segundo", "segundos", "secondi", "сек", "секунд", "секунды"), 1e3),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes", "minuten", "minutos", "мин", "минут", "минуты"), 6e4),
    **dict.fromkeys(("分", "分钟", "分鐘", "분"), 6e4),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours", "std", "stunde", "stunden", "小时", "時間", "시간"), 3.6e6),
}
_UNIT = "|".join(sorted(_MILLISECONDS, key=len, reverse=True))
_MILLISECOND_UNIT = "|".join(unit for unit, factor in _MILLISECONDS.items() if factor == 1.0)
_NUMBER = r"[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?"
_WORD_EDGE = r"(?-u:\b)"  # of ASCII words: the Unicode one keeps the regex engine from its fast path
_AMOUNT = rf"{_NUMBER} ?(?:{_UNIT})"
# 1m30s, 1h 2m, 3分20秒; PT1.25S; 00:00:01.25
_SEVERAL = rf"{_AMOUNT}(?:,? ?{_AMOUNT})+"
_ISO_OR_CLOCK = r"P(?:[0-9]+D)?T[0-9][0-9.HMS]*|[0-9]{1,3}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?"

# The branches are tried in this order at each position of the message, without captures: those are ten times slower,
# and are taken from the few characters that matched. What the first branches match is planned ("retry in 5s",
# "timeout=30s", 5秒后重试), not measured.
_PLANNED = (
    r"(?:retry|retries|again|expire|scheduled|sleep|wait|timeout|ttl|interval|every|due|delay|backoff|backing off"
    r"|next (?:attempt|try|run|poll|check)|(?:restart|reconnect)(?:ing|s)?(?-u:\b)|start(?:ing|s)"
    r"|clos(?:ing|es)|shut(?:ting|s)? ?down|resum(?:ing|es)"
    r"|(?:will|going to) [a-z]+|erneut|neustart)"
)
_PLANNED_CJK = rf"(?:[将將]在?|每隔?|间隔|間隔|超时|超時|等待|延迟|延遲) ?[时時间間为為:：=]*? ?{_NUMBER} ?(?:{_UNIT})"
_MEASURED_CJK = (
    r"(?:[耗用费費花]时间?|[耗用费費花]時間?|花费|花費|历时|歷時|持续|共计|处理时间|执行时间|响应时间|処理時間|所要時間|経過時間"
    r"|소요 ?시간|耗费|заняло|длительность|выполнено за)"
)
_MEASURED = (
    r"(?:in|took|taken|after|elapsed|duration|latency|runtime|time|lasted|dauerte|dauer|durée|duree|duración|duracion"
    r"|tardó|nach)"
)
_PLAN = (
    rf"{_PLANNED}[a-z_ ]{{0,16}}[:=]? ?(?:{_SEVERAL}|{_AMOUNT}){_WORD_EDGE}"
    rf"|{_PLANNED_CJK}|{_AMOUNT}(?:之?后|之?後|以内|内に|后)"
)
_PHRASE = (
    rf"(?i){_PLAN}"
    # A key that names its unit: duration_ms=12, "elapsed_seconds": 1.5
    rf"|[_.](?:ms|msec|millis|seconds|secs|us|ns)[\"']?[=:] ?[\"']?{_NUMBER}{_WORD_EDGE}"
    # in 35.2ms, succeeded in 1.234s, duration: 123.456 ms, took 12 s, in 1m30s
    rf"|{_WORD_EDGE}{_MEASURED}[\"']?[ =:]{{1,3}}[\"'(]?(?:{_ISO_OR_CLOCK}|{_SEVERAL}|{_AMOUNT}){_WORD_EDGE}"
    # 耗时0.25秒
    rf"|{_MEASURED_CJK}(?:了|约|約|[ :：=为為])*(?:{_ISO_OR_CLOCK}|{_SEVERAL}|{_AMOUNT})"
    # 129 msecs: nothing but a duration is measured in milliseconds
    rf"|(?:^|[\s(\[=:,~\"'：，（]){_NUMBER} ?(?:{_MILLISECOND_UNIT}){_WORD_EDGE}"
)
_NUMBER_AND_UNIT = rf"(?i)(?:[_.](?P<key>[a-z]+)[\"'=: ]+)?(?P<number>{_NUMBER}) ?(?P<unit>[^\W\d_]*)$"
_COMPOSED = rf"(?i)({_ISO_OR_CLOCK}|{_SEVERAL})$"


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
    return message.map_batches(_read_messages, return_dtype=pl.Float64, is_elementwise=True)


def _read_messages(messages: pl.Series) -> pl.Series:
    """Read the durations of messages; what follows the search for phrases is done for the few that have one."""
    phrases = messages.str.extract_all(_PHRASE).list.first()
    durations = pl.Series(messages.name, [None], dtype=pl.Float64).new_from_index(0, messages.len())
    rows = phrases.is_not_null().arg_true()
    return durations.scatter(rows, _read_phrases(phrases.gather(rows))) if rows.len() else durations


def _read_phrases(phrases: pl.Series) -> pl.Series:
    phrase = pl.when(~pl.col("phrase").str.contains(rf"(?i)^(?:{_PLAN})")).then("phrase")
    groups = phrase.str.extract_groups(_NUMBER_AND_UNIT)
    number = pl.field("number").str.replace_all(",", "", literal=True).cast(pl.Float64, strict=False)
    unit = pl.coalesce(pl.field("key"), pl.field("unit")).str.to_lowercase()
    factor = unit.replace_strict(_MILLISECONDS, default=None, return_dtype=pl.Float64)
    single = groups.struct.with_fields(ms=number * factor).struct.field("ms")
    composed = milliseconds(phrase.str.extract(_COMPOSED), 1.0)
    return phrases.alias("phrase").to_frame().select(pl.coalesce(composed, single)).to_series()
