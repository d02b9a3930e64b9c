"""Addresses as other libraries write them, and what the environment says where an address is silent."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

import loganalytics as la
from loganalytics.exceptions import InvalidArgumentError, LogAnalyticsError, UnreachableSourceError
from loganalytics.sources.elasticsearch.address import parse_address as search_address
from loganalytics.sources.redis_streams.address import parse_address as redis_address
from loganalytics.sources.schemes import is_store
from loganalytics.sources.sql.address import parse_address as sql_address


@pytest.mark.parametrize(
    ("address", "dsn"),
    [
        ("postgresql+psycopg2://me:pw@db/app", "postgresql://me:pw@db/app"),
        ("postgresql+asyncpg://me:pw@db/app", "postgresql://me:pw@db/app"),
        ("postgres://me:pw@db/app", "postgresql://me:pw@db/app"),
        ("postgres+psycopg://me:pw@db:1/app?sslmode=require", "postgresql://me:pw@db:1/app?sslmode=require"),
        ("jdbc:postgresql://db/app?user=me&password=p%20w", "postgresql://me:p%20w@db/app"),
        ("mysql+pymysql://me:pw@db/app", "mysql://me:pw@db/app"),
        ("mariadb+mariadbconnector://me:pw@db/app", "mysql://me:pw@db/app"),
        ("jdbc:mysql://db/app?user=me&password=pw", "mysql://me:pw@db/app"),
    ],
)
def test_spellings_of_sqlalchemy_and_jdbc(address, dsn):
    """The driver is ours; the rest is what the address says."""
    assert is_store(address)
    parsed = sql_address(address, {})
    assert parsed.dsn == dsn
    assert "pw" not in parsed.source


@pytest.fixture
def database(tmp_path):
    """Write a database with one row."""
    path = tmp_path / "app.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("create table job_logs (id integer primary key, created_at text, message text)")
        connection.execute("insert into job_logs values (1, '2026-03-10 12:00:00', 'disk full')")
    return path


@pytest.mark.parametrize("scheme", ["sqlite", "sqlite+aiosqlite", "sqlite+pysqlite", " sqlite"])
def test_a_file_with_a_driver(database, scheme):
    """As SQLAlchemy writes it for SQLite."""
    assert la.load(f"{scheme}:///{database}?table=job_logs")["message"].to_list() == ["disk full"]


def test_database_url_stands_in(database, monkeypatch):
    """For an address of its kind that names neither host nor file; of another kind it is not taken."""
    monkeypatch.setenv("DATABASE_URL", f"sqlite+aiosqlite:///{database}")
    assert la.load("sqlite://?table=job_logs").height == 1
    settings = {"DATABASE_URL": "postgresql+psycopg2://me:pw@db:5433/app?sslmode=require"}
    assert sql_address("postgresql://?table=t", settings).dsn == "postgresql://me:pw@db:5433/app?sslmode=require"
    assert sql_address("postgres://other/app", settings).dsn.startswith("postgresql://other/app")
    assert sql_address("postgres://db:5433/x", settings).dsn == "postgresql://me:pw@db:5433/x"
    assert "pw" not in sql_address("mysql://?table=t", settings).dsn


HOSTS = [
    '["http://a:9200","http://b:9200"]', "['http://a:9200', 'http://b:9200']", "http://a:9200,http://b:9200",
    "http://a:9200, b", '[{"host": "a", "port": 9200}, {"host": "b", "port": "9200"}]', ' ["a", "b:9200"]',
    '[{"host": "a", "port": 9200, "scheme": "http"}, "http://b"]', '[\n  "http://a:9200",\n  "b"\n]\n', "http://a:9200,b,",
]  # fmt: skip


@pytest.mark.parametrize("hosts", HOSTS)
@pytest.mark.parametrize("product", ["elasticsearch", "opensearch"])
def test_lists_of_nodes(product, hosts):
    """With commas, as JSON, as Python writes them, as objects."""
    parsed = search_address(f"{product}://", {"ELASTICSEARCH_HOSTS": hosts})
    assert [(host.scheme, host.name, host.port) for host in parsed.hosts] == [("http", "a", 9200), ("http", "b", 9200)]


@pytest.mark.parametrize("hosts", ['["a"', '[{"port": 1}]', "[[1]]", '["a", 5]', '{"host": 5}', '["a:x"]'])
def test_a_list_of_nodes_that_is_none(hosts):
    """Is an error, not a name of a host."""
    with pytest.raises(InvalidArgumentError):
        search_address("elasticsearch://", {"ELASTICSEARCH_HOSTS": hosts})


@pytest.mark.parametrize("value", ["false", "False", "0", "no"])
def test_a_search_server_that_is_switched_off(value):
    """Only an address that names no host asks for it."""
    settings = {"ELASTICSEARCH_ENABLED": value, "ELASTICSEARCH_HOSTS": "a"}
    with pytest.raises(InvalidArgumentError, match="ELASTICSEARCH_ENABLED is false"):
        search_address("elasticsearch://", settings)
    assert search_address("elasticsearch://b", settings).hosts[0].name == "b"
    assert search_address("elasticsearch://", settings | {"ELASTICSEARCH_ENABLED": "true"}).hosts[0].name == "a"


@pytest.mark.parametrize("variable", ["REDIS_DB", "REDIS_DATABASE_INDEX"])
def test_where_the_environment_says_that_redis_is(valkey, redis, monkeypatch, variable):
    """REDIS_URL, or REDIS_HOST, REDIS_PORT and the database; what the address says goes first."""
    for name in ("REDIS_URL", "REDIS_HOST", "REDIS_PORT", "REDIS_DB", "REDIS_DATABASE_INDEX"):
        monkeypatch.delenv(name, raising=False)
    for number in (0, 3):
        redis.select(number)
        redis.xadd("logs", {"message": f"database {number}"})
    redis.select(0)
    monkeypatch.setenv("REDIS_HOST", "127.0.0.1")
    monkeypatch.setenv("REDIS_PORT", f"tcp://10.0.0.1:{valkey.port}")
    assert la.load("redis://?stream=logs")["message"].to_list() == ["database 0"]
    monkeypatch.setenv(variable, "3")
    assert la.load("redis://")["message"].to_list() == ["database 3"]
    assert la.load("redis:///0")["message"].to_list() == ["database 0"]
    assert la.load(f"redis://127.0.0.1:{valkey.port}?stream=logs")["message"].to_list() == ["database 3"]
    monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{valkey.port}/0")
    assert la.load("redis://?stream=logs")["message"].to_list() == ["database 0"]
    assert la.load("redis:///3?stream=logs")["message"].to_list() == ["database 3"]


def test_the_database_of_another_server_is_0():
    """REDIS_DB is of the server that the environment names."""
    settings = {"REDIS_HOST": "a", "REDIS_DB": "5", "REDIS_PASSWORD": "secret"}
    assert redis_address("redis://b?stream=x", settings).source == "redis://b"
    assert redis_address("redis://a?stream=x", settings).options["db"] == 5
    assert redis_address("redis://a?stream=x", settings).options["password"] == "secret"
    assert "password" not in redis_address("redis://b", settings).options
    assert redis_address("redis://", {"REDIS_URL": '"redis://h:1/3"'}).source == "redis://h:1/3"
    assert redis_address("valkey://", {"REDIS_URL": "rediss://me:pw@c:1/2"}).source == "rediss://c:1/2"


@pytest.mark.parametrize(
    "settings",
    [
        {"REDIS_PORT": "x"},
        {"REDIS_PORT": "99999999"},
        {"REDIS_DB": "x"},
        {"REDIS_URL": "redis://a:x"},
        {"REDIS_URL": "a:1"},
    ],
)
def test_settings_that_make_no_sense(settings):
    """Are errors that name them."""
    with pytest.raises(InvalidArgumentError):
        redis_address("redis://", settings)


@pytest.mark.parametrize("address", ["redis+cluster://127.0.0.1:1", "redis+sentinel://127.0.0.1:1/m/0"])
def test_a_cluster_that_is_away(address):
    """Is unreachable, as a single server is."""
    for function in (la.load, la.describe, la.tail):
        with pytest.raises(UnreachableSourceError, match="cannot be reached"):
            function(address)


PORTS = ["99999999", "abc", "-1", "1e3", "9" * 400]
SCHEMES = [
    "redis",
    "rediss",
    "redis+cluster",
    "redis+sentinel",
    "elasticsearch",
    "opensearch+https",
    "postgresql",
    "mysql",
]


@pytest.mark.parametrize("port", PORTS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_port_that_is_none(scheme, port):
    """Of the first host and of another."""
    for authority in (f"127.0.0.1:{port}", f"127.0.0.1:1,127.0.0.1:{port}"):
        with pytest.raises(LogAnalyticsError, match="port"):
            la.load(f"{scheme}://{authority}/x?" + "table=t" * ("sql" in scheme))
