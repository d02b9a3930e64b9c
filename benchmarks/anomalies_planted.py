# ruff: noqa: E501  (the tables of what is logged read better in long lines)
"""Fourteen days of invented logs with thirty planted incidents of eight kinds, and which windows they fall in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

START = datetime(2025, 1, 6, tzinfo=UTC)  # a Monday
DAYS, MINUTES = 14, 14 * 1440
KINDS = (
    "error burst",
    "new error",
    "silence",
    "latency step",
    "latency creep",
    "brute force",
    "retry storm",
    "bad host",
)
HOSTS = 10

# service: (share of the traffic, its kinds of event: text, level, severity, share of the service's events, ms)
SERVICES = {
    "web": (0.45, [("GET /products/{} served", "INFO", 9, 0.6, 45.0), ("GET /cart/{} served", "INFO", 9, 0.25, 80.0),
                   ("session {} started", "INFO", 9, 0.13, None), ("slow client {} dropped", "WARNING", 13, 0.015, None),
                   ("upstream of request {} failed", "ERROR", 17, 0.005, None)]),
    "api": (0.3, [("order {} accepted", "INFO", 9, 0.5, 120.0), ("stock of item {} read", "INFO", 9, 0.4, 12.0),
                  ("cache miss on item {}", "DEBUG", 5, 0.085, None), ("deadlock in transaction {} retried", "WARNING", 13, 0.01, None),
                  ("order {} rejected: no stock", "ERROR", 17, 0.005, None)]),
    "auth": (0.1, [("user {} logged in", "INFO", 9, 0.8, 60.0), ("token {} renewed", "INFO", 9, 0.17, None),
                   ("failed login of user {}", "WARNING", 13, 0.03, None)]),
    "billing": (0.06, [("invoice {} created", "INFO", 9, 0.7, 300.0), ("payment {} booked", "INFO", 9, 0.28, 900.0),
                       ("payment {} declined", "ERROR", 17, 0.02, None)]),
    "worker": (0.09, [("job {} finished", "INFO", 9, 0.6, 2000.0), ("job {} queued", "INFO", 9, 0.39, None),
                      ("job {} timed out", "ERROR", 17, 0.01, None)]),
}  # fmt: skip
NEW = ("connection pool of shard {} exhausted", "certificate of peer {} has expired", "checksum of block {} differs",
       "schema version {} not supported", "disk quota of volume {} reached")  # fmt: skip


@dataclass(frozen=True)
class Incident:
    kind: str
    service: str
    host: str | None
    begin: int  # minutes since START
    end: int
    size: float
    cause: str  # what a true first reason mentions, as a regular expression


def rhythm(service: str) -> np.ndarray:
    """Return the rate of a service by the minute: by day, by week, with a mean of 1."""
    minute = np.arange(MINUTES)
    late = {"web": 0, "api": 0.3, "auth": -1, "billing": -3, "worker": 2}[service]
    daily = 0.25 + 0.75 * (0.5 - 0.5 * np.cos((minute / 60 - 3 - late) / 24 * 2 * np.pi)) ** 1.3
    weekend = (minute // 1440) % 7 >= 5
    rate = daily * np.where(weekend, 0.5 if service in ("billing", "api") else 0.8, 1.0)
    return rate / rate.mean()


def plant(rng: np.random.Generator, number: int = 30, first: int = 3 * 1440) -> list[Incident]:
    """Return incidents, apart from one another, none in the first three days."""
    gap = (MINUTES - first) // number
    kinds = [KINDS[i % len(KINDS)] for i in range(number)]
    rng.shuffle(kinds)
    incidents = []
    for place, kind in enumerate(kinds):
        longest = min(gap - 60, {"latency creep": 420, "silence": 120}.get(kind, 240))
        length = int(rng.integers(*{"latency creep": (180, longest), "brute force": (15, 90), "retry storm": (15, 90),
                                    "error burst": (15, 120), "new error": (20, longest)}.get(kind, (30, longest))))  # fmt: skip
        begin = first + place * gap + int(rng.integers(0, gap - length - 30))
        incidents.append(_incident(kind, begin, begin + length, rng))
    return incidents


def word(text: str) -> str:
    """Return a regular expression for what was logged."""
    return text.replace("{}", ".*")


def _incident(kind: str, begin: int, end: int, rng: np.random.Generator) -> Incident:
    some = {"brute force": ["auth"], "retry storm": ["web", "api"], "bad host": ["web", "api"],
            "silence": ["api", "auth", "billing", "worker"], "error burst": ["web", "api", "billing", "worker"],
            "latency step": ["web", "api", "billing", "worker"], "latency creep": ["web", "api", "worker"]}  # fmt: skip
    service = str(rng.choice(some.get(kind, list(SERVICES))))
    host = f"host-{rng.integers(HOSTS):02}" if kind == "bad host" else None
    size = {"error burst": rng.uniform(10, 40), "new error": rng.uniform(1, 6), "latency step": rng.uniform(2, 4),
            "latency creep": rng.uniform(3, 5), "brute force": rng.uniform(20, 80), "retry storm": rng.uniform(2, 5),
            "bad host": rng.uniform(0.3, 0.8)}.get(kind, 0.0)  # fmt: skip
    error = next((text for text, level, *_ in SERVICES[service][1] if level == "ERROR"), "")
    cause = {"error burst": f"{word(error)}|error", "new error": "|".join(map(word, NEW)) + "|unseen|never seen|error",
             "silence": f"^events|^service:{service}|silen", "latency step": "duration", "latency creep": "duration",
             "brute force": "failed login", "retry storm": "retry",
             "bad host": f"{host}|error|{word(error)}"}[kind]  # fmt: skip
    return Incident(kind, service, host, begin, end, float(size), cause)


def generate(seed: int, per_second: float = 0.8) -> tuple[pl.DataFrame, list[Incident]]:
    """Return the log frame and its incidents; about so many events a second over all services."""
    rng = np.random.default_rng(seed)
    incidents = plant(rng)
    parts = [_ordinary(service, per_second, incidents, rng) for service in SERVICES]
    parts += [_nightly(per_second, rng), *(_extra(incident, per_second, rng) for incident in incidents)]
    parts = [part for part in parts if part.height]
    events = pl.concat(parts).sort("timestamp")
    core = pl.lit(None, pl.String)
    return events.with_columns(exception=core, trace_id=core, source=core, offset=core), incidents


def _ordinary(service: str, per_second: float, incidents: list[Incident], rng: np.random.Generator) -> pl.DataFrame:
    share, kinds = SERVICES[service]
    rate = 60 * per_second * share * rhythm(service) * rng.gamma(60, 1 / 60, MINUTES)
    slow = np.ones(MINUTES)
    for one in incidents:
        inside = slice(one.begin, one.end)
        if one.service == service and one.kind == "silence":
            rate[inside] = 0
        if one.service == service and one.kind == "latency step":
            slow[inside] = one.size
        if one.service == service and one.kind == "latency creep":
            slow[inside] = 1 + (one.size - 1) * np.linspace(0, 1, one.end - one.begin)
    frames = []
    for text, level, severity, part, ms in kinds:
        minutes = np.repeat(np.arange(MINUTES), rng.poisson(rate * part))
        frames.append(_events(service, text, level, severity, minutes, rng, None if ms is None else ms * slow[minutes]))
    frame = pl.concat(frames)
    return _bad_hosts(frame, service, kinds, incidents, rng)


def _bad_hosts(frame: pl.DataFrame, service: str, kinds: list, incidents: list[Incident], rng) -> pl.DataFrame:  # type: ignore[no-untyped-def]
    """Turn a share of what a bad host does into errors."""
    error = next((text for text, level, *_ in kinds if level == "ERROR"), "")
    for one in incidents:
        if one.kind != "bad host" or one.service != service:
            continue
        times = [START + timedelta(minutes=m) for m in (one.begin, one.end)]
        at = (pl.col("host") == one.host) & pl.col("timestamp").is_between(*times, closed="left")
        hit = at & (pl.Series(rng.random(frame.height)) < one.size)
        frame = frame.with_columns(
            message=pl.when(hit).then(pl.lit(error.format(4711))).otherwise("message"),
            level=pl.when(hit).then(pl.lit("ERROR")).otherwise("level"),
            severity_number=pl.when(hit).then(pl.lit(17, pl.UInt8)).otherwise("severity_number"),
            duration_ms=pl.when(hit).then(None).otherwise("duration_ms"),
        )
    return frame


def _extra(one: Incident, per_second: float, rng: np.random.Generator) -> pl.DataFrame:
    """Return the events that an incident adds."""
    span = np.arange(one.begin, one.end)
    share, kinds = SERVICES[one.service]
    usual = 60 * per_second * share * rhythm(one.service)[span]
    if one.kind == "error burst":
        text, *_, part, _ = next(kind for kind in kinds if kind[1] == "ERROR")
        rate = np.maximum(usual * part * one.size, 2.0)
        return _events(one.service, text, "ERROR", 17, np.repeat(span, rng.poisson(rate)), rng)
    if one.kind == "new error":
        text = NEW[one.begin % len(NEW)].replace("{}", f"{{}} in step s{one.begin}x")
        return _events(one.service, text, "ERROR", 17, np.repeat(span, rng.poisson(one.size, len(span))), rng)
    if one.kind == "brute force":
        rate = np.maximum(usual * 0.03 * one.size, 6.0)
        return _events("auth", "failed login of user {}", "WARNING", 13, np.repeat(span, rng.poisson(rate)), rng)
    if one.kind == "retry storm":
        rate = np.maximum(usual * one.size, 10.0)
        return _events(
            one.service, "retrying call {} to upstream", "WARNING", 13, np.repeat(span, rng.poisson(rate)), rng
        )
    return _events(one.service, "", "", 0, span[:0], rng)


def _nightly(per_second: float, rng: np.random.Generator) -> pl.DataFrame:
    """Return the nightly batch: half an hour from two o'clock, with warnings, and longer on Sundays."""
    minutes = np.arange(MINUTES)
    clock, day = minutes % 1440, minutes // 1440
    late = rng.integers(0, 4, DAYS + 1)[day]
    on = (clock >= 120 + late) & (clock < 150 + late + 20 * (day % 7 == 6))
    rate = np.where(on, 60 * max(per_second, 0.3), 0)
    frames = [
        _events("batch", text, level, severity, np.repeat(minutes, rng.poisson(rate * part)), rng, ms)
        for text, level, severity, part, ms in (
            ("row {} exported", "INFO", 9, 0.9, None), ("row {} skipped: no owner", "WARNING", 13, 0.08, None),
            ("row {} not written", "ERROR", 17, 0.02, None),
        )
    ]  # fmt: skip
    return pl.concat(frames)


