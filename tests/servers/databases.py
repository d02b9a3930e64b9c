"""Real database servers for tests: PostgreSQL and MariaDB, started and stopped by them."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from servers.search_node import missing
from servers.valkey import free_port


class MariaDB:
    """A MariaDB server with one user, whose password is `secret`."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("mariadbd") or ("/usr/sbin/mariadbd" if Path("/usr/sbin/mariadbd").exists() else None)
        if program is None:
            missing("MariaDB is not to be had: no mariadbd. Hint: tests/install_servers.sh")
        self.port = free_port()
        self.socket = Path(os.environ.get("TMPDIR", "/tmp"), f"loganalytics-{os.getpid()}-{self.port}.sock")
        data = folder / "mariadb"
        user = ["--user=root"] if os.getuid() == 0 else []
        subprocess.run(
            ["mariadb-install-db", "--no-defaults", f"--datadir={data}",
             "--auth-root-authentication-method=normal", *user],
            check=True, capture_output=True,
        )  # fmt: skip
        self._process = subprocess.Popen(
            [str(program), "--no-defaults", f"--datadir={data}", f"--port={self.port}", f"--socket={self.socket}",
             *user, "--bind-address=127.0.0.1", "--innodb-buffer-pool-size=32M", "--innodb-flush-log-at-trx-commit=0"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._wait()
        self.run("create database app character set utf8mb4", "create user 'me'@'localhost' identified by 's3cr/et'",
                 "grant all on app.* to 'me'@'localhost'", database=None)  # fmt: skip

    @property
    def address(self) -> str:
        """Its address with the login."""
        return f"mariadb://me:s3cr%2Fet@127.0.0.1:{self.port}/app"

    def run(self, *statements: str, database: str | None = "app") -> None:
        """Run statements as its owner."""
        import pymysql

        with pymysql.connect(
            unix_socket=str(self.socket), user="root", database=database, autocommit=True
        ) as connection:
            for statement in statements:
                connection.cursor().execute(statement)

    def stop(self) -> None:
        """Stop it."""
        self._process.terminate()
        self._process.wait()

    def _wait(self) -> None:
        import pymysql

        end = time.monotonic() + 60
        while True:
            try:
                self.run("select 1", database=None)
            except pymysql.err.OperationalError:
                if time.monotonic() > end or self._process.poll() is not None:
                    pytest.fail("MariaDB does not start")
                time.sleep(0.1)
            else:
                return


class PostgreSQL:
    """A PostgreSQL server that asks for the password `s3cr/et`."""

    def __init__(self, folder: Path) -> None:
        pgserver: Any = pytest.importorskip("pgserver")
        try:
            self._server = pgserver.get_server(folder / "postgres", cleanup_mode="stop")
        except Exception as error:
            missing(f"PostgreSQL is not to be had: {error}")
        self._server.psql("create role me login password 's3cr/et'; create database app owner me;")
        # Over TCP with a password, as servers are met; pgserver itself listens on a socket only.
        self.socket = self._server.get_uri().partition("host=")[2]
        data = Path(folder / "postgres")
        (data / "pg_hba.conf").write_text("local all postgres trust\nlocal all all scram-sha-256\n")
        self._server.psql("select pg_reload_conf();")

    def address(self, password: str = "s3cr%2Fet") -> str:
        """Its address with the login."""
        return f"postgresql://me:{password}@/app?host={self.socket}"

    def run(self, statements: str) -> None:
        """Run statements as its owner."""
        self._server.psql(f"\\c app\nset role me;\n{statements}")

    def kill(self) -> None:
        """Kill it with all its processes, as a crash would."""
        import psutil

        postmaster = psutil.Process(self._server.get_pid())
        for process in [postmaster, *postmaster.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs([postmaster])

    def start(self) -> None:
        """Start it again, with the same data as before."""
        self._server.ensure_postgres_running()

    def stop(self) -> None:
        """Stop it."""
        self._server.cleanup()
