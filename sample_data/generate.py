"""Write two days of logs of a small CI/CD platform, with four planted incidents and their truth.

    python sample_data/generate.py [--out DIR] [--seed 7]

What happens is an action at a time. Actions run in order of time and write events to one list, which is
sorted and cut into the files of the platform's parts. Times are seconds since START. Standard library only.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from generator.actions import (
    Action,
    admin_session,
    archive,
    failed_login,
    failed_ssh,
    heartbeat,
    login,
    push,
    render_error,
    runner_poll,
    says,
    scanner,
    start_by_hand,
    step_error,
    visit,
)
from generator.incidents import (
    ATTACKER,
    DAY,
    DAYS,
    HOUR,
    LATENCY_CREEP,
    LOGIN_ATTACK,
    MINUTE,
    POOL_DRY,
    WORKER_SILENT,
    at,
    truth,
)
from generator.vocabulary import (
    BLOCKED,
    CHECKPOINT,
    DELIVERY,
    DUPLICATE,
    GUESSED,
    HOURLY,
    MIRROR,
    NIGHTLY,
    REFUSED,
    SYSSTAT,
    TERMINATED,
    VACUUM,
)
from generator.writers import Platform, User, api, celery, postgres, syslog, web

Planned = Iterator[tuple[float, Action]]


# Each incident's own lines; how it changes the rest is in generator/incidents.py.


def database_pool_runs_dry(p: Platform) -> Planned:
    """Connections refused, idle ones terminated at last; api_call and task do the rest."""
    t = POOL_DRY.start + 4
    while t < POOL_DRY.end - 20:
        yield t, lambda p, t: postgres(p, t, "new", REFUSED)
        t += p.rng.uniform(2, 6)
    for i in range(12):
        yield POOL_DRY.end - 15 + i / 20, lambda p, t: postgres(p, t, "app", TERMINATED)


def celery_worker_silent(_: Platform) -> Planned:
    """The first lines on waking; celery and task keep to the silence."""
    lost = "consumer: Connection to broker lost. Trying to re-establish the connection..."
    main = "INFO/MainProcess"
    yield WORKER_SILENT.end + 0.2, lambda p, t: celery(p, t, "WARNING/MainProcess", lost)
    yield WORKER_SILENT.end + 0.6, lambda p, t: celery(p, t, main, "Connected to redis://10.0.4.30:6379/0")
    yield WORKER_SILENT.end + 0.7, lambda p, t: celery(p, t, main, "mingle: searching for neighbors")
    yield WORKER_SILENT.end + 1.7, lambda p, t: celery(p, t, main, "mingle: all alone")


def failed_login_burst(p: Platform) -> Planned:
    """240 guesses at the web login and 80 at sshd."""
    length = LOGIN_ATTACK.end - LOGIN_ATTACK.start - 2
    for i in range(320):
        name = p.rng.choice(GUESSED) + p.rng.choice(("", "", "1", "01", "2026"))
        attempt = User(None, name, ATTACKER)
        guess = failed_login if i % 4 else failed_ssh
        t = LOGIN_ATTACK.start + length * (i + p.rng.random()) / 320
        yield t, partial(guess, attempt=attempt)


def artifact_latency_creep(_: Platform) -> Planned:
    """The restart that ends the creep; slowness is the creep itself."""
    t, unit = LATENCY_CREEP.end, "cicd-api.service - uvicorn api.main:app"
    running = "Uvicorn running on http://0.0.0.0:8000 (Press CTRL+C to quit)"
    yield t, lambda p, t: syslog(p, t, "systemd[1]", f"Stopping {unit}...")
    yield t + 0.1, lambda p, t: api(p, t, "INFO uvicorn.error", "Shutting down")
    yield t + 0.4, lambda p, t: api(p, t, "INFO uvicorn.error", "Finished server process [918]")
    yield t + 0.5, lambda p, t: syslog(p, t, "systemd[1]", f"Started {unit}.")
    yield t + 1.6, lambda p, t: api(p, t, "INFO uvicorn.error", "Started server process [20417]")
    yield t + 1.7, lambda p, t: api(p, t, "INFO uvicorn.error", running)


INCIDENTS = (database_pool_runs_dry, celery_worker_silent, failed_login_burst, artifact_latency_creep)

# Traffic by hour of the day, in percent of the peak at 14:00.
RHYTHM = (30, 25, 22, 20, 20, 22, 30, 45, 65, 85, 95, 95, 80, 92, 100, 97, 90, 75, 60, 50, 45, 42, 38, 33)
# Actions that follow the rhythm of the day: how many a minute at the peak.
RHYTHMIC: tuple[tuple[float, Action], ...] = (
    (3.0, visit),
    (0.2, login),
    (0.2, push),
    (0.1, start_by_hand),
    (0.1, admin_session),
)
# Actions at regular times: every so many seconds, first at.
PERIODIC: tuple[tuple[float, float, Action], ...] = (
    (30, 11.4, heartbeat),
    (120, 41, runner_poll),
    (300, 1, says(syslog, "CRON[{pid}]", MIRROR)),
    (900, 5, says(syslog, "systemd[1]", f"Starting {SYSSTAT}...")),
    (900, 8, says(syslog, "systemd[1]", f"Finished {SYSSTAT}.")),
    (900, 11, says(web, "PERFORMANCE ci.cache", "Page cache: {n} misses in the last 900 s")),
    (900, 212, says(postgres, "71", "LOG:  checkpoint starting: time")),
    (900, 260, says(postgres, "71", CHECKPOINT)),
    (1200, 490, says(postgres, "{pid}", VACUUM)),
    (HOUR, 1020, says(syslog, "CRON[{pid}]", HOURLY)),
    (HOUR, 1050, says(web, "INFO ci.sessions", "Session cleanup removed {n} expired sessions")),
)
# Actions at a steady rate: how many an hour. These errors and failed logins are the normal noise.
STEADY: tuple[tuple[float, Action], ...] = (
    (1.4, failed_login),
    (0.6, failed_ssh),
    (2, scanner),
    (5, says(syslog, "kernel", BLOCKED)),
    (0.9, says(api, "ERROR api.webhooks", DELIVERY)),
    (0.9, render_error),
    (0.9, step_error),
    (0.9, says(postgres, "app", DUPLICATE)),
)


def schedule(p: Platform) -> Planned:
    """Yield every action with its time, in no order."""
    for peak, action in RHYTHMIC:
        t = 0.0
        while t < DAYS * DAY:
            hour, part = int(t // HOUR) % 24, t % HOUR / HOUR
            share = (RHYTHM[hour] * (1 - part) + RHYTHM[(hour + 1) % 24] * part) / 100
            # More even than chance would have it, which would plant bursts of its own.
            t += p.rng.gammavariate(4, 1 / 4) * MINUTE / peak / share
            yield t, action
    for period, first, action in PERIODIC:
        for i in range(int((DAYS * DAY - first) // period) + 1):
            yield first + i * period + p.rng.uniform(0, 0.5), action
    for per_hour, action in STEADY:  # evenly, too
        for i in range(int(DAYS * 24 * per_hour)):
            yield (i + p.rng.random()) * HOUR / per_hour, action
    for night in (at(day, 2) for day in range(1, DAYS + 1)):
        yield night, says(syslog, "CRON[{pid}]", NIGHTLY)
        yield from ((night + 2 + 15 * (i + p.rng.random()), archive) for i in range(80))
    for incident in INCIDENTS:
        yield from incident(p)


def write(path: Path, text: str) -> None:
    """Write a file, gzipped if so named, with no name and time in its header: the same bytes every run."""
    with path.open("wb") as raw:
        if path.suffix == ".gz":
            with gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
                packed.write(text.encode())
        else:
            raw.write(text.encode())


def generate(out: Path, seed: int) -> int:
    """Write all files to a folder and return the number of events."""
    platform = Platform(random.Random(seed))
    for t, action in sorted(schedule(platform), key=lambda planned: planned[0]):
        action(platform, t)
    events = sorted(event for event in platform.events if event[0] < DAYS * DAY)
    files: dict[str, list[str]] = defaultdict(list)
    for t, name, text in events:
        rotated = name in ("web.log", "nginx-access.log") and t < DAY
        files[f"{name}.1.gz" if rotated else name].append(text + "\n")
    out.mkdir(parents=True, exist_ok=True)
    for name, lines in files.items():
        write(out / name, "".join(lines))
    write(out / "truth.json", json.dumps(truth(seed), indent=2) + "\n")
    return len(events)


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the sample logs.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder to write to")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    print(f"{generate(options.out, options.seed)} events in {options.out}")


if __name__ == "__main__":
    main()