def _events(service: str, text: str, level: str, severity: int, minutes: np.ndarray, rng, ms=None) -> pl.DataFrame:  # type: ignore[no-untyped-def]
    n = len(minutes)
    us = ((minutes + rng.random(n)) * 60e6).astype(np.int64)
    took = np.full(n, np.nan) if ms is None else np.broadcast_to(ms, n) * rng.lognormal(0, 0.45, n)
    before, _, after = text.partition("{}")
    return pl.DataFrame(
        {
            "timestamp": pl.Series(us + int(START.timestamp() * 1e6)).cast(pl.Datetime("us", "UTC")),
            "n": rng.integers(1000, 999_999, n),
            "host": rng.integers(0, HOSTS, n),
            "duration_ms": pl.Series(took).fill_nan(None),
        }
    ).select(
        "timestamp",
        severity_number=pl.lit(severity, pl.UInt8),
        level=pl.lit(level),
        service=pl.lit(service),
        logger=pl.lit(f"{service}.main"),
        message=pl.format("{}{}{}", pl.lit(before), "n", pl.lit(after)),
        host=pl.format("host-{}", pl.col("host").cast(pl.String).str.zfill(2)),
        duration_ms="duration_ms",
    )


def truth(incidents: list[Incident], every: int = 5) -> pl.DataFrame:
    """Return window, incident and whether it counts: one row a window that an incident touches.

    A window counts for recall when the incident covers at least half of it; a creep from where durations are
    half as long again as usual. The windows that it only touches, the rest of a creep, and one window after (what
    piles up) count neither for nor against.
    """
    rows = []
    for number, one in enumerate(incidents):
        begin = one.begin
        if one.kind == "latency creep":
            begin = one.begin + int((one.end - one.begin) * 0.5 / (one.size - 1))
        for window in range(one.begin // every, (one.end - 1) // every + 2):
            low, high = max(window * every, begin), min((window + 1) * every, one.end)
            rows.append((window, number, high - low >= every / 2))
    frame = pl.DataFrame(rows, schema=["number", "incident", "counts"], orient="row")
    start = pl.lit(START) + pl.col("number") * pl.duration(minutes=every)
    return frame.with_columns(window=start.cast(pl.Datetime("us", "UTC")))
