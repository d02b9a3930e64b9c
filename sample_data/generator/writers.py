"""What each part of the platform writes: one function a log format.

Times are seconds since START. A head is "LEVEL logger", or what stands in its place in that format.
"""

from __future__ import annotations

import json
import random
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

from generator.incidents import START, WORKER_SILENT

BROWSERS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:136.0) Firefox/136.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/134.0.0.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.3 Safari/605.1.15",
)


class User(NamedTuple):
    id: int | None
    name: str
    ip: str | None


NOBODY = User(None, "", None)


@dataclass
class Platform:
    """The state that the actions share."""

    rng: random.Random
    events: list[tuple[float, str, str]] = field(default_factory=list)  # time, file, text
    build: int = 4700
    free: list[float] = field(default_factory=lambda: [0.0] * 8)  # when each Celery process is free

    def hexa(self, digits: int) -> str:
        return f"{self.rng.getrandbits(4 * digits):0{digits}x}"

    def request_id(self) -> str:
        return "req_" + self.hexa(8)

    def task_id(self) -> uuid.UUID:
        return uuid.UUID(int=self.rng.getrandbits(128), version=4)

    def number(self, low: int, high: int) -> int:
        return self.rng.randint(low, high)

    def lognormal(self, median: float, sigma: float) -> float:
        return median * self.rng.lognormvariate(0, sigma)


def clock(t: float, form: str) -> str:
    """Return the time in strftime's form; {ms} stands for milliseconds."""
    moment = START + timedelta(milliseconds=int(t * 1000))
    return moment.strftime(form).replace("{ms}", f"{moment.microsecond // 1000:03d}")


def web(
    p: Platform,
    t: float,
    head: str,
    text: str,
    trace: str | None = None,
    user: User = NOBODY,
    **labels: object,
) -> None:
    """A Django service with JSON lines; what follows the first line of the text is its exception."""
    level, module = head.split()
    message, _, exception = text.partition("\n")
    record: dict[str, object] = {"timestamp": clock(t, "%Y-%m-%dT%H:%M:%S.{ms}Z"), "level": level}
    record |= {"service": "web", "module": module, "message": message, "trace_id": trace}
    record |= {"user_id": user.id, "ip": user.ip, "labels": labels}
    record |= {"exception": exception} if exception else {}
    p.events.append((t, "web.log", json.dumps(record, separators=(",", ":"))))


def api(p: Platform, t: float, head: str, text: str, trace: str = "-") -> None:
    """A FastAPI service with Python's logging, tracebacks included."""
    level, logger = head.split()
    line = f"{clock(t, '%Y-%m-%d %H:%M:%S,{ms}')} {level} [{logger}] [{trace}] {text}"
    p.events.append((t, "api.log", line))


def celery(p: Platform, t: float, head: str, text: str) -> None:
    """A Celery worker in its own format; while it is frozen it writes nothing."""
    if not WORKER_SILENT.holds(t):
        p.events.append((t, "celery-worker.log", f"[{clock(t, '%Y-%m-%d %H:%M:%S,{ms}')}: {head}] {text}"))


def nginx(p: Platform, t: float, request: str, status: int, user: User, agent: str = "") -> None:
    """The front nginx in the combined format."""
    size = 0 if status in (302, 304) else int(p.lognormal(4000 if status < 400 else 160, 0.5))
    referer = "-" if agent or request.startswith("POST") else "https://ci.example.com/"
    agent = agent or BROWSERS[(user.id or 0) % 3]
    stamp = clock(t, "%d/%b/%Y:%H:%M:%S +0000")
    line = f'{user.ip} - - [{stamp}] "{request} HTTP/1.1" {status} {size} "{referer}" "{agent}"'
    p.events.append((t, "nginx-access.log", line))


def postgres(p: Platform, t: float, head: str, text: str) -> None:
    """PostgreSQL with log_line_prefix '%m [%p] %q%u@%d '; lines without a tab get the prefix."""
    pid = {"app": f"{2100 + p.number(0, 19)}] app@cicd", "new": f"{30000 + p.number(0, 8999)}] app@cicd"}
    prefix = f"{clock(t, '%Y-%m-%d %H:%M:%S.{ms} UTC')} [{pid.get(head, head + ']')} "
    text = "\n".join(line if line.startswith("\t") else prefix + line for line in text.split("\n"))
    p.events.append((t, "postgresql.log", text))


def syslog(p: Platform, t: float, head: str, text: str) -> None:
    """The host's syslog (RFC 3164, no year)."""
    p.events.append((t, "syslog", f"{clock(t, '%b %d %H:%M:%S')} ci-host-1 {head}: {text}"))
