"""The processes of the soak: what writes numbered records until each is acknowledged, and what reads them."""

from __future__ import annotations

import json
import os
import random
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

_RETRY_SECONDS = 0.2


def paced(first: int, count: int, rate: float, batch: int) -> Iterator[range]:
    """Yield ranges of numbers, so many a second."""
    started = time.monotonic()
    for begin in range(first, first + count, batch):
        numbers = range(begin, min(begin + batch, first + count))
        due = started + (begin - first) / rate
        time.sleep(max(0.0, due - time.monotonic()))
        yield numbers


def insist(attempt: Callable[[], None]) -> None:
    """Try until it succeeds: servers are killed meanwhile."""
    while True:
        try:
            return attempt()
        except Exception:
            time.sleep(_RETRY_SECONDS)


def write_redis(port: int, count: int, rate: float) -> None:
    """Add entries with ids of our own: the server refuses one that it has, whose answer was lost with a connection."""
    import redis

    first_millis = int(time.time() * 1000) - count

    def add(numbers: range) -> None:
        with redis.Redis(port=port, socket_timeout=5) as client:
            pipeline = client.pipeline(transaction=True)
            for number in numbers:
                record = {"number": number, "level": "INFO", "message": f"record {number}"}
                pipeline.xadd("soak", {"log": json.dumps(record)}, id=f"{first_millis + number}-0")
            answers = pipeline.execute(raise_on_error=False)
        if any(isinstance(answer, Exception) and "equal or smaller" not in str(answer) for answer in answers):
            raise OSError("not all were taken")

    for numbers in paced(0, count, rate, 50):
        insist(lambda numbers=numbers: add(numbers))


def write_postgresql(dsn: str, count: int, rate: float) -> None:
    """Insert in transactions of all lengths: one in ten stays open while others that began later are committed."""
    import threading

    from adbc_driver_postgresql import dbapi

    def insert(numbers: range, pause: float) -> None:
        values = ", ".join(f"({number}, now(), 'INFO', 'record {number}')" for number in numbers)
        with dbapi.connect(dsn) as connection, connection.cursor() as cursor:
            cursor.execute(
                f"insert into soak(number, created_at, level, message) values {values} on conflict do nothing"
            )
            time.sleep(pause)
            connection.commit()

    rng = random.Random(15)
    late: list[threading.Thread] = []
    for numbers in paced(0, count, rate, 100):
        if rng.random() < 0.1:
            pause = rng.uniform(1.0, 90.0)
            late.append(threading.Thread(target=insist, args=[lambda n=numbers, p=pause: insert(n, p)]))
            late[-1].start()
        else:
            insist(lambda numbers=numbers: insert(numbers, 0.0))
    for thread in late:
        thread.join()


def write_search(port: int, count: int, rate: float) -> None:
    """Index documents under ids of our own; one in a hundred has a time long ago."""

    def index(numbers: range) -> None:
        lines = []
        for number in numbers:
            at = time.time() - (3600 if number % 100 == 0 else 0)
            moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at)) + "Z"
            record = {"@timestamp": moment, "number": number, "level": "INFO", "message": f"record {number}"}
            lines += [json.dumps({"create": {"_id": str(number)}}), json.dumps(record)]
        body = ("\n".join(lines) + "\n").encode()
        headers = {"Content-Type": "application/x-ndjson"}
        request = urllib.request.Request(f"http://127.0.0.1:{port}/soak/_bulk", body, headers, method="POST")
        with urllib.request.urlopen(request, timeout=30) as answer:
            items = json.loads(answer.read())["items"]
        if any(item["create"]["status"] not in (201, 409) for item in items):
            raise OSError("not all were taken")

    for numbers in paced(0, count, rate, 100):
        insist(lambda numbers=numbers: index(numbers))


def write_file(path: str, count: int, rate: float, lines_a_file: int) -> None:
    """Append lines to a file that is rotated: app.log.1 is what was app.log."""
    log = Path(path)
    file = log.open("a")
    written = 0
    for numbers in paced(0, count, rate, 50):
        if written >= lines_a_file:
            file.close()
            rotated = sorted(log.parent.glob(f"{log.name}.*"), key=lambda old: int(old.suffix[1:]), reverse=True)
            for old in rotated:
                old.rename(log.with_name(f"{log.name}.{int(old.suffix[1:]) + 1}"))
            log.rename(log.with_name(f"{log.name}.1"))
            file, written = log.open("a"), 0
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + "Z"
        for number in numbers:
            file.write(
                json.dumps({"time": moment, "number": number, "level": "INFO", "message": f"record {number}"}) + "\n"
            )
        file.flush()
        written += len(numbers)


def read(address: str, folder: str) -> None:
    """Follow a source, and note the numbers that come; the place and how much was noted are saved in one write."""
    import loganalytics as la

    numbers, place = Path(folder, "numbers"), Path(folder, "cursor.json")
    cursor, state = la.load_cursor(place)
    with numbers.open("ab") as file:
        file.truncate(state["bytes"] if state else 0)
        file.seek(0, os.SEEK_END)
        tail = begin(address, cursor)
        for batch in tail.batches():
            if batch.height:
                file.write("".join(f"{number}\n" for number in batch["number"]).encode())
                file.flush()
            la.save_cursor(place, tail.cursor, state={"bytes": file.tell(), "status": tail.status})


def begin(address: str, cursor: Any) -> Any:
    """Return the tail, once its server is there: later on it waits by itself."""
    import loganalytics as la
    from loganalytics.exceptions import SourceError

    while True:
        try:
            return la.tail(address, since=None if cursor else "2000-01-01", cursor=cursor)
        except SourceError as error:
            print(error, file=sys.stderr, flush=True)
            time.sleep(_RETRY_SECONDS)


if __name__ == "__main__":
    verb, *arguments = sys.argv[1:]
    {
        "redis": lambda port, count, rate: write_redis(int(port), int(count), float(rate)),
        "postgresql": lambda dsn, count, rate: write_postgresql(dsn, int(count), float(rate)),
        "opensearch": lambda port, count, rate: write_search(int(port), int(count), float(rate)),
        "file": lambda path, count, rate: write_file(path, int(count), float(rate), int(count) // 40 + 1),
        "read": read,
    }[verb](*arguments)
