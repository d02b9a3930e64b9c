"""Which fields of records say how long an event took, in which unit, and the expression that reads them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from loganalytics.formats.fields.aliases import (
    FieldPath,
    fields_by_name,
    fold_path,
    named_field,
    with_last_parts,
)

_MS_PER_UNIT = {"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1e3, "min": 6e4}
_UNIT_NAMES = {1e-6: "ns", 1e-3: "us", 1.0: "ms", 1e3: "s", 6e4: "min"}

# What a duration is called, once words are in small letters with "_" between them.
_SPAN = (
    r"(?:duration|latency|elapsed|elapsed_time|took|runtime|run_time|time_taken|cost|cost_time|rt|rtt|qtime"
    r"|(?:request|response|resp|req|process|processing|execution|exec|total|query|handler|handling|http|job|task|call"
    r"|api|server|service|operation|op|command|transaction|roundtrip|round_trip|upstream_response|turnaround"
    r"|turn_around|wall)_(?:time|duration|latency|elapsed|cost)|time_elapsed|time_spent|time_cost|dauer|durée|duree"
    r"|duracion|duración"
    r"|duração|duracao|durata|длительность|耗时|用时|耗時|処理時間|所要時間|响应时间|执行时间|처리시간)"
).replace("_", "_?")
_UNIT_WORDS = (
    r"_?(?P<ms>ms|msecs?|millis?|milli_?seconds?|毫秒)|_?(?P<us>us|usecs?|µs|μs|micros?|micro_?seconds?|微秒)"
    r"|_?(?P<ns>ns|nsecs?|nanos?|nano_?seconds?|纳秒)|_(?P<s>s|secs?|seconds?|sek|秒)|_(?P<min>mins?|minutes?|分钟?)"
)
# Expressions of Python are compiled when a file needs them: most files do not.
_NAMED_SPAN = rf"^{_SPAN}$"
_NAMED_UNIT = rf"^{_SPAN}(?:_?in(?=_))?(?:{_UNIT_WORDS})$"
_UNIT_ALONE = r"^(?:ms|millis|milliseconds|durationms|took_?ms|time_?ms)$"

# Fields whose unit a field beside them makes certain: name, milliseconds, one of these neighbours, whose it is.
_UNITS_BY_NEIGHBOUR: tuple[tuple[str, float, frozenset[str], str], ...] = (
    ("event.duration", 1e-6, frozenset({"@timestamp"}), "ECS"),
    ("duration", 1e3, frozenset({"respheaders", "bytesread"}), "Caddy"),
    ("duration", 1e3, frozenset({"request.remoteip", "request.remoteaddr"}), "Caddy"),
    ("requesttime", 1e3, frozenset({"bodybytessent", "bytessent", "httpuseragent", "httpreferer", "timelocal",
                                    "timeiso8601", "upstreamresponsetime", "upstreamaddr", "remoteaddr"}), "nginx"),
    ("requesttime", 1.0, frozenset({"contentlength", "remoteaddress"}), "Dropwizard"),
    ("responsetime", 1.0, frozenset({"res.statuscode", "meta.res.statuscode", "req.method"}), "pino-http"),
    ("duration", 1e-6, frozenset({"downstreamstatus", "originduration", "routername"}), "Traefik"),
    ("duration", 1.0, frozenset({"responseflags", "upstreamhost", "upstreamservicetime", "upstreamcluster"}), "Envoy"),
    ("duration", 1.0, frozenset({"controller", "lograge"}), "Rails"),
    ("duration", 1e3, frozenset({"jid"}), "Sidekiq"),
    ("elapsed", 1e3, frozenset({"jid"}), "Sidekiq"),
    ("elapsed", 1.0, frozenset({"requestmethod", "requestpath"}), "Serilog"),
    ("properties.elapsed", 1.0, frozenset({"properties.requestmethod", "properties.requestpath"}), "Serilog"),
    ("took", 1.0, frozenset({"timedout", "shards.total", "totalshards", "tookmillis", "searchtype"}), "Elasticsearch"),
    ("latency", 1e-6, frozenset({"latencyhuman"}), "Echo"),
    ("latencies.request", 1.0, frozenset({"latencies.proxy", "latencies.kong"}), "Kong"),
    ("latency", 1.0, frozenset({"apisixlatency", "upstreamlatency"}), "APISIX"),
    ("timetaken", 1e3, frozenset({"xedgelocation", "backendpoolname", "listenername"}), "CloudFront"),
    ("timetaken", 1.0, frozenset({"scstatus", "csmethod", "csuristem"}), "IIS"),
    ("responselatency", 1.0, frozenset({"integrationlatency", "apiid", "requestid"}), "API Gateway"),
    ("querytime", 1e3, frozenset({"locktime", "rowsexamined"}), "MySQL"),
    ("service", 1.0, frozenset({"dyno"}), "Heroku"),
    ("turnaroundtime", 1.0, frozenset({"bucket", "bytessent"}), "S3"),
    ("totaltime", 1.0, frozenset({"bucketowner", "turnaroundtime"}), "S3"),
)  # fmt: skip
_LAST_PARTS = {name.rsplit(".", 1)[-1] for name, *_ in _UNITS_BY_NEIGHBOUR}
_CERTAIN_NAMES = {"qtime": 1.0}  # Solr
_QUIET_NAMES = {"cost", "rt", "rtt"}  # as often something else

_HOURS = r"([0-9]+(?:\.[0-9]+)?) ?(?:h|hrs?|hours?|std|stunden?|小时|時間|시간)(?:[^a-zµμ]|$)"
_MINUTES = r"([0-9]+(?:\.[0-9]+)?) ?(?:m|mins?|minutes?|minuten?|分钟?|分鐘|분)(?:[^a-zµμ]|$)"
_PARTS = (
    (r"([0-9]+(?:\.[0-9]+)?) ?(?:d|days?|天|日)(?:[^a-zµμ]|$)", 8.64e7),
    (_HOURS, 3.6e6),
    (_MINUTES, 6e4),
    (r"([0-9]+(?:\.[0-9]+)?) ?(?:s|secs?|seconds?|sek|sekunden?|秒钟?|秒|초)(?:[^a-zµμ]|$)", 1e3),
    (r"([0-9]+(?:\.[0-9]+)?) ?(?:ms|msecs?|millis?|milliseconds?|毫秒|ミリ秒)(?:[^a-zµμ]|$)", 1.0),
    (r"([0-9]+(?:\.[0-9]+)?) ?(?:us|µs|μs|usecs?|micros?|microseconds?|微秒)(?:[^a-zµμ]|$)", 1e-3),
    (r"([0-9]+(?:\.[0-9]+)?) ?(?:ns|nsecs?|nanos?|nanoseconds?|纳秒)(?:[^a-zµμ]|$)", 1e-6),
)
_UNIT_SPELLINGS = (
    r"(?:d|days?|h|hrs?|hours?|std|stunden?|m|mins?|minutes?|minuten?|s|secs?|seconds?|sek|sekunden?|ms|msecs?|millis?"
    r"|milliseconds?|us|µs|μs|usecs?|micros?|microseconds?|ns|nsecs?|nanos?|nanoseconds?|天|日|小时|時間|시간|分钟|分鐘|分|분"
    r"|秒钟|秒|초|毫秒|ミリ秒|微秒|纳秒)"
)
_WITH_UNITS = rf"^(?:p(?:[0-9]+d)?t?)?(?:[0-9]+(?:\.[0-9]+)? ?{_UNIT_SPELLINGS},? ?)+$"
# A number and one unit, which is how most are written.
_SUFFIXES = (("ms", 1.0), ("µs", 1e-3), ("us", 1e-3), ("ns", 1e-6), ("s", 1e3), ("毫秒", 1.0), ("秒", 1e3), ("m", 6e4))
_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_TIME_SPAN = r"^(?:([0-9]+)(?: days?, |[. ]))?([0-9]{1,3}):([0-9]{2}):([0-9]{2}(?:\.[0-9]+)?)$"


@dataclass(frozen=True, kw_only=True)
class DurationFields:
    """The fields that say how long an event took, the likelier first."""

    factors: Mapping[FieldPath, float] = field(default_factory=dict)
    """How many milliseconds the unit of each is; where the values name a unit themselves, that counts."""
    guesses: tuple[str, ...] = ()


def duration_fields(values: Mapping[FieldPath, Sequence[str]], hints: Mapping[str, float]) -> DurationFields:
    """Return the fields that are durations, given the sampled values of all fields as text.

    `hints` are those of which the user says how many milliseconds their unit is.
    """
    names = fields_by_name(values)
    factors = {path: factor for name, factor in hints.items() if (path := named_field(name, names))}
    guesses: list[str] = []
    for path in values:
        if path in factors or not (name := _span_name(path)):
            continue
        factor, guess = _unit(path, name, values[path], names)
        if factor is not None:
            factors[path] = factor
        guesses += guess
    return DurationFields(factors=factors, guesses=tuple(guesses))


def _span_name(path: FieldPath) -> str | None:
    """Return the name of a field that may be a duration, in small letters with "_" between its words."""
    if "elapsed" in path and path[0] == "record":  # loguru's, since the program's start
        return None
    *owners, last = ".".join(path).split(".")
    leaf = _words(last)
    joined = f"{_words(owners[-1])}_{leaf}" if owners else leaf
    for name in (leaf, joined):
        if any(re.match(pattern, name) for pattern in (_NAMED_SPAN, _NAMED_UNIT, _UNIT_ALONE)):
            return name
    is_known = fold_path(path).rsplit(".", 1)[-1] in _LAST_PARTS and any(
        _is_called(path, name) for name, *_ in _UNITS_BY_NEIGHBOUR
    )
    return leaf if is_known else None


def _is_called(path: FieldPath, name: str) -> bool:
    """Whether a field has a folded name, in whichever object it is."""
    folded = fold_path(path)
    return folded == name or folded.endswith(f".{name}")


def _words(name: str) -> str:
    spaced = re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()
    return re.sub(r"[-. ]+", "_", spaced.replace("(", " ").replace(")", "").replace("[", " ").replace("]", "").strip())


def _unit(path: FieldPath, name: str, texts: Sequence[str], names: Collection[str]) -> tuple[float | None, list[str]]:
    """Return the milliseconds of a duration's unit, None where the field is not to be read, and what is told of it."""
    numbers = [text for text in texts if _NUMBER.fullmatch(text)]
    unit = re.match(_NAMED_UNIT, name)
    factor = _MS_PER_UNIT[str(unit.lastgroup)] if unit else 1.0 if re.match(_UNIT_ALONE, name) else None
    if len(numbers) < len(texts):
        have_units = {is_duration(text) for text in {*texts} - {"", "-", *numbers}}
        if False in have_units or (factor is None and numbers and not have_units):
            return None, []
        return (factor or 1.0, []) if have_units or factor else (None, [])
    if factor is not None or name in _CERTAIN_NAMES:
        return factor or _CERTAIN_NAMES[name], []
    whose = _neighbours_unit(path, names)
    shown = ".".join(path)
    if whose:
        return whose[0], [f'"{shown}" read as a duration in {_UNIT_NAMES[whose[0]]}, as {whose[1]} writes it']
    if not numbers or name in _QUIET_NAMES:
        return None, []
    return None, [f'"{shown}" may be a duration: its unit is not known. Hint: duration={{"{shown}": "s"}}']


