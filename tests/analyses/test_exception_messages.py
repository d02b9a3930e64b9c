"""Messages of one exception at one place: which are one problem."""

from __future__ import annotations

import polars as pl
import pytest

from loganalytics.analyses.errors.clusters import cluster_errors
from loganalytics.analyses.errors.exception_messages import (
    MAX_COMPARED,
    MAX_RARE_MESSAGES,
    MIN_EVENTS,
    message_problems,
    message_words,
)
from loganalytics.schema import conform

LETTERS = "abcdefghijklmnopqrstuvwxyz"
FRAMES = "\n\tat com.acme.Db.run(Db.java:10)\n\tat com.acme.Orders.save(Orders.java:20)"


def problems(*messages: str, kind: str = "java.sql.SQLException") -> dict[str, int]:
    """Return the events of each problem by its label, of errors with the same frames."""
    exceptions = [f"{kind}: {message}{FRAMES}" if message else f"{kind}{FRAMES}" for message in messages]
    logs = conform(pl.DataFrame({"message": "not saved", "severity_number": 17, "exception": exceptions}))
    return dict(cluster_errors(logs).select("label", "events").iter_rows())


def test_other_words_are_another_problem() -> None:
    """A driver raises one type at one place for all that a database answers."""
    assert problems("Deadlock found", "Data too long for column 'name'", "Deadlock found") == {
        "java.sql.SQLException: Deadlock found": 2, "java.sql.SQLException: Data too long for column 'name'": 1
    }  # fmt: skip


def test_other_values_are_not() -> None:
    """Numbers, quoted names, hosts, identifiers: the label shows that they vary."""
    assert problems("no table 'users' at row 7", "no table 'orders' at row 9") == {
        "java.sql.SQLException: no table '<*>' at row <*>": 2
    }
    assert len(problems("cannot reach db:5432 now", "cannot reach localhost:5432 now")) == 1
    assert len(problems("unknown column o.user_id", "unknown column o.totalPrice")) == 1
    assert len(problems("failed [select 1 from a]: lock lost", "failed [select b from c, d]: lock lost")) == 1
    assert len(problems("failed: SELECT a FROM b", "failed: UPDATE c SET d = 1 WHERE e")) == 1


@pytest.mark.parametrize(
    ("first", "second", "count"),
    [
        ("table users is missing", "table orders is missing", 1),
        ("no table users", "no table orders", 2),
        ("could not open the file", "could not close the file", 2),
        ("table users is missing", "view orders is missing", 2),
    ],
)
def test_a_name_is_one_word_of_four(first: str, second: str, count: int) -> None:
    """One of three is too much; words that say what happened are no names, nor are two words."""
    assert len(problems(first, second)) == count


@pytest.mark.parametrize(("addition", "count"), [("in this comparison", 1), ("in all of this comparison", 2)])
def test_an_addition_is_the_same_problem(addition: str, count: int) -> None:
    """Four words of seven are 0.756 as a cosine; of nine, too few."""
    assert len(problems("maximum recursion depth exceeded", f"maximum recursion depth exceeded {addition}")) == count


def test_a_message_that_is_left_out_is_the_only_one_that_is_there() -> None:
    """Older runtimes have none; beside two messages it is not chosen from."""
    assert len(problems("", "Deadlock found")) == 1
    assert len(problems("", "Deadlock found", "Data too long")) == 3


def test_what_repeats_the_type_says_nothing() -> None:
    """A timeout that says "timeout"."""
    assert len(problems("timeout", "Read timed out", kind="java.net.SocketTimeoutException")) == 1


TEXTS = ["my dog ate it", "where is the beef", "hello world this is me", "buy pills now", "nobody reads this",
         "a quick brown fox", "lorem ipsum dolor", "great product again", "terrible service ever",
         "could you call back", "is this thing on"]  # fmt: skip


def test_a_text_that_varies_freely_is_one_problem() -> None:
    """More than ten rare messages at one place; the label names the place then."""
    assert len(TEXTS) == MAX_RARE_MESSAGES + 1
    assert problems(*TEXTS) == {"java.sql.SQLException in com.acme.Db.run": len(TEXTS)}
    assert len(problems(*TEXTS[:MAX_RARE_MESSAGES])) == MAX_RARE_MESSAGES


@pytest.mark.parametrize(("times", "count"), [(MIN_EVENTS, 2), (MIN_EVENTS - 1, 1)])
def test_a_frequent_message_among_them_is_a_problem_of_its_own(times: int, count: int) -> None:
    """From three events on."""
    assert len(problems(*TEXTS, *["Deadlock found"] * times)) == count


def test_a_message_of_values_alone_is_told_with_its_place() -> None:
    """A key that is missing says little by itself."""
    assert problems("'sku'", "'name'", "17", kind="java.lang.KeyError") == {
        "java.lang.KeyError: '<*>' in com.acme.Db.run": 3
    }


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("connect ECONNREFUSED 10.0.0.1:5432", "connect econnrefused"),
        ("(1213, 'Deadlock found when trying to get lock')", "deadlock found when trying to get lock"),
        ("can't open 'a b' at userName x1", "can't open at"),
        ("Status(StatusCode.UNAVAILABLE)", "status statuscode.unavailable"),
        ("库存不足：商品<*>", "库存不足 商品"),
        ("[cluster_block_exception] index_closed_exception: no", "index_closed_exception no"),
        ("", ""),
    ],
)
def test_words_are_what_no_value_is(message: str, words: str) -> None:
    """Codes and types stay; what has the form of a name, and short quotations, do not."""
    assert pl.DataFrame({"m": [message]}).select(message_words(pl.col("m"))).item() == words


def test_a_name_that_differs_is_a_wildcard_in_the_label() -> None:
    """An addition is not."""
    assert problems("no converter for user Ann", "no converter for user Bob", "no converter for user Cy") == {
        "java.sql.SQLException: no converter for user <*>": 3
    }
    extended = problems("maximum recursion depth exceeded", "maximum recursion depth exceeded in this comparison")
    assert list(extended.values()) == [2]
    assert "<*>" not in next(iter(extended))


def test_many_frequent_messages_take_bounded_memory() -> None:
    """The most frequent are compared."""
    words = [f"{a}{b}{c} {c}{b} {a}{c} alike" for a in LETTERS[:13] for b in LETTERS[:13] for c in LETTERS[:10]]
    table = pl.DataFrame({"fingerprint": [word[:2] for word in words], "words": words}).with_columns(events=pl.lit(3))
    assert len(words) > MAX_COMPARED
    assert message_problems(table)["problem_words"].n_unique() == len(words)
