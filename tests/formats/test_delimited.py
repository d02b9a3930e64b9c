"""CSV, TSV and W3C files."""

from __future__ import annotations

import json

import polars as pl
import pytest

from loganalytics.formats import detect, lines_beside, parse
from loganalytics.formats.continuations import Parsed
from loganalytics.formats.framing import frame_all
from loganalytics.formats.hints import Hints


def parse_lines(*lines: str) -> Parsed:
    """Detect, frame and parse lines."""
    frame = pl.DataFrame({"line": lines}).with_row_index("n", 1).cast({"n": pl.UInt64})
    detection = detect(lines)
    return parse(frame_all(frame, detection.framing), detection)


@pytest.mark.parametrize(("separator", "name"), [(",", "CSV"), ("\t", "TSV"), (";", "CSV (;)")])
def test_a_header_names_the_columns(separator, name):
    """Columns are typed and the core ones found whatever their capitals."""
    lines = [
        separator.join(cells)
        for cells in (
            ["Time", "Level", "Message", "user"],
            ["2026-03-10 12:00:00", "INFO", '"hello, ""world""; yes"', "7"],
            ["2026-03-10 12:00:01", "ERROR", "plain", "8"],
        )
    ]
    assert detect(lines).name == name
    parsed = parse_lines(*lines)
    assert parsed.events["message"].to_list() == ['hello, "world"; yes', "plain"]
    assert parsed.events["user"].to_list() == [7, 8]
    assert parsed.events["level"].to_list() == ["INFO", "ERROR"]
    assert parsed.blank_lines == 1  # the header


def test_iis():
    """The directive names the columns, a dash is nothing, status is level, and times are UTC."""
    parsed = parse_lines(
        "#Software: Microsoft Internet Information Services 10.0",
        "#Fields: date time cs-method cs-uri-stem cs-uri-query sc-status time-taken",
        "2026-03-10 12:00:00 GET /a - 200 15",
        "#Remark: restarted",
        "2026-03-10 12:00:01 GET /b - 503 15",
    )
    assert parsed.events["message"].to_list() == ["GET /a 200", "GET /b 503"]
    assert parsed.events["level"].to_list() == ["INFO", "ERROR"]
    assert parsed.events["cs-uri-query"].to_list() == [None, None]
    assert parsed.events["timestamp"][0].isoformat() == "2026-03-10T12:00:00+00:00"


def test_prose_with_commas_is_not_csv():
    """A header needs names, one of them a time, level or message, and rows of that many cells."""
    assert detect(["one, two, three", "four"]).name == "text"


def test_a_line_that_is_no_row_is_kept():
    """Its text is an event."""
    rows = [f"2026-03-10 12:00:00,INFO,{name}" for name in "abcdef"]
    parsed = parse_lines("time,level,message", *rows, "oops")
    assert parsed.events["message"].to_list() == [*"abcdef", "oops"]


def test_four_in_five_lines_must_have_the_headers_columns():
    """Else the first line only looks like a header."""
    header, row = "time,level,message", "2026-03-10 12:00:00,info,hi"
    assert detect([header] + [row] * 80 + ["other"] * 20).name == "CSV"
    assert detect([header] + [row] * 79 + ["other"] * 21).name != "CSV"


def test_a_header_of_two_columns_needs_times():
    """Else it may be a sentence with a comma."""
    assert detect(["time,message", "2026-03-10 12:00:00,hi"]).name == "CSV"
    assert detect(["Hello, message", "how are you, friend"]).name == "text"


def test_a_cell_may_hold_line_breaks():
    """A message keeps them, and the rows below are rows."""
    parsed = parse_lines(
        "time,level,message", '2026-03-10 12:00:00,error,"boom', '  at ""x"""', "2026-03-10 12:00:01,info,ok"
    )
    assert parsed.events["message"].to_list() == ['boom\n  at "x"', "ok"]
    assert parsed.events["n"].to_list() == [2, 4]