def _neighbours_unit(path: FieldPath, names: Collection[str]) -> tuple[float, str] | None:
    neighbours = with_last_parts(names)
    for name, factor, others, whose in _UNITS_BY_NEIGHBOUR:
        if not _is_called(path, name):
            continue
        if others & neighbours or any(n.startswith(f"{o}.") for o in others for n in neighbours):
            return factor, whose
    return None


def is_duration(text: str) -> bool:
    """Whether a text is a duration that names its units: 250ms, 1m30s, PT1.25S, 00:00:01.25, 3分20秒."""
    lower = text.strip().lower()
    is_days = re.fullmatch(r"[0-9.]+ ?(?:d|days?|天|日|w|y)", lower) is not None  # how long something is kept
    return not is_days and bool(re.match(_WITH_UNITS, lower) or re.match(_TIME_SPAN, lower))


def milliseconds(duration: pl.Expr, factor: float) -> pl.Expr:
    """Return the expression for a duration in milliseconds: text that names its units, or a number of `factor` ms."""
    return duration.cast(pl.String).map_batches(
        lambda texts: _read_milliseconds(texts, factor), return_dtype=pl.Float64, is_elementwise=True
    )


def _read_milliseconds(texts: pl.Series, factor: float) -> pl.Series:
    """Read one way to write a duration after the other, each where the ones before it read nothing."""
    durations = pl.Series(texts.name, [None], dtype=pl.Float64).new_from_index(0, texts.len())
    first = str(texts.drop_nulls().head(1).to_list()[0]) if texts.null_count() < texts.len() else ""
    ways = (("", factor), *_SUFFIXES)
    for suffix, unit in sorted(ways, key=lambda way: not way[0] or not first.endswith(way[0])):
        unread = texts if durations.null_count() == durations.len() else texts.filter(durations.is_null())
        if unread.null_count() == unread.len():
            return durations
        numbers = unread.str.strip_suffix(suffix).cast(pl.Float64, strict=False) * unit
        durations = numbers if unread is texts else durations.scatter(durations.is_null().arg_true(), numbers)
    unread_rows = (durations.is_null() & texts.is_not_null()).arg_true()
    if not unread_rows.len():
        return durations
    composed = texts.gather(unread_rows).alias("text").to_frame().select(_composed(pl.col("text"))).to_series()
    return durations.scatter(unread_rows, composed)


def _composed(duration: pl.Expr) -> pl.Expr:
    """Return the expression for durations of several parts: 1m30s, PT1.25S, 00:00:01.25, 3分20秒."""
    text = duration.str.strip_chars().str.to_lowercase()
    span = text.str.extract_groups(_TIME_SPAN)
    groups = [span.struct.field(str(n)).cast(pl.Float64, strict=False) for n in (1, 2, 3, 4)]
    of_span = groups[0].fill_null(0) * 8.64e7 + groups[1] * 3.6e6 + groups[2] * 6e4 + groups[3] * 1e3
    parts = [
        text.str.extract(pattern).cast(pl.Float64, strict=False).fill_null(0.0) * milliseconds_of_part
        for pattern, milliseconds_of_part in _PARTS
    ]
    return pl.coalesce(of_span, pl.when(text.str.contains(_WITH_UNITS)).then(pl.sum_horizontal(parts)))
