"""Archives: seen by their first bytes, whole or broken, and never without a limit."""

from __future__ import annotations

import gzip
import importlib
import sys
import zipfile

import pytest

import loganalytics as la
from loganalytics.exceptions import InvalidArgumentError, UnreadableSourceError
from loganalytics.sources.files import compression

zstd = importlib.import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")

LINE = "2026-03-10 12:00:{:02d},000 INFO [app.db] hello {}\n"
TEXT = "".join(LINE.format(n % 60, n) for n in range(200))


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress])
def test_archives_of_several_members(tmp_path, pack):
    """gzip's members and zstd's frames follow one another, as when packed logs are joined with cat."""
    path = tmp_path / "packed"  # no suffix: the first bytes tell
    path.write_bytes(pack(TEXT[:5000].encode()) + pack(TEXT[5000:].encode()))
    assert la.load(path)["message"].to_list() == [f"hello {n}" for n in range(200)]


def test_a_truncated_zst_gives_what_it_holds(tmp_path):
    """The frames before the break are events; the report says that the rest is lost."""
    path = tmp_path / "app.log.zst"
    path.write_bytes(zstd.compress(TEXT.encode()) + zstd.compress(TEXT.encode())[:-20])
    logs = la.load(path)
    assert logs.height >= 200
    assert "unreadable after" in la.load_report(logs)["note"][0]


def zip_of(path, members: dict[str, bytes | str]):
    """Write a zip archive."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_each_text_in_a_zip_is_a_file_of_its_own(tmp_path):
    """`source` names the member; what is packed in it once more is unpacked, what is no text is told."""
    path = zip_of(
        tmp_path / "bundle.zip",
        {"web/web.log": TEXT, "api.log.1.gz": gzip.compress(TEXT.encode()), "core": bytes(range(256)) * 9, "d/": b""},
    )
    logs = la.load(path)
    assert sorted(logs["source"].unique()) == [f"{path}/api.log.1.gz", f"{path}/web/web.log"]
    assert sorted(logs["service"].unique()) == ["api", "web"]
    assert logs.height == 400
    assert "not text" in la.load_report(logs).filter(la.load_report(logs)["source"].str.ends_with("core"))["note"][0]


def test_encrypted_members_are_told(tmp_path):
    """The rest of the archive is read."""
    path = zip_of(tmp_path / "bundle.zip", {"a.log": TEXT, "b.log": TEXT + TEXT})
    data = bytearray(path.read_bytes())
    entry = data.index(b"PK\x01\x02")  # the directory's entry of a.log: mark it as encrypted
    data[entry + 8] |= 1
    path.write_bytes(bytes(data))
    logs = la.load(path)
    assert logs.height == 400
    assert "encrypted" in la.load_report(logs)["note"][0]


def test_a_broken_zip_is_told(tmp_path):
    """A zip archive without its directory, which stands at the end, cannot be read."""
    path = zip_of(tmp_path / "bundle.zip", {"a.log": TEXT})
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(UnreadableSourceError, match=r"bundle\.zip"):
        la.load(path)


def test_max_unpacked_bytes(tmp_path, monkeypatch):
    """Beyond the limit nothing is unpacked; what was read stays, and the report tells."""
    path = tmp_path / "app.log.gz"
    path.write_bytes(gzip.compress(TEXT.encode() * 50))
    assert la.load_report(la.load(path))["note"][0] is None
    logs = la.load(path, max_unpacked_bytes=100_000)
    assert 1000 < logs.height < 10_000
    assert "cut short at 100,000 bytes" in la.load_report(logs)["note"][0]
    monkeypatch.setenv("LOGANALYTICS_MAX_UNPACKED", "1e5")
    assert la.scan(path).collect().height == logs.height


def test_the_files_of_a_zip_share_the_limit(tmp_path):
    """Many small bombs are one bomb."""
    path = zip_of(tmp_path / "bundle.zip", {f"{letter}.log": TEXT * 20 for letter in "abc"})
    logs = la.load(path, max_unpacked_bytes=len(TEXT) * 30)
    assert logs.height < 8000
    assert la.load_report(logs)["note"].str.starts_with("cut short").sum() == 2


def test_a_bomb_is_cut_short_by_its_ratio(tmp_path, monkeypatch):
    """Text that unpacks to over 1,000 times its size stops there, beyond a size that hurts nobody."""
    monkeypatch.setattr(compression, "_RATIO_MIN_BYTES", 1_000_000)
    path = tmp_path / "app.log.zst"
    path.write_bytes(zstd.compress(TEXT.encode() + b"A" * 5_000_000))
    logs = la.load(path)
    assert logs.height >= 200
    assert "1,000 times its size" in la.load_report(logs)["note"][0]


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_that_is_none(tmp_path, limit):
    """It is told rather than taken for no limit."""
    path = tmp_path / "app.log"
    path.write_text(TEXT)
    with pytest.raises(InvalidArgumentError, match="max_unpacked_bytes"):
        la.load(path, max_unpacked_bytes=limit)
