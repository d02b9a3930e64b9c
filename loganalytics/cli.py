"""The command line: one verb an analysis, the same names as in Python."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import loganalytics
from loganalytics.exceptions import LogAnalyticsError, MissingExtraError

if TYPE_CHECKING:
    import polars as pl

    from loganalytics.reports import Report
    from loganalytics.view import View

_EPILOG = (
    "exit codes: 0 done; 1 findings at or over --fail-on; 2 usage or data; 3 a source was incomplete; 130 interrupted"
)
_SEVERITIES = ("info", "warning", "critical")

OK, FINDINGS, USAGE, INCOMPLETE, INTERRUPTED = 0, 1, 2, 3, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except LogAnalyticsError as error:
        print(f"loganalytics: {error}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # the reader of a pipe went away, as head does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except OSError as error:
        print(f"loganalytics: {error.filename or ''}: {error.strerror or error}", file=sys.stderr)
        return USAGE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="loganalytics", description=loganalytics.__doc__, epilog=_EPILOG)
    parser.add_argument("--version", action="version", version=f"loganalytics {loganalytics.__version__}")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    _add_report(verbs)
    _add_export(verbs)
    for name, (run, text, takes) in _TABLES.items():
        verb = _verb(verbs, name, text)
        _add_selection(verb)
        if "every" in takes:
            verb.add_argument("--every", default="5m", metavar="5m", help="the window's length (default: 5m)")
        if "by" in takes:
            verb.add_argument("--by", metavar="COLUMN", default=takes["by"], help="one row a value of this column")
        verb.add_argument("--format", choices=("table", "json", "ndjson", "csv", "parquet"), default="table")
        verb.add_argument("-o", "--output", metavar="FILE", help="write there rather than to standard output")
        verb.set_defaults(run=_run_table, analysis=run)
    shown = _verb(verbs, "formats", "tell which formats files are in, why, and how their first events read")
    _add_selection(shown)
    shown.set_defaults(run=_run_formats)
    demo = _verb(verbs, "demo", "analyse the sample platform's logs and write report.html")
    demo.add_argument("-o", "--output", metavar="FILE", default="report.html")
    demo.set_defaults(run=_run_demo)
    dashboard = _verb(verbs, "dashboard", "open the dashboard in the browser")
    dashboard.add_argument("source", nargs="*", metavar="SOURCE", help="file, glob or folder (default: the sample)")
    dashboard.add_argument("--port", type=int, default=8501)
    dashboard.add_argument("--address", default="127.0.0.1", help="where to listen (default: this machine only)")
    dashboard.set_defaults(run=_run_dashboard)
    return parser


def _verb(verbs: argparse._SubParsersAction[argparse.ArgumentParser], name: str, text: str) -> argparse.ArgumentParser:
    return verbs.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".", epilog=_EPILOG)


def _add_selection(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "source", nargs="+", metavar="SOURCE",
        help='file, glob or folder, packed or not; Parquet; s3://, gs://, az://, https://; "-" is standard input',
    )  # fmt: skip
    group = verb.add_argument_group("selection")
    group.add_argument("--since", metavar="TIME", help='from then on: "2026-03-10 14:00", "2h", "yesterday"')
    group.add_argument("--until", metavar="TIME", help="before then")
    group.add_argument("--tz", metavar="ZONE", default="UTC", help="the zone of times that bear none (default: UTC)")
    group.add_argument("--formats", metavar="FILE.toml", help="formats of your own, tried before those that are known")
    group.add_argument("--level", metavar="LEVEL", help="this level and above")
    group.add_argument("--service", metavar="NAME", action="append", default=[], help="only this one; repeatable")
    group.add_argument("--grep", metavar="REGEX", help="only events whose text matches")


def _add_report(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verb = _verb(verbs, "report", "analyse logs: print the findings and write a report")
    _add_selection(verb)
    verb.add_argument("-o", "--output", metavar="FILE", default="report.html", help="by suffix: .html, .md or .json")
    verb.add_argument("--title", default=None)
    verb.add_argument("--every", metavar="5m", help="the window's length (default: by the time range)")
    verb.add_argument("--fail-on", choices=_SEVERITIES, help="exit with 1 when a finding is at least this severe")
    verb.set_defaults(run=_run_report)


def _add_export(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verb = _verb(verbs, "export", "write logs as Parquet, CSV or NDJSON, whatever their size")
    _add_selection(verb)
    verb.add_argument(
        "-o", "--output", metavar="PATH", required=True,
        help='a file; a folder when it ends in "/" or is one: a part for each day, which can be a SOURCE again; '
        '"-" is standard output',
    )  # fmt: skip
    verb.add_argument(
        "--format", choices=("parquet", "csv", "ndjson"),
        help="default: by the suffix, parquet for a folder; csv puts an apostrophe before what a spreadsheet would run",
    )  # fmt: skip
    verb.add_argument("--append", action="store_true", help="add to a folder that holds something already")
    verb.set_defaults(run=_run_export)


def _view(arguments: argparse.Namespace) -> View:
    from loganalytics.view import View

    return View(
        tuple(arguments.source), arguments.since, arguments.until, arguments.tz, arguments.level,
        tuple(arguments.service), arguments.grep, arguments.formats,
    )  # fmt: skip


def _load(arguments: argparse.Namespace) -> pl.DataFrame:
    """Load what the arguments name, and tell on standard error what could not be read."""
    from loganalytics.sources import load_report

    logs = _view(arguments).load()
    _tell(load_report(logs))
    return logs


def _tell(report: pl.DataFrame) -> None:
    from loganalytics.sources.doubles import SAME
    from loganalytics.sources.files import NOT_A_LOG
    from loganalytics.sources.ranges import OUTSIDE

    read = report.filter(report["lines"] > 0)
    unparsed = int(read["unparsed"].sum())
    print(
        f"Read {int(read['lines'].sum()):,} lines of {read.height} {'file' if read.height == 1 else 'files'}: "
        f"{int(read['events'].sum()):,} events"
        + (f", {unparsed:,} lines in no known format (kept as they are)" if unparsed else "")
        + ".",
        file=sys.stderr,
    )
    noted = report.filter(report["note"].is_not_null())
    skips = {
        NOT_A_LOG: "that look like no logs: {}. Hint: name a file to read it.",
        SAME: "that repeat another: {}.",
        OUTSIDE: "that lie outside the time range: {}.",
    }
    for start, text in skips.items():
        skipped = noted.filter(noted["note"].str.starts_with(start))["source"].to_list()
        noted = noted.filter(~noted["source"].is_in(skipped))
        if skipped:
            names = ", ".join(Path(name).name for name in skipped[:4]) + (", …" if len(skipped) > 4 else "")
            print(f"Skipped {len(skipped)} {text.format(names)}", file=sys.stderr)
    for source, note in noted.select("source", "note").iter_rows():
        print(f"{source}: {note}", file=sys.stderr)


def _incomplete(logs: pl.DataFrame | pl.LazyFrame) -> bool:
    """Whether a file broke off while it was read; one that was skipped whole is told, but not a failure."""
    from loganalytics.sources import load_report

    return bool(load_report(logs)["note"].str.contains("^(?:unreadable|cut short) ").any())


def _run_report(arguments: argparse.Namespace) -> int:
    logs = _load(arguments)
    title = arguments.title or "Log report: " + ", ".join(Path(name).name or name for name in arguments.source[:3])
    made = loganalytics.report(logs, title=title, every=arguments.every)
    _print_findings(made)
    made.save(arguments.output)
    print(f"\nReport: {arguments.output}")
    if arguments.fail_on:
        least = _SEVERITIES.index(arguments.fail_on)
        if any(_SEVERITIES.index(finding.severity) >= least for finding in made.findings):
            return FINDINGS
    return INCOMPLETE if _incomplete(logs) else OK


def _print_findings(made: Report) -> None:
    from rich.console import Console
    from rich.text import Text

    from loganalytics.output import cell

    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    colours = {"info": "cyan", "warning": "yellow", "critical": "bold red"}
    if not made.findings:
        console.print("Nothing unusual was found.")
    for number, finding in enumerate(made.findings, 1):
        console.print(Text(f"{number}. {cell(finding.title)}", style=colours[finding.severity]))
        when = " to ".join(cell(time) for time in (finding.start, finding.end) if time)
        console.print(Text(f"   {when} UTC" if when else "   (no time)", style="dim"))
        for line in (finding.detail, *finding.evidence):
            console.print(Text(f"   {cell(line)}"))


def _run_table(arguments: argparse.Namespace) -> int:
    from loganalytics.output import write

    logs = _load(arguments)
    write(arguments.analysis(logs, arguments), form=arguments.format, path=arguments.output)
    return INCOMPLETE if _incomplete(logs) else OK


def _run_export(arguments: argparse.Namespace) -> int:
    from loganalytics.sources import export, load_report

    view = _view(arguments)
    keep = view.filter()
    logs = loganalytics.scan(view.source, since=view.since, until=view.until, tz=view.tz, formats=view.formats)
    written = export(logs.filter(keep), arguments.output, form=arguments.format, append=arguments.append)
    _tell(load_report(logs))
    if written.files:
        files = "1 file" if len(written.files) == 1 else f"{len(written.files):,} files"
        print(f"Export: {arguments.output} ({written.events:,} events in {files})")
    return INCOMPLETE if _incomplete(logs) else OK


def _run_formats(arguments: argparse.Namespace) -> int:
    import polars as pl

    from loganalytics.output import write
    from loganalytics.sources.selection import explain

    view = _view(arguments)
    for source, formats, sample in explain(view.source, tz=view.tz, formats=view.formats):
        print(f"{source}\n")
        write(formats, form="table")
        write(sample.filter(view.filter()).select(pl.exclude("source")).head(3), form="table")
    return OK


def _run_demo(arguments: argparse.Namespace) -> int:
    from loganalytics.sources.discovery import sample_data

    return main(["report", sample_data(), "--title", "Sample platform", "--output", arguments.output])


def _run_dashboard(arguments: argparse.Namespace) -> int:
    import importlib.util
    import subprocess

    if importlib.util.find_spec("streamlit") is None:
        raise MissingExtraError("streamlit", "dashboard")
    app = Path(__file__).resolve().parent / "dashboard" / "app.py"
    command = [sys.executable, "-m", "streamlit", "run", str(app), "--server.port", str(arguments.port)]
    command += ["--server.address", arguments.address, "--", *arguments.source]
    return subprocess.run(command, check=False).returncode


_TABLES: dict[str, tuple[Callable[[pl.DataFrame, argparse.Namespace], pl.DataFrame], str, dict[str, str | None]]] = {
    "trend": (
        lambda logs, a: loganalytics.trend(logs, every=a.every, by=a.by),
        "count events and errors by window", {"every": None, "by": None},
    ),
    "patterns": (lambda logs, a: loganalytics.patterns(logs), "list the message templates, commonest first", {}),
    "errors": (lambda logs, a: loganalytics.cluster_errors(logs), "list the errors, one row a problem", {}),
    "anomalies": (
        lambda logs, a: _anomalous(loganalytics.detect_anomalies(logs, every=a.every, by=a.by)),
        "list the anomalous windows with the reasons", {"every": None, "by": None},
    ),
    "latency": (
        lambda logs, a: loganalytics.latency(logs, by=a.by),
        "list the durations found in the logs, slowest first", {"by": "logger"},
    ),
    "coverage": (lambda logs, a: loganalytics.coverage(logs), "list the services and when they were silent", {}),
}  # fmt: skip


def _anomalous(windows: pl.DataFrame) -> pl.DataFrame:
    return windows.filter(windows["is_anomaly"]).drop("is_anomaly")


if __name__ == "__main__":
    sys.exit(main())