def test_separators_too_many_belong_to_the_message():
    """Where what follows it still fits."""
    parsed = parse_lines(
        "time,message,level,user",
        "2026-03-10 12:00:00,ok,info,7",
        "2026-03-10 12:00:01,one, two, three,error,8",
        "2026-03-10 12:00:02,ok,info,7",
        "2026-03-10 12:00:03,ok,info,7",
    )
    assert parsed.events["message"].to_list() == ["ok", "one, two, three", "ok", "ok"]
    assert parsed.events["level"].to_list() == ["INFO", "ERROR", "INFO", "INFO"]


def test_cells_beyond_the_columns_are_attributes():
    """A row that is longer than its header loses nothing."""
    parsed = parse_lines(
        "time,level,user",
        *[f"2026-03-10 12:00:0{second},info,7" for second in range(5)],
        "2026-03-10 12:00:06,error,8,x,y",
    )
    assert parsed.events["level"].to_list()[-1] == "ERROR"
    assert json.loads(parsed.events["attributes"][-1]) == {"column_4": "x,y"}


def test_what_does_not_fit_its_column_is_an_attribute():
    """A number that is none, and a time that is none."""
    rows = [f"2026-03-10 12:00:0{second},info,hi,{second}" for second in range(9)]
    lines = ["time,level,message,user", *rows]
    frame = pl.DataFrame({"line": [*lines, "never,info,hi,kim"]}).with_row_index("n", 1).cast({"n": pl.UInt64})
    events = parse(frame, detect(lines)).events
    assert json.loads(events["attributes"][-1]) == {"user": "kim", "timestamp": "never"}


def test_a_number_with_leading_zeros_is_text():
    """It names something."""
    parsed = parse_lines("time,message,site", "2026-03-10 12:00:00,hi,007", "2026-03-10 12:00:01,hi,012")
    assert parsed.events["site"].to_list() == ["007", "012"]


def test_names_that_differ_in_case():
    """The first is the core column, and the cells of both are kept."""
    events = parse_lines("Time,Level,level,Message,message", "2026-03-10 12:00:00,Error,17,It failed,failed").events
    assert events.select("level", "level_2", "message", "message_2").row(0) == ("ERROR", 17, "It failed", "failed")


def test_a_header_in_mid_file_is_no_event():
    """As in concatenated files."""
    row = "2026-03-10 12:00:00,info,hi"
    parsed = parse_lines("time,level,message", row, "time,level,message", row)
    assert parsed.events["message"].to_list() == ["hi", "hi"]
    assert parsed.blank_lines == 2


@pytest.mark.parametrize(
    "preface",
    [
        "sep=;",
        "#TYPE System.Object",
        "# exported on 2026-03-10",
        "Export of orders",
        "Export of orders;;",
        '"Created";"1"',
    ],
)
def test_what_stands_above_the_header(preface):
    """Titles, comments and what only programs read are no events, but counted."""
    lines = (preface, "Time;Level;Text", "2026-03-10 12:00:00;INFO;hi", "2026-03-10 12:00:01;WARN;ho")
    parsed = parse_lines(*lines)
    assert parsed.events["message"].to_list() == ["hi", "ho"]
    assert parsed.blank_lines == 2
    frame = pl.DataFrame({"line": lines}).with_row_index("n", 1)
    assert lines_beside(frame, detect(lines)).to_list() == [preface]


@pytest.mark.parametrize("line", ["2026-03-10 11:59:59 export begins", "WARNING: only 10,000 rows", '{"rows": 2}'])
def test_a_log_line_above_the_header(line):
    """It is an event."""
    parsed = parse_lines(line, "Time;Level;Text", "2026-03-10 12:00:00;INFO;hi", "2026-03-10 12:00:01;WARN;ho")
    assert parsed.events.height == 3


def test_lines_beside_the_rows():
    """Comments, the count of rows and rows without a value are no events."""
    row = "2026-03-10 12:00:00,info,hi"
    parsed = parse_lines("time,level,message", row, "# restarted", row, ",,", row, "(3 rows)")
    assert parsed.events["message"].to_list() == ["hi"] * 3
    assert parsed.blank_lines == 4


