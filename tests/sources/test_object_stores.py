"""Object stores and web servers, as Polars reads them, beside a small server of our own."""

from __future__ import annotations

import gzip
import http.server
import threading
import urllib.parse

import polars as pl
import pytest

import loganalytics as la
from loganalytics.exceptions import SourceNotFoundError, UnreadableSourceError

TEXT = "".join(f"2026-03-10 12:00:{n % 60:02d},000 INFO [app.db] hello {n}\n" for n in range(200)).encode()


class Store(http.server.BaseHTTPRequestHandler):
    """As much of a web server, and of S3, as reading needs."""

    def do_GET(self) -> None:
        """Answer with an object, a part of it, or the list of a bucket."""
        objects = self.server.objects
        path = urllib.parse.unquote(self.path.split("?")[0])
        if "list-type=2" in self.path:
            start = "/bucket/" + urllib.parse.parse_qs(self.path.partition("?")[2])["prefix"][0]
            keys = [key.removeprefix("/bucket/") for key in objects if key.startswith(start)]
            entries = "".join(
                f"<Contents><Key>{key}</Key><LastModified>2026-03-10T00:00:00.000Z</LastModified>"
                f"<Size>{len(objects['/bucket/' + key])}</Size></Contents>"
                for key in keys
            )
            return self._answer(200, f"<ListBucketResult>{entries}</ListBucketResult>".encode())
        if path not in objects:
            return self._answer(403 if "denied" in path else 404, b"")
        wanted = self.headers.get("Range", "").removeprefix("bytes=")
        if not wanted:
            return self._answer(200, objects[path])
        low, _, high = wanted.partition("-")
        size = len(objects[path])
        start = int(low) if low else max(0, size - int(high))
        end = min(int(high) + 1 if high and low else size, size)
        return self._answer(206, objects[path][start:end], f"bytes {start}-{end - 1}/{size}")

    do_HEAD = do_GET  # noqa: N815 (the library's name)

    def _answer(self, code: int, body: bytes, part: str = "") -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Last-Modified", "Tue, 10 Mar 2026 00:00:00 GMT")
        self.send_header("ETag", '"1"')
        if part:
            self.send_header("Content-Range", part)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def store(tmp_path):
    """Serve a few objects; gives the server's address and the options to find it as S3."""
    la.scan([*write(tmp_path, TEXT)]).collect().write_parquet(tmp_path / "x.parquet")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Store)
    server.objects = {
        "/app.log": TEXT, "/bucket/logs/a.log": TEXT, "/bucket/logs/b.log.gz": gzip.compress(TEXT),
        "/bucket/lake/date=2026-03-10/part-0.parquet": (tmp_path / "x.parquet").read_bytes(),
        "/broken.log": TEXT + b"\xff\xfe\xff\n" * 3,
    }  # fmt: skip
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    options = {
        "aws_endpoint_url": address, "aws_allow_http": "true", "aws_region": "us-east-1",
        "aws_access_key_id": "AKIDTEST", "aws_secret_access_key": "hunter2hunter2",
    }  # fmt: skip
    yield address, options
    server.shutdown()
    server.server_close()


def write(folder, text: bytes):
    """Write a log and yield its path."""
    (folder / "app.log").write_bytes(text)
    yield folder / "app.log"


def test_a_web_servers_log(store):
    """It is read like a file; `source` and `service` tell the address without its secrets."""
    logs = la.load(f"{store[0]}/app.log?signature=hunter2")
    assert logs["message"].to_list() == [f"hello {n}" for n in range(200)]
    assert logs.select("source", "service").unique().row(0) == (f"{store[0]}/app.log", "app")
    assert la.scan(f"{store[0]}/app.log").filter(message="hello 7").collect().height == 1


def test_objects_by_pattern(store):
    """Each object is a file of its own, packed or not."""
    logs = la.load("s3://bucket/logs/*", storage_options=store[1])
    assert sorted(logs["source"].unique()) == ["s3://bucket/logs/a.log", "s3://bucket/logs/b.log.gz"]
    assert logs.height == 400


def test_a_lake_in_an_object_store(store):
    """A folder there is Parquet; what is selected is all that is read."""
    logs = la.scan("s3://bucket/lake/", storage_options=store[1])
    assert logs.select(pl.len()).collect().item() == 200
    assert la.load("s3://bucket/lake/", since="2026-03-11", storage_options=store[1]).height == 0


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("{}/nothing.log?signature=hunter2", SourceNotFoundError),
        ("{}/denied.log?signature=hunter2", UnreadableSourceError),
        ("s3://bucket/denied.log", UnreadableSourceError),
        ("s3://bucket/denied.parquet", UnreadableSourceError),
        ("ftp://me:hunter2@host/app.log", UnreadableSourceError),
        ("s3://me:hunter2@bucket/none/*.log", SourceNotFoundError),
    ],
)
def test_errors_bear_no_secrets(store, url, error):
    """They name the address, and nothing that opens it."""
    with pytest.raises(error) as caught:
        la.load(url.format(store[0]), storage_options=store[1])
    assert "hunter2" not in str(caught.value)
    assert "AKIDTEST" not in str(caught.value)
    assert "Hint:" in str(caught.value)


def test_what_polars_cannot_read_is_told(store):
    """Bytes that are no UTF-8 end the reading of an address; the error says what to do."""
    with pytest.raises(UnreadableSourceError, match=r"broken\.log' is not UTF-8"):
        la.load(f"{store[0]}/broken.log")
