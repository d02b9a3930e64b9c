"""The planted incidents: when they are, how they change the platform, and what truth.json says of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

START = datetime(2026, 3, 10, tzinfo=UTC)
DAYS = 2
DAY, HOUR, MINUTE = 86400.0, 3600.0, 60.0
ATTACKER = "203.0.113.66"


class Window(NamedTuple):
    """A stretch of time that holds its start and not its end."""

    start: float
    end: float

    def holds(self, t: float) -> bool:
        return self.start <= t < self.end

    def progress(self, t: float) -> float:
        return (t - self.start) / (self.end - self.start)


def at(day: int, hour: int, minute: int = 0) -> float:
    return (day - 1) * DAY + hour * HOUR + minute * MINUTE


POOL_DRY = Window(at(2, 14, 10), at(2, 14, 35))
WORKER_SILENT = Window(at(1, 9, 40), at(1, 10))
LOGIN_ATTACK = Window(at(2, 3, 12), at(2, 3, 19))
LATENCY_CREEP = Window(at(1, 16), at(1, 22))


class Incident(NamedTuple):
    id: str
    kind: str
    service: str
    window: Window
    description: str
    evidence: tuple[str, ...]
    files: tuple[str, ...]


INCIDENTS = (
    Incident(
        "database-pool-runs-dry",
        "errors",
        "api",
        POOL_DRY,
        "PostgreSQL runs out of connections. The api waits 30 s for one and answers 503, calls that get "
        "through take ten times as long, web and nginx answer 502 and 503, Celery tasks are retried. It ends "
        "when idle connections are terminated by hand.",
        ("sorry, too many clients already", "queuepool limit of size 5 overflow 10", "upstream api failed"),
        ("postgresql.log", "api.log", "web.log", "nginx-access.log", "celery-worker.log"),
    ),
    Incident(
        "celery-worker-silent",
        "silence",
        "celery-worker",
        WORKER_SILENT,
        "The frozen worker writes no line. Tasks queued meanwhile are received in a burst when it wakes; "
        "those it was running take 20 minutes longer.",
        ("heartbeat", "connection to broker lost"),
        ("celery-worker.log",),
    ),
    Incident(
        "failed-login-burst",
        "security",
        "web",
        LOGIN_ATTACK,
        f"Passwords are guessed from {ATTACKER} for many user names, at the web login and at sshd.",
        (f"from {ATTACKER}", "failed login for user", "failed password for invalid user"),
        ("web.log", "nginx-access.log", "syslog"),
    ),
    Incident(
        "artifact-latency-creep",
        "latency",
        "api",
        LATENCY_CREEP,
        "GET /artifacts/... slows down from 60 ms to ten times that, log-linear over six hours, until the "
        "api is restarted.",
        ("get /artifacts/", "api.routes.artifacts", "uvicorn"),
        ("api.log", "web.log.1.gz", "syslog"),
    ),
)


def pool_strain(t: float) -> float:
    """How dry the database pool is, 0 to 1; filling up takes three minutes."""
    return min(1.0, (t - POOL_DRY.start) / 180) if POOL_DRY.holds(t) else 0.0


def slowness(t: float, resource: str) -> float:
    """How many times longer than usual an api call takes."""
    creeps = resource == "artifacts" and LATENCY_CREEP.holds(t)
    return (10 ** LATENCY_CREEP.progress(t) if creeps else 1.0) * (1 + 9 * pool_strain(t))


def truth(seed: int) -> dict[str, object]:
    """Return what truth.json holds."""

    def iso(t: float) -> str:
        return f"{START + timedelta(seconds=t):%Y-%m-%dT%H:%M:%SZ}"

    incidents = [{**one._asdict(), "start": iso(one.window.start), "end": iso(one.window.end)} for one in INCIDENTS]
    for one in incidents:
        del one["window"]
    return {"seed": seed, "start": iso(0), "end": iso(DAYS * DAY), "incidents": incidents}
