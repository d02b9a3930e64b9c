"""Archives of several files, read as folders are, whatever names and links they hold."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import warnings
import zipfile

import polars as pl
import pytest

import loganalytics as la
from loganalytics.exceptions import UnreadableSourceError
from loganalytics.sources.files import compression

LINE = "2026-03-10 12:00:{:02d},000 ERROR [app.db] {}\n"


def log(name, count=3):
    """Return a log whose messages begin with a name."""
    return "".join(LINE.format(n, f"{name} {n}") for n in range(count)).encode()


def tar(*files):
    """Return a tar archive of files (name, content or a tarfile.TarInfo)."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in files:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return packed.getvalue()


def names_in(logs):
    """Return the services of a frame, in its order."""
    return logs["service"].unique(maintain_order=True).to_list()


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("logs.tar", bytes), ("logs.tar.gz", gzip.compress), ("logs.tgz", gzip.compress), ("l.tar.bz2", bz2.compress),
        ("logs.tar.xz", lzma.compress), ("logs.tar.zst", compression._zstd.compress), ("backup.gz", gzip.compress),
    ],
)  # fmt: skip
def test_a_tar_is_read_as_a_folder(tmp_path, name, pack):
    """Packed or not, by whatever name; packed files in it are unpacked too, and what is no log is left out."""
    path = tmp_path / name
    files = [("var/api.log", log("api")), ("var/web.log.gz", gzip.compress(log("web"))), ("README.md", b"# text\n")]
    path.write_bytes(pack(tar(*files)))
    logs = la.load(path)
    assert names_in(logs) == ["api", "web"]
    assert logs["source"].unique().sort().to_list() == [f"{path}/var/api.log", f"{path}/var/web.log.gz"]
    assert la.load_report(logs)["status"].to_list() == ["read", "read", "skipped_not_log"]
    scanned = la.scan(path)
    assert scanned.collect().equals(logs)
    assert scanned.collect().equals(logs)
    assert la.describe(path).height == 3


def test_links_and_names_of_an_archive_are_harmless(tmp_path):
    """Nothing is written, followed or read outside."""
    path = tmp_path / "evil.tar"
    secret = tmp_path / "secret.txt"
    secret.write_bytes(log("secret"))
    with tarfile.open(path, "w") as archive:
        for name in ("../../up.log", "/etc/abs.log", "a\x1b[31m\nb.log"):
            info = tarfile.TarInfo(name)
            info.size = len(log(name[-5]))
            archive.addfile(info, io.BytesIO(log(name[-5])))
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE):
            info = tarfile.TarInfo(f"link{kind!r}.log")
            info.type, info.linkname = kind, str(secret)
            archive.addfile(info)
    logs = la.load(path)
    assert logs.height == 9
    assert not logs["message"].str.contains("secret").any()
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["evil.tar", "secret.txt"]


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_two_members_of_one_name_are_two_files(tmp_path, kind):
    """Each has its own source, so that no event is taken for another."""
    path = tmp_path / f"logs.{kind}"
    if kind == "tar":
        path.write_bytes(tar(("a.log", log("first")), ("a.log", log("second"))))
    else:
        with warnings.catch_warnings(), zipfile.ZipFile(path, "w") as archive:
            warnings.simplefilter("ignore")
            archive.writestr("a.log", log("first"))
            archive.writestr("a.log", log("second"))
    logs = la.load(path)
    assert logs["message"].str.extract(r"(\w+)").unique(maintain_order=True).to_list() == ["first", "second"]
    assert logs.select("source", "offset").is_unique().all()
    assert names_in(logs) == ["a"]


def test_a_tar_that_breaks_off(tmp_path):
    """What was there is read; the rest is told to be missing."""
    whole = tar(("a.log", log("a")), ("b.log", log("b", 50_000)), ("c.log", log("c")))
    plain, packed = tmp_path / "plain.tar", tmp_path / "packed.tar.gz"
    plain.write_bytes(whole[:1_000_000])
    packed.write_bytes(gzip.compress(whole)[:-5000])
    for path in (plain, packed):
        logs = la.load(path)
        assert logs["message"][0] == "a 0"
        assert 3 < logs.height < 50_000
        assert {"truncated", "unreadable"} & set(la.load_report(logs)["status"])


def test_an_archive_in_an_archive_is_refused_in_one_line(tmp_path):
    """It is told, beside what is read; alone it is an error."""
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("x.log", log("x"))
    for name, content in (("in.zip", inner.getvalue()), ("in.tar", tar(("x.log", log("x")))), ("a.log", log("a"))):
        with zipfile.ZipFile(tmp_path / "out.zip", "a") as archive:
            archive.writestr(name, content)
    logs = la.load(tmp_path / "out.zip")
    assert names_in(logs) == ["a"]
    notes = la.load_report(logs).filter(pl.col("status") == "unreadable")["note"]
    assert notes.str.contains("archive").to_list() == [True, True]
    with zipfile.ZipFile(tmp_path / "only.zip", "w") as archive:
        archive.writestr("in.zip", inner.getvalue())
    with pytest.raises(UnreadableSourceError, match="archive"):
        la.load(tmp_path / "only.zip")


def test_a_packed_tar_unpacks_to_its_budget_only(tmp_path):
    """As any archive: what lies beyond is told."""
    path = tmp_path / "bomb.tar.gz"
    path.write_bytes(gzip.compress(tar(("a.log", log("a")), ("b.log", log("b", 50_000)))))
    logs = la.load(path, max_unpacked_bytes=100_000)
    assert logs.height < 3000
    assert la.load_report(logs)["note"].str.contains("cut short at 100,000 bytes").any()
