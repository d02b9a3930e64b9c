"""Lines that something wrapped: read as the lines within would be alone, plus what the wrapper says."""

from __future__ import annotations

import itertools
import json

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loganalytics.formats import detect, parse
from loganalytics.formats.open_events import OpenEvents

JSON = (
    '{"time":"2024-03-10T12:00:00.5Z","level":"info","msg":"listening","port":8080}',
    '{"time":"2024-03-10T12:00:01Z","level":"error","msg":"order failed","order":{"id":7},"err":"timeout"}',
    '{"time":"2024-03-10T12:00:02Z","level":"warn","msg":"slow \\"query\\"","took_ms":512.5}',
)
PINO = (
    '{"level":30,"time":1710072000500,"pid":7,"hostname":"web","msg":"listening"}',
    '{"level":50,"time":1710072001500,"pid":7,"hostname":"web","msg":"order failed"}',
)
LOGFMT = (
    'time=2024-03-10T12:00:00Z level=info msg="request served" status=200',
    'time=2024-03-10T12:00:01Z level=error msg="order failed" err="dial tcp: refused"',
)
PYTHON = (
    "2024-03-10 12:00:00,123 - shop.orders - INFO - request served id=0",
    "2024-03-10 12:00:01,123 - shop.orders - ERROR - checkout failed",
    "Traceback (most recent call last):",
    '  File "/srv/shop/orders.py", line 17, in checkout',
    "    charge(order)",
    "TimeoutError: db timeout after 5s",
    "2024-03-10 12:00:02,123 - shop.orders - WARNING - two",
    "lines",
    "2024-03-10 12:00:03,123 - shop.orders - INFO - done",
)
LOG4J = (
    "2024-03-10 12:00:00,123 INFO  [main] com.shop.Orders - listening",
    "2024-03-10 12:00:01,123 ERROR [worker-1] com.shop.Orders - checkout failed",
    "java.lang.IllegalStateException: no stock",
    "\tat com.shop.Orders.checkout(Orders.java:42)",
    "\tat com.shop.Orders.main(Orders.java:7)",
    "Caused by: java.io.IOException: closed",
    "\t... 2 more",
    "2024-03-10 12:00:02,123 INFO  [main] com.shop.Orders - done",
)
KLOG = (
    "I0310 12:00:00.123456       1 server.go:42] listening",
    "E0310 12:00:01.123456       1 server.go:43] order failed",
)
POSTGRES = (
    "2024-03-10 12:00:00.123 UTC [71] LOG:  checkpoint starting: time",
    "2024-03-10 12:00:01.123 UTC [72] ERROR:  division by zero",
    "2024-03-10 12:00:01.123 UTC [72] STATEMENT:  select 1/0",
)
ACCESS = (
    '10.0.0.1 - - [10/Mar/2024:12:00:00 +0000] "GET /orders HTTP/1.1" 200 512 "-" "curl/8.0"',
    '10.0.0.2 - - [10/Mar/2024:12:00:01 +0000] "POST /orders HTTP/1.1" 500 12 "-" "curl/8.0"',
)
INNER = {
    "json": JSON, "pino": PINO, "logfmt": LOGFMT, "python": PYTHON, "log4j": LOG4J, "klog": KLOG,
    "postgres": POSTGRES, "access": ACCESS,
}  # fmt: skip

