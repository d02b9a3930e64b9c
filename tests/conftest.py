"""What all tests share."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

# No deadline: the machine may be busy. In CI the same examples each time, so that a failure is the change's own.
settings.register_profile("loganalytics", deadline=None, max_examples=60, derandomize=bool(os.environ.get("CI")))
settings.load_profile("loganalytics")


@pytest.fixture(scope="session")
def valkey(tmp_path_factory):
    """A server for the tests that only read and write; one a worker."""
    from servers.valkey import Valkey

    running = Valkey(tmp_path_factory.mktemp("valkey"), appendonly="no").start()
    yield running
    running.stop()


@pytest.fixture
def redis(valkey):
    """A client of that server, emptied."""
    client = valkey.client()
    client.flushall()
    yield client
    client.close()


@pytest.fixture
def own(tmp_path):
    """A server for one test alone, which may be killed."""
    from servers.valkey import Valkey

    running = Valkey(tmp_path / "own").start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def servers(tmp_path_factory):
    """The database servers by name, each started when it is first asked for."""
    from servers.databases import MariaDB, PostgreSQL

    kinds = {"mariadb": MariaDB, "postgresql": PostgreSQL}
    started = {}

    def get(kind):
        if kind not in started:
            started[kind] = kinds[kind](tmp_path_factory.mktemp(kind))
        return started[kind]

    yield get
    for server in started.values():
        server.stop()
