"""The catalogue of templates: what lasts from run to run, and that neither order nor split of the logs matters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from loganalytics.exceptions import (
    InvalidArgumentError,
    MissingColumnError,
    SourceNotFoundError,
    UnreadableSourceError,
)
from loganalytics.templates import TemplateCatalogue
from loganalytics.templates.annotate import with_templates

START = datetime(2026, 1, 1, tzinfo=UTC)
USERS = ["alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi"]
LINES = [
    *[f"Failed password for {user} from 10.0.0.{i} port 5{i}22" for i, user in enumerate(USERS)],
    *[f"session opened for {user} by (uid={i})" for i, user in enumerate(USERS)],
    "VM Started",
    "VM Paused",
    "",
    "用户123登录成功",
]


def logs(messages: list[str | None], start: datetime = START) -> pl.DataFrame:
    """Return events a second apart."""
    times = [start + timedelta(seconds=i) for i in range(len(messages))]
    return pl.DataFrame(
        {"timestamp": times, "message": messages},
        schema={"timestamp": pl.Datetime("us", "UTC"), "message": pl.String},
    )


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(len(LINES))), st.lists(st.integers(0, 3), min_size=len(LINES), max_size=len(LINES)))
def test_any_split_in_any_order_gives_the_same_catalogue(order: list[int], shards: list[int]) -> None:
    """Updating with parts, or merging catalogues of parts, gives what the whole log gives."""
    undivided = logs(LINES)
    shuffled = undivided[order]
    shards = [shuffled.filter(pl.Series(shards) == shard) for shard in range(4)]
    updated = TemplateCatalogue()
    for shard in shards:
        updated = updated.update(shard)
    first, second = TemplateCatalogue().update(shards[3]).update(shards[1]), TemplateCatalogue().update(shards[2])
    merged = first.merge(second.merge(TemplateCatalogue().update(shards[0])))
    expected = TemplateCatalogue().update(undivided).templates
    assert_frame_equal(updated.templates, expected)
    assert_frame_equal(merged.templates, expected)


def test_it_counts_as_with_templates_does() -> None:
    """The same ids and templates, with times and how often."""
    table = TemplateCatalogue().update(logs(LINES)).templates
    mined = with_templates(logs(LINES))
    assert dict(table.select("template_id", "events").iter_rows()) == dict(
        mined.group_by("template_id").agg(pl.len()).iter_rows()
    )
    row = table.row(by_predicate=pl.col("template") == "VM Paused", named=True)
    assert row["first_seen"] == row["last_seen"] == START + timedelta(seconds=LINES.index("VM Paused"))


def test_names_and_first_seen_last_over_runs_and_generalisation(tmp_path: Path) -> None:
    """A template that becomes more general keeps its name and the time it was first seen."""
    template = TemplateCatalogue().update(logs(["session opened for alice by (uid=0)"]))
    template = template.rename({template.templates["template_id"].item(): "login"})
    path = template.save(tmp_path / "catalogue.parquet")
    later = TemplateCatalogue.load(path).update(logs(LINES, START + timedelta(days=1)))
    row = later.templates.row(by_predicate=pl.col("template").str.starts_with("session"), named=True)
    assert (row["template"], row["name"], row["events"]) == ("session opened for <*> by (uid=<*>)", "login", 9)
    assert row["first_seen"] == START
    assert_frame_equal(TemplateCatalogue.load(later.save(path)).templates, later.templates)


def test_a_name_can_be_taken_away() -> None:
    """None as a name; an id that is not there is refused."""
    catalogue = TemplateCatalogue().update(logs(["VM Started", "VM Paused"]))
    first = catalogue.templates["template_id"][0]
    renamed = catalogue.rename({first: "a"})
    assert renamed.templates["name"].to_list() == ["a", None]
    assert renamed.rename({first: None}).templates["name"].to_list() == [None, None]
    with pytest.raises(InvalidArgumentError, match="'nothing'"):
        catalogue.rename({"nothing": "x"})


def test_is_known_marks_what_the_catalogue_has_seen() -> None:
    """Also where only one line comes, which alone would not show its variables."""
    catalogue = TemplateCatalogue().update(logs(LINES))
    new = logs(["session opened for zoe by (uid=9)", "session opened for alice by (uid=5)", "disk full", "VM Started"])
    annotated = with_templates(new, known=catalogue)
    assert annotated["is_known"].to_list() == [True, True, False, True]
    assert annotated["template"].to_list()[:2] == ["session opened for <*> by (uid=<*>)"] * 2
    assert annotated.columns == ["timestamp", "message", "template", "template_id", "is_known"]
    lazy = with_templates(new.lazy(), known=catalogue)
    assert_frame_equal(lazy.collect(), annotated)


def test_with_an_empty_catalogue_nothing_is_known() -> None:
    """And the templates are those of the log alone."""
    annotated = with_templates(logs(LINES), known=TemplateCatalogue())
    assert not annotated["is_known"].any()
    assert_frame_equal(annotated.drop("is_known"), with_templates(logs(LINES)))


def test_match_knows_the_templates_mined_so_far() -> None:
    """A new value fits a wildcard; what fits nothing is its own template, masked, and not known."""
    catalogue = TemplateCatalogue().update(logs(LINES))
    new = logs(["Failed password for zoe from 10.9.9.9 port 7", "disk 7 full", "VM Paused", "VM Crashed", ""])
    matched = catalogue.match(new)
    assert matched["template"].to_list() == [
        "Failed password for <*> from <*> port <*>", "disk <*> full", "VM Paused", "VM Crashed", ""
    ]  # fmt: skip
    assert matched["is_known"].to_list() == [True, False, True, False, True]
    ids = dict(catalogue.templates.select("template", "template_id").iter_rows())
    assert matched["template_id"][0] == ids["Failed password for <*> from <*> port <*>"]
    assert catalogue.match(new.head(0)).schema == matched.schema


def test_match_after_an_update_with_few_new_texts_is_frozen_until_mined_again() -> None:
    """A tail updates without mining each time; more than a tenth of new texts makes it mine."""
    catalogue = TemplateCatalogue().update(logs([f"word{'x' * i} said something" for i in range(100)]))
    for new, unmined in ((1, 1), (10, 10), (11, 0)):
        updated = catalogue.update(logs([f"event {'y' * i} came" for i in range(new)]))
        assert updated.texts["template"].null_count() == unmined


def test_saving_replaces_the_file_whole(tmp_path: Path) -> None:
    """Nothing but the catalogue is left in the folder."""
    catalogue = TemplateCatalogue().update(logs(LINES))
    catalogue.save(tmp_path / "c.parquet")
    catalogue.update(logs(["x"])).save(tmp_path / "c.parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["c.parquet"]
    assert len(TemplateCatalogue.load(tmp_path / "c.parquet")) == len(catalogue) + 1


def test_a_file_that_is_not_a_catalogue_is_refused(tmp_path: Path) -> None:
    """A missing file, another Parquet file, and no Parquet file."""
    with pytest.raises(SourceNotFoundError, match="no catalogue"):
        TemplateCatalogue.load(tmp_path / "none.parquet")
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "other.parquet")
    (tmp_path / "text.parquet").write_text("text")
    for name in ("other", "text"):
        with pytest.raises(UnreadableSourceError, match="not a catalogue of templates"):
            TemplateCatalogue.load(tmp_path / f"{name}.parquet")
    with pytest.raises(MissingColumnError, match="'message'"):
        TemplateCatalogue().update(pl.DataFrame({"a": [1]}))


def test_bad_input_works() -> None:
    """Null, huge, foreign and template-like messages; events without a time, and a frame without the column."""
    messages = [None, "", "x" * 100_000, "<*>", "a <*> b", r"(?P<x>[a-z]+$) \1 [^", "😀👍", "مرحبا 12", "12", "a\x1ab"]
    untimed = pl.DataFrame({"message": messages}, schema={"message": pl.String})
    catalogue = TemplateCatalogue().update(untimed)
    assert catalogue.templates["events"].sum() == len(messages)
    assert catalogue.templates["first_seen"].null_count() == len(catalogue)
    assert catalogue.match(untimed)["is_known"].all()
    assert repr(TemplateCatalogue()) == "TemplateCatalogue(0 texts, 0 events)"
    assert not TemplateCatalogue().match(untimed)["is_known"].any()
