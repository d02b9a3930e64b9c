"""Real nodes of Elasticsearch and OpenSearch for tests, from the jars that install_servers.sh fetched."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from servers.valkey import free_port

NEEDS_JAVA = {"opensearch-2": 17, "elasticsearch-8": 17, "opensearch-3": 21, "elasticsearch-9": 21}
_HERE = Path(__file__).parent
_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "loganalytics-tests")
# Starting fast matters more than running fast.
_JAVA = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
_DESCRIPTOR = """name=transport-netty4
description=HTTP
version={version}
elasticsearch.version={version}
java.version=17
classname=org.elasticsearch.transport.netty4.Netty4Plugin
"""


def missing(reason: str) -> None:
    """Skip the test, or fail where the servers have to be there."""
    if os.environ.get("LOGANALYTICS_REQUIRE_SERVERS") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


class SearchNode:
    """One node on a port of its own; what it holds survives kill() and start()."""

    def __init__(self, kind: str, folder: Path, port: int | None = None, heap: str = "400m") -> None:
        self.kind, self.folder = kind, folder
        self._heap = (f"-Xms{heap}", f"-Xmx{heap}", *(_JAVA if heap == "400m" else ()))
        self.port = port or free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._alive: int | None = None

    @property
    def product(self) -> str:
        """elasticsearch or opensearch."""
        return self.kind.partition("-")[0]

    def address(self, index: str = "", options: str = "") -> str:
        """Return the address of an index."""
        return f"{self.product}://127.0.0.1:{self.port}/{index}{options}"

    def start(self) -> SearchNode:
        """Start it; it ends with the last process that holds its standard input."""
        java, jars = _java(NEEDS_JAVA[self.kind]), _CACHE / self.kind
        if java is None or not (jars / ".complete").exists():
            needed = f"a JDK {NEEDS_JAVA[self.kind]}" if java is None else "its jars"
            missing(f"{self.kind} is not to be had: {needed}. Hint: tests/install_servers.sh")
        library = self._elasticsearch_home(jars) if self.product == "elasticsearch" else jars
        pipe = self.folder / "alive"
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "config").mkdir(exist_ok=True)
        if not pipe.exists():
            os.mkfifo(pipe)
        self.hold()
        source = _HERE / f"{'Elasticsearch' if self.product == 'elasticsearch' else 'OpenSearch'}Node.java"
        with pipe.open("rb") as standard_input, (self.folder / "node.log").open("wb") as log:
            self._process = subprocess.Popen(
                [java, *self._heap, "-cp", f"{library}/*", str(source),
                 str(self.folder), str(self.port), str(free_port())],
                stdin=standard_input, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self.wait()
        return self

    def hold(self) -> None:
        """Keep it alive as long as this process lives."""
        if self._alive is None:
            self._alive = os.open(self.folder / "alive", os.O_RDWR)

    def wait(self) -> None:
        """Wait until it answers."""
        end = time.monotonic() + 120
        while time.monotonic() < end:
            try:
                self.call("GET", "/_cluster/health?wait_for_status=yellow&timeout=60s")
            except OSError:
                if self._process is not None and self._process.poll() is not None:
                    break
                time.sleep(0.2)
            else:
                return
        pytest.fail((self.folder / "node.log").read_text()[-2000:])

    def kill(self) -> None:
        """Kill it, as a crash would."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for lock in self.folder.glob("data/**/*.lock"):
            if lock.name in ("node.lock", "_state.lock"):
                lock.unlink()

    def stop(self) -> None:
        """Let go of it."""
        if self._alive is not None:
            os.close(self._alive)
            self._alive = None

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request, past the clients that are tested."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        form = "application/x-ndjson" if path.startswith("/_bulk") else "application/json"
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", data, {"Content-Type": form}, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=90) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read().decode()) from None

    def index(self, name: str, documents: Iterable[Mapping[str, Any]], **settings: Any) -> None:
        """Make an index anew of documents, whose `_id` may be given."""
        self.delete(name)
        body = {"settings": {"number_of_replicas": 0, **settings.pop("settings", {})}, **settings}
        self.call("PUT", f"/{name}", body)
        self.add(name, documents)

    def add(self, name: str, documents: Iterable[Mapping[str, Any]]) -> None:
        """Add documents and make them visible."""
        lines: list[str] = []
        for document in documents:
            fields = dict(document)
            key = fields.pop("_id", None)
            lines += [json.dumps({"create": {"_index": name, **({} if key is None else {"_id": key})}})]
            lines += [json.dumps(fields)]
        if lines:
            answer = self.call("POST", "/_bulk?refresh=true", ("\n".join(lines) + "\n").encode())
            assert not answer["errors"], str(answer)[:500]

    def delete(self, name: str) -> None:
        """Delete an index if it is there."""
        self.call("DELETE", f"/{name}?ignore_unavailable=true")

    def _elasticsearch_home(self, jars: Path) -> Path:
        """Lay out what Elasticsearch asks for: its HTTP server as a module of its own."""
        library, module = self.folder / "lib", self.folder / "modules" / "transport-netty4"
        if library.exists():
            return library
        library.mkdir(parents=True)
        module.mkdir(parents=True)
        (self.folder / "plugins").mkdir()
        for jar in jars.glob("*.jar"):
            own = jar.name.startswith(("netty-", "transport-netty4", "elasticsearch-ssl-config"))
            (module if own else library).joinpath(jar.name).symlink_to(jar)
        version = next(jars.glob("elasticsearch-core-*.jar")).stem.rpartition("-")[2]
        (module / "plugin-descriptor.properties").write_text(_DESCRIPTOR.format(version=version))
        return library


def shared_node(kind: str, folder: Path) -> SearchNode:
    """Return the node that all processes of this test run share; the first one to come starts it.

    Nobody stops it: whoever comes later would find it gone. It ends with the last of the processes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    state = folder / "port"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if state.exists():
            node = SearchNode(kind, folder / "home", int(state.read_text()))
            node.hold()
            return node
        node = SearchNode(kind, folder / "home").start()
        state.write_text(str(node.port))
    return node


def _java(least: int) -> str | None:
    """Return the java of a development kit that is new enough, the oldest such."""
    homes = [Path(os.environ["JAVA_HOME"])] if os.environ.get("JAVA_HOME") else []
    found = shutil.which("javac")
    homes += [Path(found).resolve().parents[1]] if found else []
    homes += sorted(Path("/usr/lib/jvm").glob("*"))
    known: dict[int, Path] = {}
    for home in homes:
        release = home / "release"
        if (home / "bin" / "javac").exists() and release.exists():
            version = release.read_text().partition('JAVA_VERSION="')[2].partition('"')[0].partition(".")[0]
            known.setdefault(int(version or 0), home)
    fitting = [version for version in sorted(known) if version >= least]
    return str(known[fitting[0]] / "bin" / "java") if fitting else None