_TIME = "2024-03-10T12:01:{:02d}"
WRAPPERS = {
    "docker -t": f"{_TIME}.123456789Z ",
    "compose": "web-1  | ",
    "compose -t": f"web-1  | {_TIME}.123456789Z ",
    "podman compose": "[web-1]     | ",
    "swarm": "web.1.x8k2j1h3g4f5@node1    | ",
    "kubectl --prefix": "[pod/web-7d4b9cf8b8-x2x4z/web] ",
    "kubectl --prefix --timestamps": f"[pod/web-7d4b9cf8b8-x2x4z/web] {_TIME}.123456789Z ",
    "kubectl --timestamps": f"{_TIME}.12345678Z ",
    "kail": "default/web-7d4b9cf8b8-x2x4z[web]: ",
    "stern": "web-7d4b9cf8b8-x2x4z web ",
    "stern -A": "shop web-7d4b9cf8b8-x2x4z web ",
    "stern, stateful set": "web-0 web ",
    "heroku": f"{_TIME}.123456+00:00 app[web.1]: ",
    "cloud foundry": f"   {_TIME}.12+0000 [APP/PROC/WEB/0] OUT ",
    "fly": f"{_TIME}.123Z app[148ed726c12358] ams [info] ",
    "cri": f"{_TIME}.123456789Z stdout F ",
    "gh run view": f"build\tRun tests\t{_TIME}.1234567Z ",
    "gitlab": f"{_TIME}.123456Z 00O ",
    "aws logs tail": f"{_TIME}.123000+00:00 ecs/web/0a1b2c3d4e5f ",
    "aws logs tail, lambda": f"{_TIME}.123000+00:00 2024/03/10/[$LATEST]0a1b2c3d4e5f6071 ",
    "logcli": f'{_TIME}Z {{app="web", pod="web-0"}} ',
    "logcli, no labels": f"{_TIME}+01:00 {{}} ",
    "pm2": "0|web      | ",
    "pm2 --timestamp": f"0|web  | {_TIME}: ",
    "foreman": "12:00:{:02d} web.1     | ",
    "multilog": "@4000000065eda1{:02d}0754d4dc ",
    "ts": "Mar 10 12:01:{:02d} ",
    "jenkins": f"[{_TIME}.123Z] ",
    "journalctl -o short": "Mar 10 12:01:{:02d} host web[812]: ",
    "journalctl -o short-iso": f"{_TIME}+0000 host web[812]: ",
    "journalctl -o short-precise": "Mar 10 12:01:{:02d}.123456 host web[812]: ",
    "journalctl -o short-full": "Sun 2024-03-10 12:01:{:02d} UTC host web[812]: ",
    "journalctl -o with-unit": "Sun 2024-03-10 12:01:{:02d} UTC host web.service[812]: ",
    "journalctl -o short-unix": "17100720{:02d}.123456 host web[812]: ",
    "syslog with priority": "<30>Mar 10 12:01:{:02d} host web[812]: ",
    "syslog (RFC 5424)": f"<30>1 {_TIME}.123456Z host web 812 - - ",
    "rsyslog": f"{_TIME}.123456+00:00 host web[812]: ",
}


def wrap(lines, prefix):
    """Put a prefix before each line."""
    return [
        prefix.replace("{:02d}", f"{n:02d}").replace("{{", "{").replace("}}", "}") + line
        for n, line in enumerate(lines, 10)
    ]


def load(lines, sizes=()):
    """Detect and parse lines in blocks of these sizes, the last one as long as it must be."""
    numbered = pl.DataFrame({"line": lines}).with_row_index("n", 1).cast({"n": pl.UInt64})
    detection = detect(lines).with_year(2024)
    open_events, frames, unfinished = OpenEvents(), [], numbered.clear()
    starts = [0, *itertools.accumulate(sizes), len(lines)]
    for start, end in itertools.pairwise(starts):
        block = pl.concat([unfinished, numbered.slice(start, end - start)])
        parsed = parse(
            block,
            detection,
            before=open_events.before,
            final=end == len(lines),
        )
        unfinished = numbered.clear() if parsed.unfinished is None else parsed.unfinished
        frames += open_events.add(parsed)
    frames += open_events.finish()
    return pl.concat(frames, how="diagonal_relaxed").sort("n")


def fields(events, names):
    """Return columns as rows, null where there is no such column."""
    present = [pl.col(name) if name in events.columns else pl.lit(None).alias(name) for name in names]
    return events.select(present).rows()


@pytest.mark.parametrize("inner", INNER)
@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_wrapped_lines_are_read_as_those_within(wrapper, inner):
    """Times, levels, messages, exceptions and every other field are those of the lines alone."""
    alone = load(INNER[inner])
    names = [
        name
        for name in alone.columns
        if name not in ("n", "service", "process.pid", "host.name") and alone[name].null_count() < alone.height
    ]
    names = [name for name in names if not name.startswith("\0") and name not in ("multiline", "parsed")]
    wrapped = load(wrap(INNER[inner], WRAPPERS[wrapper]))
    assert fields(wrapped, names) == fields(alone, names)


SPLIT = ("compose", "kubectl --prefix --timestamps", "cri", "journalctl -o short", "aws logs tail", "syslog (RFC 5424)")


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(SPLIT),
    st.sampled_from(["python", "log4j", "json"]),
    st.lists(st.integers(1, 9), max_size=12),
    st.randoms(use_true_random=False),
)
def test_any_split_into_blocks_gives_the_same(wrapper, inner, sizes, random):
    """Two containers write at the same time; a block may end between an event's lines."""
    first = wrap(INNER[inner], WRAPPERS[wrapper])
    second = [line.replace("web", "api") for line in first]
    queues = [first, second]
    lines = []
    while any(queues):
        lines.append(random.choice([queue for queue in queues if queue]).pop(0))
    names = ["n", "timestamp", "level", "service", "message", "exception", "continues"]
    ends = [end for end in itertools.accumulate(sizes) if end < len(lines)]
    split = load(lines, [end - start for start, end in itertools.pairwise([0, *ends])])
    assert fields(split, names) == fields(load(lines), names)