def test_a_row_may_begin_with_a_hash():
    """Where one does, no line is a comment."""
    rows = ["#ops,2026-03-10 12:00:00,info,hi", "#dev,2026-03-10 12:00:01,info,ho"]
    assert parse_lines("room,time,level,message", *rows).events["room"].to_list() == ["#ops", "#dev"]


def test_date_and_time_of_day_in_two_columns():
    """Together they are the timestamp."""
    parsed = parse_lines("Datum;Uhrzeit;Stufe;Meldung", "14.03.2026;12:00:00;INFO;hi", "14.03.2026;12:00:01;WARN;ho")
    assert [time.isoformat() for time in parsed.events["timestamp"]] == [
        "2026-03-14T12:00:00+00:00",
        "2026-03-14T12:00:01+00:00",
    ]
    assert parsed.events["level"].to_list() == ["INFO", "WARNING"]
    assert parsed.events["message"].to_list() == ["hi", "ho"]


def test_columns_are_known_by_their_cells():
    """Whatever language the header is in."""
    parsed = parse_lines(
        "aika,taso,kuvaus",
        "2026-03-10 12:00:00,info,levy on taas kunnossa",
        "2026-03-10 12:00:01,error,levy on nyt rikki",
    )
    assert parsed.events["level"].to_list() == ["INFO", "ERROR"]
    assert parsed.events["message"].to_list() == ["levy on taas kunnossa", "levy on nyt rikki"]


def test_a_table_without_a_header():
    """Time, level and text are known by the cells, and the report says so."""
    lines = ['"INFO";"2026-03-10 12:00:00";"7";"all; well"', '"ERROR";"2026-03-10 12:00:01";"8";"disk is full"']
    parsed = parse_lines(*lines)
    assert parsed.events["message"].to_list() == ["all; well", "disk is full"]
    assert parsed.events["level"].to_list() == ["INFO", "ERROR"]
    assert parsed.events["column_3"].to_list() == [7, 8]
    assert (
        detect(lines)
        .guesses[0]
        .startswith("no header names the columns: level in column_1, timestamp in column_2, message in column_4.")
    )


def test_requests_without_a_header():
    """A web server's own log format with bars: the method, the path and the status are known by their cells."""
    parsed = parse_lines(
        "2026-03-10T12:00:00+01:00|10.0.0.1|GET|/a?b=1|200|0.001", "2026-03-10T12:00:01+01:00|10.0.0.1|POST|/b|502|3.2"
    )
    assert parsed.events["message"].to_list() == ["GET /a?b=1 200", "POST /b 502"]
    assert parsed.events["level"].to_list() == ["INFO", "ERROR"]


def test_messages_that_are_log_lines():
    """Level, message and fields are read from within; the row's time stays."""
    parsed = parse_lines(
        "@timestamp,@message",
        '2026-03-10 12:00:00.500,"{""level"":""error"",""msg"":""boom"",""order"":7}"',
        '2026-03-10 12:00:01.500,"{',
        '  ""level"": ""info"",',
        '  ""msg"": ""ok"",',
        '  ""order"": 8',
        '}"',
    )
    assert parsed.events["message"].to_list() == ["boom", "ok"]
    assert parsed.events["level"].to_list() == ["ERROR", "INFO"]
    assert parsed.events["order"].to_list() == [7, 8]
    assert parsed.events["timestamp"][0].isoformat() == "2026-03-10T12:00:00.500000+00:00"


