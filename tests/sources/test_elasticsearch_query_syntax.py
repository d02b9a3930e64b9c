"""Queries in SQL are told apart from Lucene's: refused before anything is asked."""

from __future__ import annotations

import re

import pytest
from test_elasticsearch import events, node  # noqa: F401

import loganalytics as la
from loganalytics.exceptions import InvalidArgumentError
from loganalytics.sources.elasticsearch.query_syntax import check_query

IN_LUCENE = {
    "level = 'ERROR'": "level:ERROR",
    "level='ERROR' and service = 'web'": "level:ERROR AND service:web",
    "status >= 500": "status:>=500",
    "message like '%x%'": "message:*x*",
    "message not like '%a:b%'": r"NOT message:*a\:b*",
    "a in ('x','y')": "a:(x OR y)",
    "x is null": "NOT _exists_:x",
    "level != 'ERROR'": "NOT level:ERROR",
    "level <> 'two words'": 'NOT level:"two words"',
    "user=bob": "user:bob",
    "\"log.level\" = 'error'": "log.level:error",
    "timestamp > '2026-03-10 12:00'": 'timestamp:>"2026-03-10 12:00"',
    "status between 500 and 599": "status:[500 TO 599]",
    "select * from logs where level = 'ERROR'": "level:ERROR",
    "not (a = 1 or b = 2) and c = 3": "NOT (a:1 OR b:2) AND c:3",
}
WITHOUT_TRANSLATION = [
    "x is not null and b:3", "lower(level) = 'error'", "timestamp > now() - interval '1 hour'", "message ~ 'time.*'",
    "level:ERROR and status = 500", "(level:ERROR) AND x <> 3", "level = 'ERROR",
]  # fmt: skip
LUCENE = [
    "status:>=500", 'message:"a = b"', "(level:ERROR OR level:FATAL)", "/rege[xX]/", "_exists_:x", "NOT _exists_:x",
    "\"level = 'ERROR'\"", "age:(>=10 AND <20)", "age:> 10", "date:[2026-01-01 TO 2026-12-31]", "date:{* TO 5}",
    "message:/a = 'b'/", "level:ERROR and service:web", "don't panic", r"a\=b", "foo -> bar", "x => y", "token abc==",
    'message:(a b "c = d")', "name:O'Brien", "what is going on", "error in production", "like this", "roam~1 foo^2",
    'url:"http://x/?a=b&c=d"', "message:a=b", "message:(status = 500)", "it's a dog's life", "between 5 and 10",
    "a && b || !c", "select from menu", r"kubernetes.labels.app\/name:web", "/a=b/ OR x", "+status:500 -level:INFO",
]  # fmt: skip


@pytest.mark.parametrize(("query", "lucene"), IN_LUCENE.items())
def test_sql_is_refused_with_what_it_is_in_lucenes_syntax(query, lucene):
    """Word for word."""
    with pytest.raises(InvalidArgumentError, match="looks like SQL.*Hint: this is " + re.escape(f"{lucene}. ")):
        check_query(query)


@pytest.mark.parametrize("query", WITHOUT_TRANSLATION)
def test_sql_without_a_counterpart_is_refused_with_an_example(query):
    """Functions, intervals, and a mixture of both."""
    with pytest.raises(InvalidArgumentError, match=r"looks like SQL.*Hint: such as level:ERROR"):
        check_query(query)


@pytest.mark.parametrize("query", ["level:'ERROR'", "a:b AND message:'timed out'"])
def test_single_quotes_are_refused(query):
    """They would be looked for."""
    with pytest.raises(InvalidArgumentError, match="single quotes"):
        check_query(query)


@pytest.mark.parametrize("query", LUCENE)
def test_lucenes_own_syntax_is_let_through(query):
    """Also where it looks for text that has an operator in it."""
    check_query(query)


def test_load_tail_and_counts_refuse_sql(node):  # noqa: F811
    """None of them returns what the words of an SQL condition happen to match."""
    node.index("sql-query", events(3))
    address = node.address("sql-query")
    for read in (la.load, la.tail, la.trend_of, la.scan):
        with pytest.raises(InvalidArgumentError, match="this is level:info"):
            read(address, query="level = 'info'")
    assert la.load(address, query="level:info").height == 3