def test_lines_that_a_runtime_cut_are_joined_over_blocks():
    """The pieces of a line wait for its end; where there is none they are an event."""
    lines = [
        '2024-03-10T12:00:00Z stdout P {"level":"info",',
        "2024-03-10T12:00:00Z stderr F boom",
        '2024-03-10T12:00:00Z stdout F "msg":"listening"}',
        '2024-03-10T12:00:01Z stdout P {"level"',
    ]
    for sizes in ((), (1,), (1, 1), (2,), (3,)):
        events = load(lines, sizes)
        assert events["message"].to_list() == ["listening", "boom", '{"level"']
        assert events.height + events["continues"].sum() == 4


def output_of(pod, text):
    """Return the record that a collector makes of a line of output."""
    return json.dumps(
        {"log": f"{text}\n", "stream": "stderr", "time": "2024-03-10T12:01:00Z", "kubernetes": {"pod_name": pod}}
    )


def test_output_in_json_records_is_joined_by_pod():
    """Each line of a stack trace is a record of its own, beside those of other pods."""
    lines = [output_of("api-0", line) for line in PYTHON]
    lines.insert(4, output_of("api-1", "2024-03-10 12:00:01,500 - shop.carts - INFO - fine"))
    events = load(lines)
    assert events["message"].to_list() == ["request served id=0", "checkout failed", "fine", "two", "done"]
    assert events["exception"][1] == "\n".join(PYTHON[2:6])
    assert events["kubernetes.pod_name"].to_list() == ["api-0", "api-0", "api-1", "api-0", "api-0"]


def test_messages_of_records_are_read_each_by_itself():
    """Exported events are whole: a message in no format continues none."""
    texts = [JSON[1], "2024-03-10 12:00:01,500 ERROR boom\nbelow", "plain"]
    events = load([json.dumps({"timestamp": 1710072060000, "message": text}) for text in texts])
    assert events["message"].to_list() == ["order failed", "boom", "plain"]
    assert events["level"].to_list() == ["ERROR", "ERROR", None]
    assert events["exception"].to_list() == [None, "below", None]
    assert events["observed_timestamp"].null_count() == 1


def test_records_with_a_level_keep_their_message():
    """What they say is an event already; JSON in it is what it is about."""
    line = json.dumps({"level": "info", "message": JSON[1]})
    assert load([line])["message"].to_list() == [JSON[1]]


def journal_record(service, message):
    """Return a record of the journal, of 2024-03-10 12:00:00.2."""
    return json.dumps({
        "__REALTIME_TIMESTAMP": "1710072000200000", "PRIORITY": "6", "SYSLOG_IDENTIFIER": service, "MESSAGE": message,
    })  # fmt: skip


def test_a_service_of_the_journal_says_its_own_level():
    """The priority of a record is that of the service's output; the other services' messages stay."""
    events = load(
        [
            journal_record("shop", '{"level":"error","msg":"order failed"}'),
            journal_record("sshd", "Accepted publickey for kim"),
            journal_record("shop", "level=warn msg=slow order=7"),
        ]
    )
    assert events["message"].to_list() == ["order failed", "Accepted publickey for kim", "slow"]
    assert events["level"].to_list() == ["ERROR", "INFO", "WARNING"]
    assert events["wrapper.level"].to_list() == ["INFO", None, "INFO"]


@pytest.mark.parametrize(
    "around",
    [
        {"severity": "info", "facility": "daemon", "tag": "shop[7]:"},  # rsyslog, by a template
        {"severityNumber": 0, "severityText": ""},  # OpenTelemetry, where a file's lines are not parsed
        {"LogLevel": "UNKNOWN", "LogSource": "stdout"},  # Azure
    ],
)
def test_a_level_of_who_collects_is_not_that_of_the_line(around):
    """The line says that it is an error."""
    line = json.dumps({"timestamp": "2024-03-10T12:00:00Z", **around, "message": "level=error msg=failed order=7"})
    assert load([line]).select("message", "level").rows() == [("failed", "ERROR")]


