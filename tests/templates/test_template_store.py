"""The catalogue of templates: what it holds keeps its id, and neither order nor split of the logs matters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

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
from loganalytics.templates import TemplateCatalogue, merge, partial
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


SHARDS = st.lists(st.integers(0, 3), min_size=len(LINES), max_size=len(LINES))


def split(frame: pl.DataFrame, shards: list[int]) -> list[pl.DataFrame]:
    """Return four parts of a frame."""
    return [frame.filter(pl.Series(shards) == shard) for shard in range(4)]


def ids(annotated: pl.DataFrame) -> dict[str, str]:
    """Return message -> template_id."""
    return dict(annotated.select("message", "template_id").iter_rows())


@settings(max_examples=8, deadline=None)
@given(st.permutations(range(len(LINES))), SHARDS)
def test_any_split_in_any_order_gives_the_same_catalogue(order: list[int], shards: list[int]) -> None:
    """The order of the lines does not matter, and merging catalogues of parts gives what the whole log gives."""
    undivided = logs(LINES)
    expected = TemplateCatalogue().update(undivided).templates
    shuffled = undivided[order]
    assert_frame_equal(TemplateCatalogue().update(shuffled).templates, expected)
    parts = [TemplateCatalogue().update(part) for part in split(shuffled, shards)]
    merged = parts[3].merge(parts[1]).merge(parts[2].merge(TemplateCatalogue().merge(parts[0])))
    assert_frame_equal(merged.templates, expected)


@settings(max_examples=5, deadline=None)
@given(st.permutations(range(len(LINES))), SHARDS)
def test_with_a_catalogue_no_old_id_ever_changes(order: list[int], shards: list[int]) -> None:
    """However the lines come, each has the id that it had when it first came, wherever it is asked for."""
    undivided = logs(LINES)
    parts = split(undivided[order], shards)
    catalogue, seen = TemplateCatalogue(), dict[str, str]()
    for part in parts:
        announced = with_templates(part, known=catalogue)
        fits = catalogue.match(part).filter("is_known")
        assert fits.join(announced, on=["timestamp", "template_id", "is_known"], how="anti").is_empty()
        catalogue = catalogue.update(part)
        seen |= ids(announced)
        assert seen.items() <= ids(catalogue.match(undivided)).items()
    assert seen == ids(with_templates(undivided, known=catalogue))
    assert set(catalogue.templates["template_id"]) == set(seen.values())


@settings(max_examples=5, deadline=None)
@given(st.permutations(range(len(LINES))), SHARDS)
def test_a_restart_changes_nothing(order: list[int], shards: list[int]) -> None:
    """Saved and loaded between the updates, or never; what comes in shards is merged before it is mined."""
    catalogue = restarted = TemplateCatalogue()
    undivided = logs(LINES)
    with TemporaryDirectory() as folder:
        for part in split(undivided[order], shards):
            catalogue = catalogue.update(part)
            restarted = TemplateCatalogue.load(restarted.update(part).save(Path(folder, "catalogue.parquet")))
            assert_frame_equal(restarted.templates, catalogue.templates)
    new = logs([*LINES, *[f"hello {user} again" for user in USERS]])
    expected = catalogue.finish(partial(new)).sort("masked")
    assert_frame_equal(restarted.finish(merge([partial(new[7:]), partial(new[:7])])).sort("masked"), expected)


def test_it_counts_as_with_templates_does() -> None:
    """The same ids and templates, with times and how often."""
    table = TemplateCatalogue().update(logs(LINES)).templates
    mined = with_templates(logs(LINES))
    assert dict(table.select("template_id", "events").iter_rows()) == dict(
        mined.group_by("template_id").agg(pl.len()).iter_rows()
    )
    row = table.row(by_predicate=pl.col("template") == "VM Paused", named=True)
    assert row["first_seen"] == row["last_seen"] == START + timedelta(seconds=LINES.index("VM Paused"))


def test_names_and_first_seen_last_over_runs(tmp_path: Path) -> None:
    """A template keeps its name and the time it was first seen, also for texts that come later and fit."""
    catalogue = TemplateCatalogue().update(logs(LINES))
    login = catalogue.templates.filter(pl.col("template").str.starts_with("session"))["template_id"].item()
    path = catalogue.rename({login: "login"}).save(tmp_path / "catalogue.parquet")
    later = TemplateCatalogue.load(path).update(logs(["session opened for zoe by (uid=7)"], START + timedelta(days=1)))
    row = later.templates.row(by_predicate=pl.col("template").str.starts_with("session"), named=True)
    assert (row["template"], row["name"], row["events"]) == ("session opened for <*> by (uid=<*>)", "login", 9)
    assert row["first_seen"] == START + timedelta(seconds=len(USERS))
    assert row["last_seen"] == START + timedelta(days=1)
    assert_frame_equal(TemplateCatalogue.load(later.save(path)).templates, later.templates)


def test_of_two_templates_for_one_text_the_first_in_the_alphabet_stays() -> None:
    """Whichever catalogue is merged into which, and what neither had decided is decided with them."""
    line = "session opened for alice by (uid=0)"
    alone = TemplateCatalogue().update(logs([line])).update(logs([]))
    among = TemplateCatalogue().update(logs(LINES)).update(logs([]))
    undecided = TemplateCatalogue().update(logs(["session opened for zoe by (uid=7)"]))
    for merged in (alone.merge(among).merge(undecided), undecided.merge(among.merge(alone))):
        templates = merged.match(logs([line, "session opened for zoe by (uid=7)"]))["template"]
        assert templates.to_list() == ["session opened for <*> by (uid=<*>)"] * 2


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


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("sent 474 bytes, done", "sent 4042 bytes (3.94 KB), done"),
        ("connection from 10.0.0.2 (10.0.0.1) closed", "connection from 10.0.0.3 () closed"),
        ("ports [80, 443] open", "ports [22, 80, 443] open"),
        ("session opened for alice by (uid=0)", "session opened for zoe by (uid=1)"),
    ],
)
def test_match_and_known_agree_on_what_fits(old: str, new: str) -> None:
    """A variant that mining would merge is the template that the catalogue holds, by either road."""
    catalogue = TemplateCatalogue().update(logs([*LINES, old]))
    kept = catalogue.match(logs([old]))["template_id"].item()
    for annotated in (catalogue.match(logs([new])), with_templates(logs([new]), known=catalogue)):
        assert annotated.select("template_id", "is_known").row(0) == (kept, True)


def test_what_fits_nothing_is_mined_with_what_the_catalogue_holds() -> None:
    """Four names were four templates; the fifth shows that they are values, but the four keep their ids."""
    four = logs([f"hello {user} again" for user in USERS[:4]])
    catalogue = TemplateCatalogue().update(four)
    fifth = logs(["hello zoe again"])
    annotated = with_templates(pl.concat([four, fifth]), known=catalogue)
    assert annotated["template"].to_list() == [*four["message"], "hello <*> again"]
    assert annotated["is_known"].all()
    assert not catalogue.match(fifth)["is_known"].item()
    updated = catalogue.update(fifth).match(pl.concat([four, fifth, logs(["hello yan again"])]))
    assert updated["template"].to_list() == [*four["message"], *["hello <*> again"] * 2]


def test_templates_are_decided_once() -> None:
    """All that needs them shares one result."""
    catalogue = TemplateCatalogue().update(logs(LINES))
    assert catalogue.templates is catalogue.templates
    assert catalogue.texts["template"].null_count() == catalogue.texts.height
    assert catalogue.update(logs(["disk full"])).texts["template"].null_count() == 1


def test_of_more_than_a_million_texts_the_rarest_are_forgotten() -> None:
    """But of each template one text stays, so that its id does."""
    texts = TemplateCatalogue().update(logs(["a", "b"])).update(logs([])).texts
    number = pl.int_range(999_999)
    many = pl.select(masked=pl.format("text {}", number), template=pl.lit("text <*>"), events=pl.lit(2, dtype=pl.Int64))
    held = TemplateCatalogue(pl.concat([texts, many], how="diagonal").select(texts.columns))
    merged = held.merge(TemplateCatalogue())
    assert held.texts.height == 1_000_001
    assert merged.texts.height == 1_000_000
    assert merged.templates["template"].to_list() == ["text <*>", "a", "b"]


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
