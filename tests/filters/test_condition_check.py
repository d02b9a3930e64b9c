"""Which conditions reach a database server, and which are refused."""

from __future__ import annotations

import pytest

import loganalytics as la
from loganalytics.exceptions import InvalidArgumentError
from loganalytics.filters.condition_check import check_condition, check_growth

SERVERS = ("postgresql", "mysql", "sqlite", "duckdb")

ALLOWED = [
    "duration_ms > 500 and message like '%time''out%'",
    "level in ('ERROR', 'CRITICAL') or not (user_id between 1 and 20)",
    "lower(k.message) = 'x' and coalesce(length(exception), 0) > 10",
    'cast(status as integer) >= 500 and "select" is not null',
    "extract(hour from created_at) = 3 and trim(leading 'x' from name) <> ''",
    "created_at > timestamp with time zone '2026-03-10 12:00:00+00'",
    "a is distinct from b and round(x, 2) % 2 = 1.5e3",
    "case when a = 1 then b else c end = 2 and (a, b) in ((1, 2), (3, 4))",
    "message = 'select; -- /* pg_sleep(1) */ it''s text'",
    "created_at > now() - interval '1 hour' and pid = -1\n",
    "path like 'C:\\dir%'",
    "offset = '1-0' and \"http.status_code\" = 500 and größe > 3",
]
REFUSED = [
    "exists (select 1 from other)", "id in (select id from other)", "id in (table other)", "id in (values (1))",
    "(with x as (select 1) select 1) = 1", "pg_sleep(5) is null", "\"pg_sleep\"(5) is null",
    "pg_catalog.pg_sleep (5) = ''", "sleep\n(5) = 0", "benchmark(1000000, md5('x')) = 0",
    "load_file('/etc/passwd') like 'root%'", "pg_read_file('/etc/passwd') = ''", "lo_export(1, '/tmp/x') = 1",
    "nextval('s') > 0", "set_config('a', 'b', false) = ''", "dblink('host=x', 'select 1') is not null",
    "load_extension('x') = 1", "readfile('/etc/passwd') = ''", "query_to_xml('select 1', true, true, '') is null",
    "read_text('/etc/passwd') is null", "pg_terminate_backend(1)", "1=1) or (1=1", "1=1); drop table logs; --",
    "1=1 -- x", "1=1 /* x */", "1=1 /*!50000 or sleep(1) */", "1=1; select 1", "@@version = 1", "(@x := 1) = 1",
    "a = $$x$$", "a = e'\\' or sleep(1) -- '", "a = '\\' or sleep(1) or '", "\"\\\" or sleep(1) or \"",
    "[a'] or load_extension('x') or [']", "a operator(s.x) b", "a::regclass = 1 union all", "", "  ", "(a = 1",
    "a = 'x\u0000'", "a\u00a0= 1", "count(*) over (partition by a) > 1", "current_setting('x') = ''",
    "version() = ''", "generate_series(1, 100000000) = 1", "repeat('a', 1000000000) = ''", "{fn sleep(1)}", "?",
    "a = 'x",
]  # fmt: skip


@pytest.mark.parametrize("dialect", SERVERS)
@pytest.mark.parametrize("condition", ALLOWED)
def test_comparisons_of_columns_pass(condition, dialect):
    """As people write them."""
    check_condition(condition, dialect)


@pytest.mark.parametrize("dialect", SERVERS)
@pytest.mark.parametrize("condition", [condition for condition in REFUSED if condition != "?"])
def test_what_does_more_is_refused(condition, dialect):
    """Before anything is sent, whatever the dialect."""
    with pytest.raises(InvalidArgumentError, match=r"(?s)is not run: .* Hint: "):
        check_condition(condition, dialect)


@pytest.mark.parametrize(
    ("condition", "dialects"),
    [("`a` = 1", ("mysql", "sqlite")), ("details #>> '{a,b}' = 'x'", ("postgresql",)), ("a ->> 'b' = 'x'", SERVERS)],
)
def test_what_only_some_dialects_know(condition, dialects):
    """Is refused in the others, where the same characters mean something else."""
    for dialect in SERVERS:
        if dialect in dialects:
            check_condition(condition, dialect)
        else:
            with pytest.raises(InvalidArgumentError):
                check_condition(condition, dialect)


def test_a_store_sends_nothing(tmp_path):
    """Not even a connection is made for a condition that is refused."""
    with pytest.raises(InvalidArgumentError, match="pg_sleep"):
        la.load("postgresql://127.0.0.1:1/db?table=logs", query="pg_sleep(10) is null")
    with pytest.raises(InvalidArgumentError, match="SELECT is no part"):
        la.tail("postgresql://127.0.0.1:1/db?table=logs", query="id in (select 1)")


@pytest.mark.parametrize(
    "condition",
    ["a = (select max(x) from read_csv('{file}'))", "a in (select x from read_csv('{file}'))", "a = (table t)",
     "exists (with x as (select 1) select 1)"],
)  # fmt: skip
def test_conditions_over_frames_read_no_files(tmp_path, condition):
    """Nor does an error show what is in one."""
    log, secret = tmp_path / "app.log", tmp_path / "secret.csv"
    log.write_text("2026-03-10 12:00:00 ERROR disk full\n")
    secret.write_text("hidden,word\n1,2\n")
    for read in (la.load, lambda *a, **k: la.scan(*a, **k).collect()):
        with pytest.raises(InvalidArgumentError, match="is no part of a condition") as caught:
            read(log, query=condition.format(file=secret))
        assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    "condition",
    [
        "length(replace(message, '', 'aaaa')) > 1", "length(repeat('a', 3000000000)) > 1",
        "lpad(message, 900, 'a') = 'a'",
        "length(" + " || ".join(["message"] * 20) + ") > 1", "message like '" + "a" * 3000 + "'",
        '"repeat" (message, 9) = message', "concat(message, message) = 'a'", "RPAD (message, 900) = 'a'",
        "avg(length(strftime(timestamp, '%Y'))) > 1", "array_to_string(x, y) = z",
    ],
)  # fmt: skip
def test_what_may_make_long_texts_is_refused_of_a_stranger(condition):
    """A condition in a link may come from anybody."""
    with pytest.raises(InvalidArgumentError, match=r"may make texts|too long"):
        check_growth(condition)


@pytest.mark.parametrize(
    "condition",
    [
        "duration_ms > 500 and message like '%timeout%'", "lower(service) in ('a', 'b')",
        "duration_ms > avg(duration_ms)",
        "service || '/' || logger = 'a/b'", "strftime(timestamp, '%H') = '03'", "NOT coalesce((x > 1), false)",
        "0.1 <> duration_ms", "message in ('a', 'b') is true",
        "case when x > 1 then true else false end", "regexp_like(message, 'a+')", "extract(hour from timestamp) = 3",
    ],
)  # fmt: skip
def test_an_ordinary_condition_of_a_stranger_is_taken(condition):
    """It compares columns."""
    check_growth(condition)
