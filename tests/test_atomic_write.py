"""What replaces a file: the old one or the new one, whole, whatever goes wrong."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from loganalytics.atomic_write import replace_file, replace_text

# Each writes to sys.argv[1] more than the limit on the size of a file; the disk is as good as full.
LOGS = """
    import datetime as dt, random, polars as pl, loganalytics as la
    from loganalytics.schema import conform
    from loganalytics.sources.load_report import load_report
    dice = random.Random(1)
    start = dt.datetime(2026, 3, 10, tzinfo=dt.UTC)
    rows = [{"timestamp": start + dt.timedelta(seconds=7 * n), "service": f"s{n % 5}", "severity_number": 9,
             "message": "".join(dice.choices("abcdefghij", k=12)) + " ok"} for n in range(3000)]
    logs = conform(pl.DataFrame(rows))
"""
WRITERS = {
    "report.html": "la.report(logs).save(path)",
    "report.md": "la.report(logs.with_columns(severity_number=pl.lit(17, pl.UInt8)), title='x ' * 90).save(path)",
    "report.json": "la.report(logs).save(path)",
    "incident.html": "la.incident(logs, start + dt.timedelta(hours=2), start + dt.timedelta(hours=3)).save(path)",
    "incident.json": "la.incident(logs, start + dt.timedelta(hours=2), start + dt.timedelta(hours=3)).save(path)",
    "model.json": "la.fit_anomalies(logs, every='1m', by='service').save(path)",
    "catalogue.parquet": "la.TemplateCatalogue().update(logs).save(path)",
    "cursor.json": "la.save_cursor(path, {}, state='x' * 200_000)",
    "export.parquet": "from loganalytics.exports import export; export(logs.lazy(), path)",
    "export.csv": "from loganalytics.exports import export; export(logs.lazy(), path)",
    "export.ndjson": "from loganalytics.exports import export; export(logs.lazy(), path)",
    **{
        f"table.{form}": f"from loganalytics.output import write; write(logs, form={form!r}, path=path)"
        for form in ("table", "json", "ndjson", "csv", "parquet")
    },
}


def run(code: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own in which no file can be larger than half a KiB."""
    limited = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (512, 512))\n"
    command = [sys.executable, "-B", "-c", limited + textwrap.dedent(code), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.skipif(os.name != "posix", reason="the limit on the size of a file is POSIX's")
@pytest.mark.parametrize("name", WRITERS)
def test_a_full_disk_keeps_the_old_file(tmp_path, name):
    """For each writer: an OSError that names the file, which is as it was, and nothing beside it."""
    path = tmp_path / name
    path.write_text("old")
    code = (
        "import sys\npath = sys.argv[1]\n" + textwrap.dedent(LOGS)
        + "try:\n" + textwrap.indent(WRITERS[name], "    ")
        + "\nexcept OSError as error:\n    print(error.errno, error.filename)"
    )  # fmt: skip
    result = run(code, path)
    assert result.stdout == f"{errno.EFBIG} {path}\n", result.stderr
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == [name]


@pytest.mark.skipif(os.name != "posix", reason="the limit on the size of a file is POSIX's")
@pytest.mark.parametrize(
    "arguments",
    [
        ["report", "app.log", "-o", "old.html"],
        ["incident", "app.log", "--from", "2026-03-10 12:05", "--to", "2026-03-10 12:09", "-o", "old.html"],
        ["sql", "app.log", "select * from logs", "--format", "csv", "-o", "old.csv"],
        ["sql", "app.log", "select * from logs", "--format", "parquet", "-o", "old.parquet"],
        ["sql", "app.log", "select * from logs", "-o", "old.txt"],
        ["export", "app.log", "-o", "old.parquet"],
        ["patterns", "app.log", "--catalogue", "old.catalogue", "--update"],
        ["export", "app.log", "-o", "lake/"],
    ],
    ids=lambda arguments: f"{arguments[0]} {arguments[-1]}",
)
def test_the_command_line_names_the_file_on_a_full_disk(tmp_path, arguments):
    """One line, exit code 2, no traceback; an old file is as it was, and a folder that was not there is not made."""
    words = [chr(97 + n % 26) + chr(97 + n // 26) for n in range(600)]
    lines = [f"2026-03-10 12:{n // 60:02d}:{n % 60:02d},000 ERROR [app] {words[n]} failed\n" for n in range(600)]
    (tmp_path / "app.log").write_text("".join(lines))
    target = arguments[arguments.index("-o") + 1] if "-o" in arguments else arguments[3]
    old = tmp_path / target
    if arguments[0] == "patterns":
        import loganalytics as la

        la.TemplateCatalogue().save(old)
    elif not target.endswith("/"):
        old.write_text("old")
    before = old.read_bytes() if old.exists() else None
    result = run(
        f"import os; os.chdir({str(tmp_path)!r})\nfrom loganalytics.cli.main import main\nraise SystemExit(main())",
        *arguments,
    )
    assert result.returncode == 2, result.stderr
    assert result.stderr.splitlines()[-1] == f"loganalytics: {target.rstrip('/')}: File too large"
    assert "Traceback" not in result.stderr
    assert (old.read_bytes() if old.exists() else None) == before
    assert {file.name for file in tmp_path.iterdir()} == {"app.log", *([target] if before else [])}


@pytest.mark.skipif(os.name != "posix", reason="the limit on the size of a file is POSIX's")
def test_a_full_disk_leaves_no_part_of_the_charts_script(tmp_path):
    """The script is bundled anew at every start then; the cache never holds half of it."""
    code = """
        import os, sys
        os.environ["XDG_CACHE_HOME"] = sys.argv[1]
        from loganalytics.reports.html.vega import vega_script
        print(len(vega_script()) > 500_000)
    """
    result = run(code, tmp_path)
    assert result.stdout == "True\n", result.stderr
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_standard_output_can_be_full_too(tmp_path):
    """It is told in one line, not by the interpreter at its end."""
    (tmp_path / "app.log").write_text("2026-03-10 12:00:00 ERROR disk full\n")
    command = [sys.executable, "-m", "loganalytics.cli", "trend", "app.log", "--format", "csv"]
    with open("/dev/full", "w") as full:
        result = subprocess.run(command, cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert result.returncode == 2
    assert result.stderr.splitlines()[1:] == ["loganalytics: standard output: No space left on device"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, SystemExit])
def test_an_interruption_leaves_the_old_file(tmp_path, error):
    """Whatever ends the block: the temporary file goes, and the error is the one that was raised."""
    path = tmp_path / "a.txt"
    path.write_text("old")

    def interrupted() -> None:
        with replace_file(path) as temporary:
            temporary.write_text("half of")
            raise error

    with pytest.raises(error):
        interrupted()
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]


def test_nobody_sees_half_a_file(tmp_path):
    """Until the block ends the old file is there; two writers do not get in each other's way."""
    path = tmp_path / "a.txt"
    path.write_text("old")
    with replace_file(path) as first, replace_file(path) as second:
        first.write_text("first")
        second.write_text("second")
        assert first.parent == tmp_path
        assert stat.S_IMODE(first.stat().st_mode) == 0o600
        assert path.read_text() == "old"
    assert path.read_text() == "first"
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]


def test_a_symbolic_link_stays_one(tmp_path):
    """What it points to is replaced, also when it is not there yet."""
    (tmp_path / "real").mkdir()
    for name in ("there.txt", "new.txt"):
        (tmp_path / name).symlink_to(tmp_path / "real" / name)
    (tmp_path / "real" / "there.txt").write_text("old")
    for name in ("there.txt", "new.txt"):
        replace_text(tmp_path / name, "new")
        assert (tmp_path / name).is_symlink()
        assert (tmp_path / "real" / name).read_text() == "new"


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o755])
def test_a_file_keeps_its_mode(tmp_path, mode):
    """And a new one gets what the umask leaves, or is private."""
    path = tmp_path / "a.txt"
    path.write_text("old")
    path.chmod(mode)
    replace_text(path, "new")
    assert stat.S_IMODE(path.stat().st_mode) == mode
    (tmp_path / "plain").write_text("x")
    replace_text(tmp_path / "new", "x")
    replace_text(tmp_path / "private", "x", private=True)
    usual = stat.S_IMODE((tmp_path / "plain").stat().st_mode)
    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("new", "private")] == [usual, 0o600]


