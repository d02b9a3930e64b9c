"""Elasticsearch and OpenSearch to log frames, from real nodes of both."""

from __future__ import annotations

import datetime as dt
import os

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers.search_node import NEEDS_JAVA, SearchNode, shared_node

import loganalytics as la
from loganalytics.exceptions import InvalidArgumentError, SourceNotFoundError, UnreadableSourceError
from loganalytics.sources.elasticsearch import paging
from loganalytics.sources.elasticsearch.address import parse_address

START = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)


def of_run(tmp_path_factory) -> os.PathLike[str]:
    """Return the folder that the processes of a test run share."""
    folder = tmp_path_factory.getbasetemp()
    return folder.parent if os.environ.get("PYTEST_XDIST_WORKER") else folder


@pytest.fixture(scope="session", params=["opensearch-2", "elasticsearch-8"])
def node(request, tmp_path_factory) -> SearchNode:
    """A node for the tests that only read and write."""
    return shared_node(request.param, of_run(tmp_path_factory) / request.param)


def events(count: int, **fields):
    """Return documents, a second apart."""
    return [
        {
            "_id": f"e{n}", "@timestamp": (START + dt.timedelta(seconds=n)).isoformat(), "level": "info",
            "service": "api", "message": f"event {n}", **fields,
        }
        for n in range(count)
    ]  # fmt: skip


def test_every_hit_is_read_past_what_one_page_holds(node, monkeypatch):
    """All events of all shards come, each once, by index and _id."""
    node.index("every-1", events(2500), settings={"number_of_shards": 3})
    monkeypatch.setattr(paging, "MAX_PAGE_HITS", 100)
    logs = la.load(node.address("every-1"))
    assert sorted(logs["offset"]) == sorted(f"e{n}" for n in range(2500))
    assert logs["source"].unique().to_list() == ["every-1"]
    assert la.load_report(logs).select("source", "lines", "events", "note").row(0) == ("every-1", 2500, 2500, None)


def test_a_smaller_window_is_kept_to(node):
    """An index may allow fewer hits a page than is usual."""
    node.index("narrow", events(250), settings={"max_result_window": 100})
    assert la.load(node.address("narrow")).height == 250


def test_mappings_of_many_kinds_become_the_log_frame(node):
    """ECS, OpenTelemetry and plain documents behind one pattern each fill the core columns."""
    node.index("kinds-ecs", [{
        "@timestamp": "2026-03-10T12:00:00.123Z", "log.level": "error", "service": {"name": "api"},
        "log": {"logger": "a.b"}, "message": "boom", "error": {"stack_trace": "Traceback"}, "trace": {"id": "t1"},
        "event": {"duration": 5_000_000},
    }])  # fmt: skip
    node.index("kinds-otel", [{
        "@timestamp": "2026-03-10T12:00:01Z", "severityText": "WARN", "severityNumber": 13, "body": "otel",
        "resource": {"attributes": {"service.name": "shop"}}, "traceId": "t2",
    }])  # fmt: skip
    node.index("kinds-plain", [{
        "timestamp": "2026-03-10T12:00:02", "level": "INFO", "service": "jobs", "message": "plain",
        "details": {"user": {"id": 7}, "tags": ["a", "b"]},
    }])  # fmt: skip
    logs = la.load(node.address("kinds-*"), tz="Europe/Berlin").sort("timestamp")
    rows = logs.select(
        "source", "level", "severity_number", "service", "logger", "message", "exception", "trace_id"
    ).rows()
    assert rows == [
        ("kinds-plain", "INFO", 9, "jobs", None, "plain", None, None),
        ("kinds-ecs", "ERROR", 17, "api", "a.b", "boom", "Traceback", "t1"),
        ("kinds-otel", "WARNING", 13, "shop", None, "otel", None, "t2"),
    ]
    assert logs["timestamp"][0] == dt.datetime(2026, 3, 10, 11, 0, 2, tzinfo=dt.UTC)
    assert logs.select("details.user.id", "details.tags").row(0) == (7, '["a", "b"]')
    assert logs["duration_ms"].to_list() == [None, 5.0, None]


def test_time_level_and_query_are_asked_of_the_server(node, monkeypatch):
    """Only what is wanted comes over the wire, and it is what a filter over all events keeps."""
    documents = [
        event | {"level": level}
        for event, level in zip(events(40), ["info", "WARN", "Error", "debug"] * 10, strict=True)
    ]
    node.index("asked", documents)
    everything = la.load(node.address("asked"))
    options = {"since": "2026-03-10 12:00:10", "until": "2026-03-10 12:00:30", "level": "warning"}
    logs = la.load(node.address("asked"), **options, query="message:event AND NOT message:18")
    when = pl.col("timestamp").is_between(
        START + dt.timedelta(seconds=10), START + dt.timedelta(seconds=30), closed="left"
    )
    expected = everything.filter(when, pl.col("severity_number") >= 13, pl.col("message") != "event 18")
    assert sorted(logs["offset"]) == sorted(expected["offset"])
    assert la.load_report(la.load(node.address("asked"), **options))["lines"].to_list() == [10]