def test_a_record_of_a_line_read_late_keeps_the_lines_time():
    """It was two hours and some seconds later that a shipper found the line."""
    line = json.dumps({"@timestamp": "2024-03-10T14:00:30Z", "message": "2024-03-10 12:00:00,100 ERROR failed"})
    assert load([line])["timestamp"][0].isoformat() == "2024-03-10T12:00:00.100000+00:00"


def test_output_collected_without_a_service_is_read():
    """Google Cloud names the container in a label, or nowhere."""
    text = "level=error msg=failed order=7"
    line = json.dumps({"severity": "INFO", "timestamp": "2024-03-10T12:00:00Z", "textPayload": text})
    events = load([line])
    assert events.select("message", "level").rows() == [("failed", "ERROR")]


@pytest.mark.parametrize(
    "line",
    [
        "2024-03-10T12:00:00.2Z stdout F 2024-03-10 20:00:00,100 ERROR [main] com.shop.Orders - failed",
        "2024-03-10T13:00:00.2+01:00 web1 shop[7]: 2024-03-10 20:00:00,100 ERROR [main] com.shop.Orders - failed",
        journal_record("shop", "2024-03-10 20:00:00,100 ERROR [main] com.shop.Orders - failed"),
    ],
)
def test_a_local_clock_is_read_by_the_time_around_it(line):
    """The same moment is written with its zone around the line."""
    events = load([line])
    assert events["message"].to_list() == ["failed"]
    assert events["timestamp"][0].isoformat() == "2024-03-10T12:00:00.100000+00:00"
    assert any("+8 h" in guess for guess in detect([line]).guesses)


def test_times_that_name_their_zone_are_not_moved():
    """A line that comes hours later, such as one read again, keeps its time."""
    line = "2024-03-10T12:00:00.2Z stdout F 2024-03-10T20:00:00Z ERROR [main] com.shop.Orders - failed"
    assert load([line])["timestamp"][0].isoformat() == "2024-03-10T20:00:00+00:00"


def test_services_of_a_syslog_that_write_json_are_read_by_it():
    """The others' events stay as they are, and each keeps what the syslog says of it."""
    events = load([
        "Mar 10 12:00:00 web1 CRON[811]: (root) CMD (run-parts /etc/cron.hourly)",
        'Mar 10 12:00:01 web1 shop[900]: @cee: {"level":"error","msg":"order failed","order":7}',
        "<11>Mar 10 12:00:02 web1 shop[900]: no disk",
        "Mar 10 12:00:03 web1 sshd[812]: Failed password for root",
    ])  # fmt: skip
    assert events["message"].to_list()[1:] == ["order failed", "no disk", "Failed password for root"]
    assert events["level"].to_list() == [None, "ERROR", "ERROR", None]
    assert events["service"].to_list() == ["CRON", "shop", "shop", "sshd"]
    assert events["order"].to_list() == [None, 7, None, None]


def test_what_the_wrapper_says_otherwise_is_kept():
    """The event's own service and time count; nothing is lost."""
    inner = '{"time":"2024-03-10T11:59:59Z","level":"info","msg":"up","service":"orders"}'
    event = load([f"web-1  | 2024-03-10T12:00:00.000000001Z {inner}"]).row(0, named=True)
    assert (event["service"], event["wrapper.service"], event["container.name"]) == ("orders", "web", "web-1")
    assert (event["timestamp"].minute, event["observed_timestamp"].minute) == (59, 0)


@pytest.mark.parametrize(
    "lines",
    [
        ["INFO | started", "WARN | slow"],
        ["2024-03-10T12:00:00Z INFO started", "2024-03-10T12:00:01Z ERROR boom"],
        ["2024-03-10 12:00:00 [main] {not json} started", "2024-03-10 12:00:01 [main] stopped"],
        ["ERROR [pod/web] failed", "ERROR [pod/api] failed"],
        ["app-1 started the import", "app-2 stopped the import"],
        ["2024-03-10T12:00:00,842 Traceback (most recent call last):",
         '2024-03-10T12:00:00,842   File "a.py", line 1, in f',
         "2024-03-10T12:00:00,843 ValueError: x"],
        ["web-1  |   ", "web-1  | "],
    ],
)  # fmt: skip
def test_no_envelope_is_seen_where_there_is_none(lines):
    """Levels, words and times of a line's own are no wrapper."""
    assert detect(lines * 3).wrappers == ()


def test_text_before_json_stays():
    """A sentence that ends with an object is a message."""
    line = 'Mar 10 12:00:01 web1 shop[900]: request failed {"a":1}'
    assert load([line])["message"].to_list() == ['request failed {"a":1}']