@pytest.mark.skipif(os.name != "posix" or os.getuid() == 0, reason="root may write everywhere")
def test_a_read_only_file_is_not_replaced(tmp_path):
    """Although its folder would allow it."""
    path = tmp_path / "a.txt"
    path.write_text("old")
    path.chmod(0o444)
    with pytest.raises(PermissionError, match=r"a\.txt"):
        replace_text(path, "new")
    assert path.read_text() == "old"


@pytest.mark.parametrize(
    ("name", "error"),
    [("missing/a.txt", FileNotFoundError), (".", IsADirectoryError), ("b.txt/a.txt", NotADirectoryError)],
)
def test_a_place_that_cannot_be_written_is_named(tmp_path, name, error):
    """By the name that was given, not by the temporary one."""
    (tmp_path / "b.txt").write_text("old")
    with pytest.raises(error) as caught:
        replace_text(tmp_path / name, "new")
    assert caught.value.filename == str(tmp_path / name)


@pytest.mark.skipif(os.name != "posix", reason="named pipes are POSIX's")
def test_a_pipe_is_written_into(tmp_path):
    """It cannot be replaced, and is there to be read from."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with subprocess.Popen(["cat", str(path)], stdout=subprocess.PIPE, text=True) as reader:
        replace_text(path, "new")
        assert reader.communicate()[0] == "new"
    assert path.is_fifo()


def test_a_long_name_leaves_room_for_the_temporary_one(tmp_path):
    """255 bytes are a name like another, in letters of more than one byte too."""
    for name in ("x" * 255, "ü" * 127):
        replace_text(tmp_path / name, "new")
        assert (tmp_path / name).read_text() == "new"