def test_a_broken_query_is_an_error(node):
    """What Lucene cannot read is the user's error, not the source's."""
    node.index("lucene", events(1))
    with pytest.raises(InvalidArgumentError, match="Lucene"):
        la.load(node.address("lucene"), query="level:(error")


def test_aliases_and_data_streams_are_read_by_their_names(node):
    """An alias' filter holds, and the source of a data stream's events is the index behind it."""
    node.index("alias-1", [event | {"level": "error" if n % 2 else "info"} for n, event in enumerate(events(6))])
    errors = {"index": "alias-1", "alias": "errors", "filter": {"match": {"level": "error"}}}
    node.call("POST", "/_aliases", {"actions": [{"add": errors}]})
    assert sorted(la.load(node.address("errors"))["offset"]) == ["e1", "e3", "e5"]
    template = {"settings": {"number_of_replicas": 0}}
    node.call("PUT", "/_index_template/flow", {"index_patterns": ["flow-*"], "data_stream": {}, "template": template})
    node.add("flow-app", [{"@timestamp": "2026-03-10T12:00:00Z", "message": "streamed"}])
    logs = la.load(node.address("flow-app"), query="streamed")
    assert logs["message"].unique().to_list() == ["streamed"]
    assert all(name.startswith(".ds-flow-app") for name in logs["source"])


def test_the_error_for_a_missing_index_lists_what_there_is(node):
    """By name and by pattern."""
    node.index("a-there-1", events(1))
    for name in ("nowhere", "nowhere-*"):
        with pytest.raises(SourceNotFoundError, match="a-there-1"):
            la.load(node.address(name))


def test_an_index_mapped_in_another_way_is_read_all_the_same(node):
    """A time that is a date in one index and text in another is reported; no event is lost by a time range."""
    node.index("clash-1", [{"timestamp": "2026-03-10T12:00:00Z", "level": "info", "message": "dated"}])
    node.index("clash-2", [{"timestamp": "10/Mar/2026:12:00:01 +0000", "level": 30, "message": "text"}])
    logs = la.load(node.address("clash-*"), since="2026-03-10 11:00")
    assert sorted(logs["message"]) == ["dated", "text"]
    assert "timestamp is mapped as date and as text" in " ".join(filter(None, la.load_report(logs)["note"]))


def test_documents_that_look_like_answers_are_not_cut(node):
    """A document may hold the very text by which hits are told apart."""
    inner = [{"_index": "z", "_id": "q", "_source": {"x": 1}, "sort": [n]} for n in range(3)]
    node.index(
        "inner", [{"_id": 'a"b\\', "message": "answer", "hits": inner, "text": '},{"_index":"x","_id":"y"'}, *events(3)]
    )
    logs = la.load(node.address("inner"))
    assert sorted(logs["offset"]) == ['a"b\\', "e0", "e1", "e2"]
    assert logs.filter(message="answer")["text"].to_list() == ['},{"_index":"x","_id":"y"']


def test_scan_filters_as_load_does(node):
    """A lazy frame has the columns of all indices, and can be read twice."""
    node.index("lazy-1", events(5))
    node.index("lazy-2", [event | {"user": "ann"} for event in events(5)])
    lazy = la.scan(node.address("lazy-*"))
    assert "user" in lazy.collect_schema().names()
    assert [lazy.filter(user="ann").collect().height for _ in range(2)] == [5, 5]


def test_an_empty_index_is_an_empty_frame(node):
    """Nothing there is not an error."""
    node.index("empty", [])
    assert la.load(node.address("empty")).height == 0


def test_describe_tells_what_an_index_holds(node):
    """Entries, times and who writes, one row an index."""
    node.index("described-1", events(3))
    node.index("described-2", [{"timestamp": "yesterday", "message": "undated"}])
    rows = (
        la.describe(node.address("described-*"))
        .select("source", "kind", "entries", "first_seen", "last_seen", "services")
        .rows()
    )
    assert rows == [
        ("described-1", "index", 3, START, START + dt.timedelta(seconds=2), ["api"]),
        ("described-2", "index", 1, None, None, []),
    ]


