"""Kinds of event, their course in time, and the values behind their wildcards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from loganalytics import templates
from loganalytics.analyses.patterns import finish, merge, partial, pattern_values, patterns
from loganalytics.analyses.summaries import SPARKLINE_WINDOWS, first_and_last_time
from loganalytics.exceptions import InvalidArgumentError
from loganalytics.schema import conform, empty
from loganalytics.templates import TemplateCatalogue
from loganalytics.templates.annotate import with_templates

START = datetime(2025, 1, 1, tzinfo=UTC)


def logs(messages: list[str | None], step: timedelta = timedelta(minutes=1)) -> pl.DataFrame:
    """Return a log with one event a step; every third is an error, and services alternate."""
    size = len(messages)
    return conform(
        pl.DataFrame(
            {
                "timestamp": [START + i * step for i in range(size)],
                "severity_number": [17 if i % 3 == 0 else 9 for i in range(size)],
                "service": ["web" if i % 2 else "api" for i in range(size)],
                "message": messages,
                "source": ["a.log"] * size,
                "offset": [str(i) for i in range(size)],
            },
            schema_overrides={"timestamp": pl.Datetime("us", "UTC"), "message": pl.String},
        )
    )


MIXED = [message for i in range(16) for message in (f"user {i} logged in", f"job {'abcdefgh'[i % 8] * 3} done", "tick")]


def test_trend_counts_every_event_once() -> None:
    """24 windows of equal length over the whole log; the last event is in the last window."""
    table = patterns(logs(["a 1"] * 10 + ["b"] * 38))
    trends = dict(zip(table["template"], table["trend"].to_list(), strict=True))
    assert table.schema["trend"] == pl.List(pl.UInt32)
    assert all(len(trend) == SPARKLINE_WINDOWS for trend in trends.values())
    assert sum(trends["a <*>"]) == 10
    assert sum(trends["b"]) == 38
    assert trends["a <*>"][0] == 2
    assert not any(trends["a <*>"][6:])
    assert trends["b"][-1] > 0


def test_trend_without_times_is_zeros() -> None:
    """Events that bear no time are counted, but not in a window; one moment is one window."""
    undated = logs(["a", "a"]).with_columns(timestamp=pl.lit(None, dtype=pl.Datetime("us", "UTC")))
    assert patterns(undated)["trend"].to_list() == [[0] * SPARKLINE_WINDOWS]
    assert patterns(logs(["a", "a"], timedelta(0)))["trend"].list.sum().to_list() == [2]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=len(MIXED), max_size=len(MIXED)), st.randoms())
def test_merge_law(shards: list[int], chance: object) -> None:
    """Any split of the log, merged in any order, gives the patterns of the whole."""
    log = logs(MIXED)
    times = first_and_last_time(log.lazy())
    partials = [partial(log.filter(pl.Series(shards) == shard), times) for shard in range(4)]
    chance.shuffle(partials)  # type: ignore[attr-defined]
    merged = finish(merge([merge(partials[:2]), merge(partials[2:])]))
    assert_frame_equal(merged, patterns(log))


def test_mining_keeps_the_order_of_masked_texts() -> None:
    """What patterns rely on when they look up the template of each text, with a catalogue and without."""
    counted = templates.partial(logs(MIXED)).sort("masked", descending=True)
    assert templates.finish(counted)["masked"].to_list() == counted["masked"].to_list()
    catalogue = TemplateCatalogue().update(logs(MIXED[:9]))
    assert catalogue.finish(counted)["masked"].to_list() == counted["masked"].to_list()


def test_a_lazy_frame_gives_the_same(tmp_path) -> None:
    """Read in batches, from a file of many row groups."""
    log = logs(MIXED)
    log.write_parquet(tmp_path / "logs.parquet", row_group_size=7)
    assert_frame_equal(patterns(pl.scan_parquet(tmp_path / "logs.parquet")), patterns(log))
    assert patterns(empty().lazy()).schema == patterns(log).schema


def test_known_templates_and_names_of_a_catalogue() -> None:
    """What the catalogue has is marked, and names given there are shown."""
    catalogue = TemplateCatalogue().update(logs(MIXED))
    tick = catalogue.templates.filter(pl.col("template") == "tick")["template_id"].item()
    table = patterns(logs([*MIXED, "disk full"]), known=catalogue.rename({tick: "heartbeat"}))
    assert table.filter(~pl.col("is_known"))["template"].to_list() == ["disk full"]
    assert table.filter(pl.col("name") == "heartbeat")["template"].to_list() == ["tick"]
    assert "is_known" not in patterns(logs(MIXED)).columns


def test_values_of_a_variant_that_cannot_be_told_do_not_count() -> None:
    """Two ids where the template of the catalogue has three: the others still have their quantiles."""
    known = TemplateCatalogue().update(logs(["ids 1, 2, 3 open"]))
    mined = with_templates(logs(["ids 1, 2, 3 open", "ids 4, 5 open"]), known=known)
    table = pattern_values(mined, mined["template_id"].unique().item())
    assert table["events"].to_list() == [2, 1, 1]
    assert table["max"].to_list() == [4.0, 2.0, 3.0]


def test_what_a_catalogue_holds_keeps_its_id() -> None:
    """Whatever comes beside it: five names show that names vary, but the four that are held were four templates."""
    four = logs([f"hello {name} again" for name in ("ann", "bob", "cy", "dee")])
    catalogue = TemplateCatalogue().update(four)
    held = catalogue.templates.select("template_id", "template")
    table = patterns(pl.concat([four, logs(["hello eve again"])]), known=catalogue)
    assert table.height == 5
    assert held.join(table.filter("is_known"), on=["template_id", "template"], how="anti").is_empty()


def test_templates_that_are_there_are_mined_anew_for_a_catalogue() -> None:
    """The catalogue's templates count, not those of the frame."""
    mined = logs(["user 7 logged in"]).with_columns(template=pl.lit("x"), template_id=pl.lit("y"))
    catalogue = TemplateCatalogue().update(logs(MIXED))
    assert patterns(mined, known=catalogue)["template"].to_list() == ["user <*> logged in"]


