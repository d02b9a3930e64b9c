"""Logs in XML: the elements of a log are its records."""

from __future__ import annotations

import json

import polars as pl

from loganalytics.formats.detection import detect
from loganalytics.formats.framing import frame_all

WINDOWS = (
    "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Disk'/>"
    "<EventID Qualifiers='1'>7</EventID><Level>{level}</Level><TimeCreated SystemTime='2024-03-10T12:34:56.7Z'/>"
    "<Computer>pc</Computer></System><EventData><Data Name='Device'>C &amp; D</Data></EventData></Event>"
)
JUL = """<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<!DOCTYPE log SYSTEM "logger.dtd">
<log>
<record>
  <date>2024-03-10T12:34:56</date>
  <millis>1710074096789</millis>
  <nanos>123000</nanos>
  <logger>com.x</logger>
  <level>SEVERE</level>
  <message>no &lt;room&gt;</message>
  <exception>
    <message>java.io.IOException: full</message>
    <frame><class>com.x.Disk</class><method>write</method><line>9</line></frame>
    <frame><class>com.x.Main</class><method>main</method></frame>
  </exception>
</record>
</log>"""


def framed(text: str, block: int = 1000) -> list[str]:
    """Return the records of a text whose lines come in blocks of so many."""
    lines = text.split("\n")
    framing = detect(lines).framing
    assert framing is not None
    frame = pl.DataFrame({"n": range(1, len(lines) + 1), "line": lines}, schema={"n": pl.UInt64, "line": pl.String})
    framer = framing.framer()
    frames = [framer.feed(frame.slice(start, block)) for start in range(0, len(lines), block)]
    records = pl.concat([*frames, framer.finish()])
    assert records["n"].is_sorted()
    assert records["n"].is_unique().all()
    assert block < 1000 or records.equals(frame_all(frame, framing))
    return records["line"].to_list()


def test_windows_events_have_level_time_and_data():
    """Level numbers are words, and the named data are fields."""
    events = [json.loads(line) for line in framed("<Events>" + "".join(WINDOWS.format(level=n) for n in (2, 4)))]
    assert [event["level"] for event in events] == ["error", "information"]
    assert events[0]["timestamp"] == "2024-03-10T12:34:56.7Z"
    assert events[0]["EventData"] == {"Device": "C & D"}
    assert events[0]["message"] == "Device=C & D"
    assert events[0]["logger"] == "Disk"


def test_records_of_java_util_logging_in_any_blocks():
    """The time is that of `millis`, which has a zone, and an exception is a stack trace."""
    assert framed(JUL) == framed(JUL, 1) == framed(JUL, 4)
    (record,) = map(json.loads, framed(JUL))
    assert record["timestamp"] == "1710074096789123000"
    assert record["message"] == "no <room>"
    assert record["stack_trace"] == "java.io.IOException: full\n\tat com.x.Disk.write(9)\n\tat com.x.Main.main()"


def test_log4j_events_with_properties_and_text_between():
    """CDATA is text, properties are fields, and what is no markup stays an event."""
    text = (
        '<log4j:event logger="a.B" timestamp="1710074096789" level="ERROR" thread="main">\n'
        "<log4j:message><![CDATA[boom <x>]]></log4j:message>\n"
        '<log4j:properties><log4j:data name="user" value="bob"/></log4j:properties>\n</log4j:event>\nrotated by hand\n'
    )
    record, rest = framed(text)
    assert json.loads(record)["message"] == "boom <x>"
    assert json.loads(record)["properties"] == {"user": "bob"}
    assert rest == "rotated by hand"


def test_declared_entities_are_not_expanded():
    """An element that uses an entity of the document stays text, those beside it are read."""
    text = '<?xml version="1.0"?>\n<!DOCTYPE log [<!ENTITY a "xxxx">]>\n<log>\n' + "".join(
        f"<record><date>2024-03-10T12:34:56Z</date><message>{message}</message></record>\n" for message in ("&a;", "ok")
    )
    records = framed(text)
    assert "<message>&a;</message>" in records[-2]
    assert json.loads(records[-1])["message"] == "ok"


def test_a_broken_element_keeps_its_text():
    """An element that does not end is an event, and so is the next."""
    records = framed(WINDOWS.format(level=1)[:-20] + "\n" + WINDOWS.format(level=3))
    assert records[0].startswith("<Event")
    assert json.loads(records[1])["level"] == "warning"