def test_the_other_product_is_recognized(node):
    """Each one's client refuses the other's server, and says which address to write."""
    node.index("product", events(1))
    other_product = {"opensearch": "elasticsearch", "elasticsearch": "opensearch"}[node.product]
    with pytest.raises(UnreadableSourceError, match=f"{node.product}://"):
        la.load(node.address("product").replace(node.product, other_product))


@pytest.mark.parametrize("by", [None, "level", "service", "source", "details.region", "logger"])
def test_counts_of_the_server_are_those_of_the_events(node, by):
    """Every window, value and error, in weeks and minutes; a column that the server cannot count by is loaded."""
    names = ["info", "ERROR", "Critical", None, "odd"]
    prefix = f"counted-by-{by}".lower()
    documents = [
        event | {"service": f"s{n % 3}", "level": names[n % 5], "details": {"region": "eu" if n % 2 else "us"}}
        for n, event in enumerate(events(400))
    ]
    documents = [{name: value for name, value in document.items() if value is not None} for document in documents]
    node.index(f"{prefix}-1", documents[:300])
    node.index(f"{prefix}-2", documents[300:])
    options = {"since": "2026-03-10 12:01", "query": "message:event AND NOT message:77"}
    if by == "logger":
        options["query"] = None
        node.add(f"{prefix}-1", [{"_id": "x", "@timestamp": "2026-03-10T12:03:00Z", "logger": "a", "level": "info"}])
    logs = la.load(node.address(f"{prefix}-*"), **options)
    for every in ("1m", "1w"):
        assert la.trend_of(node.address(f"{prefix}-*"), every=every, by=by, **options).equals(
            la.trend(logs, every=every, by=by)
        )


def test_counting_asks_for_no_events(node, monkeypatch):
    """Where the server can count, not one page of hits is read."""
    node.index("uncounted", events(20))

    def read_pages(*_):
        raise AssertionError

    monkeypatch.setattr(paging, "read_pages", read_pages)
    assert la.trend_of(node.address("uncounted"), every="1h", by="level", level="info")["events"].to_list() == [20]
    with pytest.raises(AssertionError):
        la.trend_of(node.address("uncounted"), every="1h", by="message")


@pytest.mark.parametrize("kind", ["elasticsearch-9", "opensearch-3"])
def test_the_next_versions_answer_alike(kind, tmp_path):
    """Elasticsearch 9 and OpenSearch 3 need a newer Java; where that is not to be had this is skipped."""
    if kind not in NEEDS_JAVA:
        pytest.skip("unknown")
    running = SearchNode(kind, tmp_path / "home").start()
    try:
        running.index("new-1", events(300), settings={"number_of_shards": 2})
        assert sorted(la.load(running.address("new-*"))["offset"]) == sorted(f"e{n}" for n in range(300))
        with la.tail(running.address("new-*"), since="2026-03-10", idle=0.1) as tail:
            assert sum(batch.height for batch in tail) == 300
    finally:
        running.stop()


def test_an_address_is_completed_from_the_environment():
    """Hosts, login and prefix come from the settings that deployments have; OpenSearch's own names come first."""
    settings = {
        "ELASTICSEARCH_HOSTS": "https://es1:9243,https://es2", "ELASTICSEARCH_USERNAME": "me",
        "ELASTICSEARCH_PASSWORD": "pw", "ELASTICSEARCH_INDEX_PREFIX": "job-", "OPENSEARCH_USERNAME": "other",
    }  # fmt: skip
    address = parse_address("elasticsearch://", settings)
    assert [(host.scheme, host.name, host.port) for host in address.hosts] == [
        ("https", "es1", 9243),
        ("https", "es2", 9200),
    ]
    assert (address.username, address.password, address.index) == ("me", "pw", "job-*")
    assert parse_address("opensearch+https://es1:9243/x", settings).username == "other"


@given(password=st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1))
def test_a_password_of_any_characters_is_read_and_not_shown(password):
    """Percent-encoded or, where that is not ambiguous, as it is."""
    from urllib.parse import quote

    address = parse_address(f"opensearch+https://me:{quote(password, safe='')}@host:9200/logs-*?timeout=3s", {})
    assert (address.password, address.hosts[0].name) == (password, "host")
    assert (address.index, address.timeout) == ("logs-*", 3.0)
    assert "host" in address.source
    assert address.source == "opensearch+https://host:9200/logs-*"
    assert repr(address).count("password") == 0


def test_an_unknown_option_is_an_error():
    """A misspelt option would silently do nothing."""
    with pytest.raises(InvalidArgumentError, match="retires"):
        parse_address("elasticsearch://host/x?retires=3", {})
