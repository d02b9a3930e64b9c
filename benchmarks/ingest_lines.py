"""Write seeded log files in five formats: `python benchmarks/ingest_lines.py FORMAT LINES PATH`."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import random
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

START = dt.datetime(2026, 3, 10, tzinfo=dt.UTC)
YEAR = START.year
_WORDS = (
    "user",
    "build",
    "cache",
    "queue",
    "worker",
    "order",
    "payment",
    "session",
    "token",
    "index",
    "upload",
    "batch",
)
_VERBS = ("created", "updated", "failed", "expired", "retried", "accepted", "dropped", "loaded", "stored", "validated")
_LOGGERS = ("api.routes.builds", "api.db.session", "auth.views", "celery.worker", "django.request", "shop.cart")
_SERVICES = ("api", "web", "auth", "celery-worker", "billing")
_LEVELS = ("INFO",) * 84 + ("DEBUG",) * 8 + ("WARNING",) * 6 + ("ERROR",) * 2
_AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Safari/537.36",
    "curl/8.7.1",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Mobile/15E148",
)
_PROGRAMS = ("sshd", "cron", "systemd", "kernel", "postfix/smtpd", "dhclient")
_TRACEBACK = """Traceback (most recent call last):
  File "/srv/app/api/routes.py", line {line}, in dispatch
    return handler(request, **kwargs)
  File "/srv/app/api/db/session.py", line 88, in execute
    return self.connection.execute(statement)
psycopg.OperationalError: connection {id} timed out"""


def write(form: str, lines: int, path: Path, *, clean: bool = False) -> None:
    """Write a file of the format; `clean` leaves out the broken lines, which some readers stop at."""
    chance = random.Random(0)
    with path.open("w", newline="\n") as file:
        for number, line in enumerate(FORMATS[form](chance, lines)):
            broken = form == "json" and number % 10_000 == 5_000
            if not broken:
                file.write(line + "\n")
            elif not clean:
                file.write(line[: len(line) // 2] + "\n")


def repeat(path: Path, times: int, target: Path) -> None:
    with target.open("wb") as out:
        for _ in range(times):
            with path.open("rb") as file:
                shutil.copyfileobj(file, out)


def pack(path: Path) -> None:
    with path.open("rb") as file, gzip.open(f"{path}.gz", "wb", compresslevel=6) as packed:
        shutil.copyfileobj(file, packed)


def _times(chance: random.Random, lines: int) -> Iterator[dt.datetime]:
    time = START
    for _ in range(lines):
        time += dt.timedelta(milliseconds=chance.randrange(80))
        yield time


def _message(chance: random.Random) -> str:
    return (
        f"{chance.choice(_WORDS)} {chance.randrange(10**6)} {chance.choice(_VERBS)} for user {chance.randrange(5000)}"
    )


def _iso(time: dt.datetime, separator: str = "T") -> str:
    return time.isoformat(separator, "milliseconds")[:23]


def _json(chance: random.Random, lines: int) -> Iterator[str]:
    for time in _times(chance, lines):
        record = {
            "timestamp": _iso(time) + "Z",
            "level": chance.choice(_LEVELS),
            "logger": chance.choice(_LOGGERS),
            "message": _message(chance),
            "service": chance.choice(_SERVICES),
            "request_id": f"req_{chance.getrandbits(64):016x}",
            "user_id": chance.randrange(5000),
            "duration_ms": round(chance.expovariate(0.02), 2),
            "status_code": chance.choice((200, 200, 200, 201, 404, 500)),
            "ip": f"10.0.{chance.randrange(256)}.{chance.randrange(256)}",
        }
        yield json.dumps(record)


def _nginx(chance: random.Random, lines: int) -> Iterator[str]:
    for time in _times(chance, lines):
        yield (
            f"10.0.{chance.randrange(256)}.{chance.randrange(256)} - - [{time:%d/%b/%Y:%H:%M:%S +0000}] "
            f'"GET /{chance.choice(_WORDS)}/{chance.randrange(10**5)}?page={chance.randrange(9)} HTTP/1.1" '
            f"{chance.choice((200, 200, 200, 304, 404, 502))} {chance.randrange(40_000)} "
            f'"https://shop.example/{chance.choice(_WORDS)}" "{chance.choice(_AGENTS)}"'
        )


def _syslog(chance: random.Random, lines: int) -> Iterator[str]:
    for time in _times(chance, lines):
        yield (
            f"{time:%b} {time.day:2} {time:%H:%M:%S} host-{chance.randrange(20)} "
            f"{chance.choice(_PROGRAMS)}[{chance.randrange(300, 32000)}]: {_message(chance)}"
        )


def _python(chance: random.Random, lines: int) -> Iterator[str]:
    """Yield exactly that many lines; an error brings six more of its traceback."""
    times = _times(chance, lines)
    left = lines
    while left > 0:
        level = chance.choice(_LEVELS)
        text = f"{_iso(next(times), ' ').replace('.', ',')} {level} [{chance.choice(_LOGGERS)}] {_message(chance)}"
        if level == "ERROR":
            text += "\n" + _TRACEBACK.format(line=chance.randrange(400), id=chance.randrange(100))
        for line in text.split("\n")[:left]:
            left -= 1
            yield line


def _logfmt(chance: random.Random, lines: int) -> Iterator[str]:
    for time in _times(chance, lines):
        yield (
            f"time={_iso(time)}Z level={chance.choice(_LEVELS).lower()} service={chance.choice(_SERVICES)} "
            f'logger={chance.choice(_LOGGERS)} msg="{_message(chance)}" trace_id={chance.getrandbits(64):016x} '
            f"user_id={chance.randrange(5000)} duration_ms={chance.expovariate(0.02):.2f}"
        )


FORMATS: dict[str, Callable[[random.Random, int], Iterator[str]]] = {
    "json": _json,
    "nginx": _nginx,
    "syslog": _syslog,
    "python": _python,
    "logfmt": _logfmt,
}


if __name__ == "__main__":
    write(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