def values(messages: list[str], **options: object) -> pl.DataFrame:
    """Return what stands behind the wildcards of messages that have one template."""
    mined = with_templates(logs(list(messages)))
    return pattern_values(mined, mined["template_id"].unique().item())


def test_values_behind_wildcards() -> None:
    """One row a wildcard, with the text before it, its kind, top values and quantiles."""
    table = values([f"opened /item/{i % 2} took {i} ms from 10.0.0.{i % 3}" for i in range(100)])
    assert table["position"].to_list() == [0, 1, 2]
    assert table["before"].to_list() == ["opened ", " took ", " ms from "]
    assert table["kind"].to_list() == ["path", "integer", "address"]
    assert table["events"].to_list() == [100, 100, 100]
    assert table["distinct"].to_list() == [2, 100, 3]
    assert table["top"].to_list()[0] == [{"value": "/item/0", "count": 50}, {"value": "/item/1", "count": 50}]
    assert table.select("p50", "p95", "max").row(1) == (49.0, 94.0, 99.0)
    assert table.select("p50", "p95", "max").row(0) == (None, None, None)


@pytest.mark.parametrize(
    ("shapes", "kind"),
    [
        (["5", "-17"], "integer"),
        (["5", "1.25"], "number"),
        (["10.1.2.3:80", "10.1.2.4"], "address"),
        (["2001:db8::1", "fe80::1"], "address"),
        (["123e4567-e89b-12d3-a456-426614174000"], "uuid"),
        (["0x7ffe12ab", "0x12"], "hex"),
        (["https://a.example/x"], "url"),
        (["/var/log/a", "/tmp/b"], "path"),
        (["2025-01-31T10:00:00Z"], "time"),
        (["5", "/tmp"], "text"),
    ],
)
def test_kinds_of_value(shapes: list[str], kind: str) -> None:
    """The kind is what all values have in common."""
    assert values([f"got {value} here" for value in shapes])["kind"].to_list() == [kind]


def test_the_ten_most_frequent_values_are_listed() -> None:
    """Of eleven, the rarest is left out."""
    top = values([f"took {i} ms" for i in range(1, 12) for _ in range(i)])["top"].item().to_list()
    assert [entry["value"] for entry in top] == [str(i) for i in range(11, 1, -1)]


def test_quantiles_weigh_repeated_values() -> None:
    """The median is over events, not over distinct values."""
    assert values(["took 1 ms"] * 9 + ["took 50 ms"])["p50"].item() == 1.0


def test_values_of_no_template() -> None:
    """An unknown id is refused; a template without wildcards has no rows, with the same columns."""
    frame = with_templates(logs(["tick"]))
    with pytest.raises(InvalidArgumentError, match="'0'"):
        pattern_values(frame, "0")
    alone = pattern_values(frame.lazy(), frame["template_id"][0])
    assert alone.is_empty()
    assert alone.schema == values(["took 1 ms"]).schema
