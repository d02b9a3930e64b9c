# ruff: noqa: E501  (the tables of what is logged read better in long lines)
"""Invented logs of many shapes, clean and with one trouble planted in each, and what a true finding mentions."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

HOUR, DAY = 60, 1440  # minutes

# Kinds of event: text, level, share of the service's events, usual milliseconds or None.
Kind = tuple[str, str, float, float | None]
SERVICES: dict[str, list[Kind]] = {
    "api": [
        ("GET /api/orders/{n} {s} in {d}ms", "INFO", 0.4, 40),
        ("GET /api/users/{n} {s} in {d}ms", "INFO", 0.3, 25),
        ("POST /api/cart {s} in {d}ms", "INFO", 0.2, 60),
        ("cache miss for key user:{n}", "WARNING", 0.06, None),
        ("upstream timeout after {n} ms", "ERROR", 0.003, None),
    ],
    "auth": [
        ("login ok for user {n}", "INFO", 0.7, None),
        ("token {h} renewed", "INFO", 0.27, None),
        ("failed login for user {n}", "WARNING", 0.02, None),
    ],
    "worker": [
        ("task {n} processed in {d} ms", "INFO", 0.6, 300),
        ("task {n} queued", "INFO", 0.38, None),
        ("task {n} failed: no such file /data/{h}.bin", "ERROR", 0.004, None),
    ],
    "订单服务": [
        ("订单{n}创建成功，金额{n}元", "INFO", 0.6, None),
        ("库存查询完成，耗时{d}毫秒", "INFO", 0.35, 30),
        ("库存不足：商品{n}", "WARNING", 0.03, None),
        ("支付回调失败：订单{n}", "ERROR", 0.004, None),
    ],
    "mail": [("mail {h} sent to user {n}", "INFO", 0.9, None), ("bounce from user {n}", "WARNING", 0.05, None)],
}
SEVERITY = {"DEBUG": 5, "INFO": 9, "WARNING": 13, "ERROR": 17, "CRITICAL": 21}
NEW_ERRORS = (
    "connection pool exhausted on shard {n}",
    "certificate of peer has expired",
    "checksum of block {h} differs",
    "磁盘空间不足：分区{n}",
    "deadlock detected in transaction {n}",
)


@dataclass(kw_only=True)
class Plan:
    """A log to come: its services with their rate by the minute, and what was planted."""

    shape: str
    start: datetime
    minutes: int
    rates: dict[str, np.ndarray]  # service: expected events of each minute
    kinds: dict[str, list[Kind]]
    extra: list[tuple[str, str, str, np.ndarray, float | None]] = field(
        default_factory=list
    )  # service, level, text, minutes, ms
    slow: dict[tuple[str, int], np.ndarray] = field(default_factory=dict)  # service, kind: factor by the minute
    fails: dict[tuple[str, int], np.ndarray] = field(
        default_factory=dict
    )  # service, kind: share answered with 502 by the minute
    sigma: float = 0.35  # of the logarithm of durations
    files: bool = False  # a file for each service
    trouble: str = ""
    begin: int = 0
    end: int = 0
    clue: str = ""


def _services(rng: np.random.Generator, number: int) -> list[str]:
    names = list(SERVICES)
    return ["api", *rng.choice(names[1:], number - 1, replace=False).tolist()]


def _flat(rng: np.random.Generator, minutes: int, number: int | None = None, events: int = 6000) -> Plan:
    names = _services(rng, number or int(rng.integers(1, 4)))
    shares = rng.dirichlet(np.full(len(names), 4.0)) if len(names) > 1 else np.ones(1)
    start = datetime(2026, 3, 2, tzinfo=UTC) + timedelta(minutes=int(rng.integers(0, 7 * DAY)))
    rates = {name: np.full(minutes, events / minutes * share) for name, share in zip(names, shares, strict=True)}
    return Plan(
        shape="flat", start=start, minutes=minutes, rates=rates, kinds={name: list(SERVICES[name]) for name in names}
    )


def _minute_of_week(plan: Plan) -> np.ndarray:
    return (plan.start.weekday() * DAY + plan.start.hour * 60 + plan.start.minute + np.arange(plan.minutes)) % (7 * DAY)


def _times(plan: Plan, factor: np.ndarray, names: list[str] | None = None) -> Plan:
    for name in names or list(plan.rates):
        mean = factor.mean() or 1
        plan.rates[name] = plan.rates[name] * factor / mean
    return plan


def _daily(plan: Plan, depth: float = 0.8, peak: float = 14.0) -> Plan:
    hour = _minute_of_week(plan) % DAY / 60
    return _times(plan, 1 - depth + depth * (0.5 + 0.5 * np.cos((hour - peak) / 24 * 2 * np.pi)))


def clean(shape: str, rng: np.random.Generator) -> Plan:
    """Return a log of a shape in which nothing happens that is worth a finding."""
    plan = _CLEAN[shape](rng)
    plan.shape = shape
    return plan


def _bursty(rng: np.random.Generator) -> Plan:
    plan = _flat(rng, int(rng.choice([6 * HOUR, DAY, 2 * DAY])))
    noise = rng.gamma(1.5, 1, plan.minutes)
    imports = np.ones(plan.minutes)
    for _ in range(int(rng.integers(8, 25))):
        at = int(rng.integers(0, plan.minutes))
        imports[at : at + int(rng.integers(2, 12))] *= rng.uniform(3, 8)
    return _times(plan, noise * imports)


def _weekly(rng: np.random.Generator) -> Plan:
    plan = _daily(_flat(rng, int(rng.integers(14, 29)) * DAY, events=9000))
    return _times(plan, np.where(_minute_of_week(plan) >= 5 * DAY, 0.3, 1.0))


def _office_hours(rng: np.random.Generator) -> Plan:
    plan = _daily(_flat(rng, int(rng.integers(3, 8)) * DAY, number=2), 0.5)
    plan.start = plan.start.replace(hour=0, minute=0) - timedelta(days=plan.start.weekday())
    minute = _minute_of_week(plan)
    at_work = (minute % DAY >= 9 * 60) & (minute % DAY < 18 * 60) & (minute < 5 * DAY)
    plan.extra.append(
        ("api", "ERROR", "card declined for order {n}", np.where(at_work, rng.uniform(0.08, 0.3), 0.0), None)
    )
    return plan


def _nightly(rng: np.random.Generator, days: int | None = None, weekday: int | None = None) -> Plan:
    plan = _daily(_flat(rng, (days or int(rng.integers(3, 9))) * DAY))
    plan.start = plan.start.replace(hour=0, minute=0)
    minute, begin = _minute_of_week(plan), int(rng.integers(1, 5)) * 60
    runs = (minute % DAY >= begin) & (minute % DAY < begin + int(rng.integers(20, 60)))
    if weekday is not None:
        runs &= minute // DAY == weekday
    plan.extra.append(("batch", "INFO", "row {n} archived", np.where(runs, 3.0, 0.0), None))
    plan.extra.append(("batch", "ERROR", "row {n} not archived: duplicate key", np.where(runs, 0.2, 0.0), None))
    return plan


def _dst(rng: np.random.Generator) -> Plan:
    plan = _flat(rng, int(rng.integers(6, 12)) * DAY, events=9000)
    minute = _minute_of_week(plan) % DAY
    shifted = np.where(np.arange(plan.minutes) > plan.minutes / 2, minute + 60, minute)
    job = (shifted % DAY >= 180) & (shifted % DAY < 200)
    plan.extra.append(("worker", "INFO", "report {n} rendered", np.where(job, 2.0, 0.0), None))
    return _times(plan, 0.2 + 0.8 * (0.5 + 0.5 * np.cos((shifted / 60 - 14) / 24 * 2 * np.pi)), list(plan.kinds))


def _holiday(rng: np.random.Generator) -> Plan:
    plan = _daily(_flat(rng, int(rng.integers(8, 15)) * DAY, events=9000))
    day = np.arange(plan.minutes) // DAY
    return _times(plan, np.where(day == int(rng.integers(3, day.max() - 1)), 0.4, 1.0))


def _deploy(rng: np.random.Generator) -> Plan:
    plan = _flat(rng, int(rng.choice([6 * HOUR, DAY, 3 * DAY])), number=2)
    since = np.arange(plan.minutes) >= plan.minutes * rng.uniform(0.3, 0.8)
    rate = 0.1 * 6000 / plan.minutes
    if rng.random() < 0.5:
        plan.extra.append(("billing", "INFO", "invoice {n} created", np.where(since, rate, 0.0), None))
        plan.extra.append(("billing", "INFO", "payment {n} booked", np.where(since, rate, 0.0), None))
        plan.extra.append(("billing", "ERROR", "payment {n} declined", np.where(since, rate / 30, 0.0), None))
    else:
        plan.extra.append(("api", "INFO", "feature flag {n} evaluated", np.where(since, rate, 0.0), None))
    return plan


def _boot(rng: np.random.Generator) -> Plan:
    plan = _flat(rng, int(rng.choice([2 * HOUR, 6 * HOUR, DAY])))
    ramp = np.minimum(1, (np.arange(plan.minutes) + 1) / int(rng.integers(10, 60)))
    first = np.zeros(plan.minutes)
    first[:2] = 12
    plan.extra += [
        ("api", "INFO", text, first / 4, None)
        for text in ("loading plugin {n}", "listening on port {n}", "schema version {n} ok", "worker {n} booted")
    ]
    return _times(plan, ramp)


def _heartbeat(rng: np.random.Generator) -> Plan:
    plan = _flat(rng, int(rng.choice([6 * HOUR, DAY, 7 * DAY])), number=1)
    plan.rates, plan.kinds = {}, {}
    for name in ("agent", "probe"):
        beats = np.zeros(plan.minutes)
        beats[:: int(rng.choice([1, 5, 10]))] = -1.0  # exactly one
        plan.extra.append((name, "INFO", "heartbeat {n} ok", beats, None))
    return plan


def _errors_only(rng: np.random.Generator) -> Plan:
    plan = _flat(rng, int(rng.choice([12 * HOUR, DAY, 4 * DAY])), number=2)
    plan.extra.append(
        ("legacy", "ERROR", "could not parse record {n}", np.full(plan.minutes, rng.uniform(0.02, 0.1)), None)
    )
    return plan


def _five_percent(rng: np.random.Generator) -> Plan:
    plan = _flat(rng, int(rng.choice([3 * HOUR, DAY, 3 * DAY])))
    plan.kinds["api"].append(("validation of field {h} failed", "ERROR", 0.06, None))
    return plan


def _files_end_apart(rng: np.random.Generator) -> Plan:
    plan = _flat(rng, int(rng.choice([6 * HOUR, DAY])), number=3)
    plan.files = True
    for name in list(plan.rates)[1:]:
        plan.rates[name] = plan.rates[name].copy()
        plan.rates[name][plan.minutes - int(rng.integers(5, 45)) :] = 0
    return plan


def _heavy(rng: np.random.Generator) -> Plan:
    plan = _flat(rng, int(rng.choice([3 * HOUR, DAY, 3 * DAY])))
    plan.sigma = 1.1
    return plan


_CLEAN = {
    "flat": lambda rng: _flat(rng, int(rng.choice([6 * HOUR, DAY, 5 * DAY]))),
    "bursty": _bursty,
    "daily": lambda rng: _daily(_flat(rng, int(rng.integers(1, 7)) * DAY)),
    "weekly": _weekly,
    "office hours": _office_hours,
    "nightly batch": _nightly,
    "every Sunday": lambda rng: _nightly(rng, int(rng.integers(28, 57)), 6),
    "daylight saving": _dst,
    "holiday": _holiday,
    "deploy": _deploy,
    "boot ramp": _boot,
    "heartbeat": _heartbeat,
    "two hours": lambda rng: _flat(rng, int(rng.integers(100, 150)), events=int(rng.choice([1500, 6000]))),
    "two years": lambda rng: _daily(_flat(rng, 730 * DAY, events=9000), 0.6),
    "errors five percent": _five_percent,
    "heavy durations": _heavy,
    "service of errors": _errors_only,
    "files end apart": _files_end_apart,
    "weekend": lambda rng: _times(_flat(rng, 9 * DAY), np.ones(1)),
    "one evening": lambda rng: _daily(_flat(rng, int(rng.integers(4, 10)) * HOUR)),
}  # fmt: skip
CLEAN = list(_CLEAN)


# ---- trouble


def troubled(kind: str, rng: np.random.Generator) -> Plan:
    """Return a log of an ordinary shape with one trouble of a kind planted in it."""
    shape = str(rng.choice(["flat", "flat", "daily", "bursty", "two hours", "weekly", "nightly batch"]))
    if kind.startswith("ongoing"):
        shape = str(rng.choice(["flat", "daily", "three days", "week"]))
    days = {"three days": 3, "week": 7}.get(shape)
    plan = _daily(_flat(rng, days * DAY, events=9000), 0.6) if days else clean(shape, rng)
    plan.shape, plan.trouble = shape, kind
    _TROUBLE[kind](plan, rng)
    return plan


def _range(plan: Plan, rng: np.random.Generator, shortest: int, longest: int) -> np.ndarray:
    length = int(rng.integers(shortest, longest + 1) * max(1, plan.minutes / (5 * DAY)))
    plan.begin = int(rng.integers(plan.minutes // 10, int(plan.minutes * 0.9) - length))
    plan.end = plan.begin + length
    minute = np.arange(plan.minutes)
    return (minute >= plan.begin) & (minute < plan.end)


def _rest(plan: Plan, rng: np.random.Generator) -> np.ndarray:
    length = int(rng.choice([30, 60, 180, 360, 720]))
    plan.begin, plan.end = plan.minutes - min(length, plan.minutes // 2), plan.minutes
    return np.arange(plan.minutes) >= plan.begin


def _per_minute(plan: Plan, rng: np.random.Generator, lowest: int, highest: int, inside: np.ndarray) -> np.ndarray:
    return np.where(inside, rng.integers(lowest, highest + 1) / inside.sum(), 0.0)


def _burst(plan: Plan, rng: np.random.Generator) -> None:
    inside = _range(plan, rng, 8, 40)
    plan.extra.append(("api", "ERROR", "upstream timeout after {n} ms", _per_minute(plan, rng, 40, 120, inside), None))
    plan.clue = "upstream timeout"


def _new(plan: Plan, rng: np.random.Generator) -> None:
    inside = _range(plan, rng, 8, 40)
    text = str(rng.choice(NEW_ERRORS))
    plan.extra.append(("api", "ERROR", text, _per_minute(plan, rng, 25, 80, inside), None))
    plan.clue = re.escape(text.split("{")[0].strip())


def _endpoint(plan: Plan, rng: np.random.Generator) -> None:
    inside = _range(plan, rng, 15, 30)
    plan.rates["api"] = np.maximum(plan.rates["api"], 60 / inside.sum())
    plan.fails["api", 0] = np.where(inside, rng.uniform(0.6, 0.8), 0.0)
    plan.clue = "/api/orders"


def _slow(plan: Plan, rng: np.random.Generator) -> None:
    inside = _range(plan, rng, 20, 60)
    plan.rates["api"] = np.maximum(plan.rates["api"], 60 / inside.sum())
    plan.slow["api", 0] = np.where(inside, rng.uniform(3, 5), 1.0)
    plan.clue = "/api/orders"


def _ongoing_errors(plan: Plan, rng: np.random.Generator) -> None:
    inside = _rest(plan, rng)
    plan.rates["api"] = np.maximum(plan.rates["api"], 150 / inside.sum())
    plan.extra.append(
        ("api", "ERROR", "upstream timeout after {n} ms", np.where(inside, 0.1, 0.005) * plan.rates["api"], None)
    )
    plan.clue = "upstream timeout"


def _ongoing_slow(plan: Plan, rng: np.random.Generator) -> None:
    inside = _rest(plan, rng)
    plan.rates["api"] = np.maximum(plan.rates["api"], 60 / inside.sum())
    plan.slow["api", 0] = np.where(inside, 3.0, 1.0)
    plan.clue = "/api/orders"


def _ongoing_half(plan: Plan, rng: np.random.Generator) -> None:
    inside = _rest(plan, rng)
    plan.rates.setdefault("mail", np.full(plan.minutes, 1.0))
    plan.kinds.setdefault("mail", list(SERVICES["mail"]))
    plan.rates["mail"] = np.maximum(plan.rates["mail"], 160 / inside.sum()) * np.where(inside, 0.5, 1.0)
    plan.clue = "mail"


def _silence(plan: Plan, rng: np.random.Generator) -> None:
    plan.rates.setdefault("mail", np.full(plan.minutes, 1.0))
    plan.kinds.setdefault("mail", list(SERVICES["mail"]))
    plan.rates["mail"] = np.maximum(plan.rates["mail"], 1500 / plan.minutes)
    inside = (
        _range(plan, rng, max(30, plan.minutes // 20), max(40, plan.minutes // 10))
        if plan.minutes <= 5 * DAY
        else _range(plan, rng, 200, 400)
    )
    if rng.random() < 0.4:
        inside |= np.arange(plan.minutes) >= plan.begin
        plan.end = plan.minutes
    plan.rates["mail"] = np.where(inside, 0, plan.rates["mail"])
    plan.clue = "mail.*silent|no event.*mail|silent.*mail|mail.*stopped"


def _panic(plan: Plan, rng: np.random.Generator) -> None:
    plan.begin = int(rng.integers(plan.minutes // 10, plan.minutes))
    plan.end = plan.begin + 1
    one = np.zeros(plan.minutes)
    one[plan.begin] = -1.0
    plan.extra.append(("api", "CRITICAL", "panic: invalid memory address in handler {n}", one, None))
    plan.clue = "invalid memory address"


def _start(plan: Plan, rng: np.random.Generator) -> None:
    plan.begin, plan.end = 0, int(rng.integers(10, 21) * max(1, plan.minutes / (5 * DAY)))
    inside = np.arange(plan.minutes) < plan.end
    plan.extra.append(
        ("api", "ERROR", "could not connect to database {h}", _per_minute(plan, rng, 40, 100, inside), None)
    )
    plan.clue = "could not connect to database"


def _flood(plan: Plan, rng: np.random.Generator) -> None:
    inside = _range(plan, rng, 4, 15)
    service, level, text = (("auth", "WARNING", "failed login for user {n}"), ("api", "INFO", "retrying request {n}"))[
        int(rng.integers(2))
    ]
    plan.extra.append((service, level, text, _per_minute(plan, rng, 120, 300, inside), None))
    plan.clue = text.split("{")[0].strip()


def _dependency(plan: Plan, rng: np.random.Generator) -> None:
    inside = _range(plan, rng, 10, 40)
    for service, text, size in (
        ("postgres", "sorry, too many clients already", 60),
        ("api", "database error on order {n}", 50),
        ("web", "upstream api answered {n}", 40),
    ):
        plan.extra.append((service, "ERROR", text, np.where(inside, size / inside.sum(), 0.0), None))
        plan.rates.setdefault(service, np.full(plan.minutes, 800 / plan.minutes))
        plan.kinds.setdefault(service, [("checkpoint {n} complete", "INFO", 1.0, None)])
    plan.clue = "too many clients"


_TROUBLE = {
    "error burst": _burst, "new error": _new, "failing endpoint": _endpoint, "slow endpoint": _slow, "ongoing errors": _ongoing_errors, "ongoing slow": _ongoing_slow,
    "ongoing half": _ongoing_half, "silence": _silence, "single panic": _panic, "trouble at start": _start, "flood": _flood, "dependency": _dependency,
}  # fmt: skip
TROUBLES = list(_TROUBLE)


# ---- events


def events(plan: Plan, rng: np.random.Generator) -> pl.DataFrame:
    """Return the log frame of a plan."""
    parts = []
    for service, rate in plan.rates.items():
        for number, (text, level, share, ms) in enumerate(plan.kinds[service]):
            minutes = np.repeat(np.arange(plan.minutes), rng.poisson(rate * share))
            slow = plan.slow.get((service, number))
            fails = plan.fails.get((service, number))
            parts.append(_part(plan, service, level, text, minutes, ms, slow, fails, rng))
    for service, level, text, rate, ms in plan.extra:
        counts = np.where(rate < 0, 1, rng.poisson(np.maximum(rate, 0)))
        parts.append(_part(plan, service, level, text, np.repeat(np.arange(plan.minutes), counts), ms, None, None, rng))
    table = pl.concat([part for part in parts if part.height]).sort("timestamp")
    return table.with_row_index("offset").with_columns(pl.col("offset").cast(pl.String))


def _part(
    plan: Plan,
    service: str,
    level: str,
    text: str,
    minutes: np.ndarray,
    ms: float | None,
    slow: np.ndarray | None,
    fails: np.ndarray | None,
    rng: np.random.Generator,
) -> pl.DataFrame:
    size = len(minutes)
    micros = minutes * 60_000_000 + rng.integers(0, 60_000_000, size)
    milliseconds = np.exp(rng.normal(np.log(ms or 1), plan.sigma, size)) * (1 if slow is None else slow[minutes])
    failed = np.zeros(size, bool) if fails is None else rng.random(size) < fails[minutes]
    numbers, hexes = rng.integers(1, 99_999, (size, 2)), rng.integers(0, 2**40, size)
    lines = [
        text.replace("{n}", str(a), 1)
        .replace("{n}", str(b))
        .replace("{h}", f"{h:010x}")
        .replace("{d}", f"{d:.1f}")
        .replace("{s}", "502" if f else "200")
        for (a, b), h, d, f in zip(numbers, hexes, milliseconds, failed, strict=True)
    ]
    frame = pl.DataFrame(
        {"timestamp": micros, "service": [service] * size, "message": lines, "failed": failed},
        schema_overrides={"message": pl.String, "service": pl.String},
    )
    level_of = pl.when("failed").then(pl.lit("ERROR")).otherwise(pl.lit(level))
    severity = pl.when("failed").then(17).otherwise(SEVERITY[level]).cast(pl.UInt8)
    return frame.select(
        timestamp=(pl.lit(plan.start) + pl.duration(microseconds="timestamp")).cast(pl.Datetime("us", "UTC")),
        severity_number=severity, level=level_of, service="service", logger=pl.lit(None, pl.String), message="message",
        exception=pl.lit(None, pl.String), trace_id=pl.lit(None, pl.String), source=pl.lit(f"{service}.log" if plan.files else "log"),
    )  # fmt: skip