def test_the_header_that_changes():
    """Each line is read by the header above it, also when that stands in another block."""
    lines = [
        "#Fields: date time cs-method cs-uri-stem sc-status",
        "2026-03-10 12:00:00 GET /a 200",
        "#Fields: date time c-ip sc-status cs-method cs-uri-stem",
        "2026-03-10 13:00:00 10.0.0.1 404 GET /b",
        "2026-03-10 13:00:01 10.0.0.2 500 GET /c",
    ]
    detection = detect(lines)
    framer = detection.framing.framer()
    frame = pl.DataFrame({"line": lines}).with_row_index("n", 1).cast({"n": pl.UInt64})
    blocks = [framer.feed(frame.slice(start, 1)) for start in range(5)]
    events = pl.concat([parse(block, detection).events for block in blocks], how="diagonal_relaxed")
    assert events["n"].to_list() == [2, 4, 5]
    assert events["message"].to_list() == ["GET /a 200", "GET /b 404", "GET /c 500"]
    assert events["c-ip"].to_list() == [None, "10.0.0.1", "10.0.0.2"]


def test_a_header_that_names_two_columns_alike():
    """Both values are kept, the second under a name of its own."""
    lines = ["#Fields: date time c-ip sc-status C-IP", "2026-03-10 12:00:00 10.0.0.1 200 10.0.0.2"]
    event = parse_lines(*lines).events.row(0, named=True)
    assert (event["c-ip"], event["C-IP_2"]) == ("10.0.0.1", "10.0.0.2")


def test_a_header_that_no_sample_showed():
    """Its new columns are attributes."""
    lines = ["#Fields: date time sc-status", "2026-03-10 12:00:00 200"]
    later = ["#Fields: date time c-ip sc-status", "2026-03-10 13:00:00 10.0.0.1 404"]
    frame = pl.DataFrame({"line": lines + later}).with_row_index("n", 1).cast({"n": pl.UInt64})
    events = parse(frame, detect(lines)).events
    assert events["sc-status"].to_list() == [200, 404]
    assert json.loads(events["attributes"][1]) == {"c-ip": "10.0.0.1"}


def test_exchange():
    """W3C with commas, quotes and a byte order mark."""
    parsed = parse_lines(
        "#Software: Microsoft Exchange Server",
        "#Fields: date-time,event-id,message-subject",
        '2026-03-10T12:00:00.123Z,RECEIVE,"Hello, world"',
        "2026-03-10T12:00:01.123Z,FAIL,Lost",
    )
    assert parsed.events["message-subject"].to_list() == ["Hello, world", "Lost"]
    assert parsed.events["timestamp"].null_count() == 0


def test_zeek():
    """The separator is declared, what is unset is null, and a quote is a character as any other."""
    parsed = parse_lines(
        "#separator \\x09",
        "#set_separator\t,",
        "#empty_field\t(empty)",
        "#unset_field\t-",
        "#path\tconn",
        "#fields\tts\tuid\tservice\ttags",
        "#types\ttime\tstring\tstring\tset[string]",
        '1741608000.5\tC1"x\tdns\t(empty)',
        "1741608001.5\tC2\t-\ta,b",
        "#close\t2026-03-10-13-00-00",
    )
    assert parsed.events["uid"].to_list() == ['C1"x', "C2"]
    assert parsed.events["service"].to_list() == ["dns", None]
    assert parsed.events["tags"].to_list() == [None, "a,b"]
    assert parsed.events["timestamp"][0].isoformat() == "2025-03-10T12:00:00.500000+00:00"


def test_flow_logs():
    """Their header has blanks between the names; the flow's start is its time."""
    parsed = parse_lines(
        "version srcaddr dstaddr end start action log-status",
        "2 10.0.0.1 10.0.0.2 1741608060 1741608000 REJECT OK",
        "2 - - 1741608120 1741608060 - NODATA",
    )
    assert parsed.events["timestamp"][0].isoformat() == "2025-03-10T12:00:00+00:00"
    assert parsed.events["action"].to_list() == ["REJECT", None]


CSVLOG = (
    '2026-03-10 12:00:00.123 CET,"app","shop",7,"[local]",65eda1b0.7,3,"SELECT",2026-03-10 11:00:00 CET,3/2,0,ERROR,'
    '42P01,"relation ""t"" does not exist",,"Use u.",,,,"select *\nfrom t",15,'
)


SECTIONS = [
    "timestamp,level,message",
    "2026-03-10 12:00:00,INFO,started",
    "time,host,severity,text",
    "2026-03-10 12:00:01,web1,WARN,late",
    "timestamp,level,message",
    "2026-03-10 12:00:02,ERROR,failed",
]


@pytest.mark.parametrize("sampled", [2, 6])
@pytest.mark.parametrize("block", [1, 6])
def test_another_header_in_mid_file(sampled, block):
    """The rows below it are read by it, in whichever block it stands; the sample need not have it."""
    detection = detect(SECTIONS[:sampled])
    framer = detection.framing.framer()
    frame = pl.DataFrame({"line": SECTIONS}).with_row_index("n", 1).cast({"n": pl.UInt64})
    blocks = [framer.feed(frame.slice(start, block)) for start in range(0, 6, block)]
    events = pl.concat([parse(block, detection).events for block in blocks], how="diagonal_relaxed")
    assert events["n"].to_list() == [2, 4, 6]
    assert events["message"].to_list() == ["started", "late", "failed"]
    assert events["level"].to_list() == ["INFO", "WARNING", "ERROR"]
    assert events["timestamp"].dt.second().to_list() == [0, 1, 2]
    host = events["host"][1] if sampled == 6 else json.loads(events["attributes"][1])["host"]
    assert host == "web1"


@pytest.mark.parametrize("rest", ["", ',"psql"', ',"psql","client backend"', ',"psql","client backend",,0'])
def test_postgresql_of_every_version(rest):
    """Application, kind of backend, leader and query id came one after the other."""
    events = parse_lines(*f"{CSVLOG}{rest}".split("\n")).events
    assert events["message"].to_list() == ['relation "t" does not exist']
    assert events["level"].to_list() == ["ERROR"]
    assert events["hint"].to_list() == ["Use u."]
    assert events["query"].to_list() == ["select *\nfrom t"]
    assert events["timestamp"][0].isoformat() == "2026-03-10T11:00:00.123000+00:00"


def test_the_user_names_time_and_level():
    """Whatever else looks like these."""
    lines = ["id,seen,sent,weight,note", "1,2026-03-10 12:00:00,2026-03-11 12:00:00,error,a b"]
    frame = pl.DataFrame({"line": lines}).with_row_index("n", 1).cast({"n": pl.UInt64})
    events = parse(frame, detect(lines, hints=Hints(time="sent", level="weight"))).events
    assert events["timestamp"][0].day == 11
    assert events["level"].to_list() == ["ERROR"]


def test_one_short_row_among_three_keeps_the_header() -> None:
    """A small table is one though a row of it is cut; of two rows both must fit."""
    header, row, cut = "time,level,message", "2026-03-10 12:00:00,info,hi", "2026-03-10 12:00:00,info"
    assert detect([header, row, cut, row]).name == "CSV"
    assert detect([header, row, cut]).name != "CSV"


def test_decimal_commas():
    """Where a semicolon separates and each cell is a number, commas are decimal points, which the report says."""
    lines = ["Zeit;Stufe;Meldung;Dauer (s);Last;Ports;Menge"]
    lines += [f"2026-03-10 12:00:0{n};INFO;fertig, {n},5 MB;{n},25;{n},5 ms;80,443,{n};1,{n}00" for n in range(4)]
    parsed = parse_lines(*lines)
    assert parsed.events["Dauer (s)"].to_list() == [0.25, 1.25, 2.25, 3.25]
    assert parsed.events["duration_ms"].to_list() == [250.0, 1250.0, 2250.0, 3250.0]
    assert parsed.events["Last"][1] == "1.5 ms"
    assert parsed.events["Ports"][1] == "80,443,1"
    assert parsed.events["Menge"][1] == "1,100"
    assert parsed.events["message"][1] == "fertig, 1,5 MB"
    assert "commas in Dauer (s), Last read as decimal points" in detect(lines).guesses
