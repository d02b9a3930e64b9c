"""How many texts must differ, and where, before a token is a variable."""

from __future__ import annotations

import polars as pl
import pytest

from loganalytics.templates.annotate import with_templates

NAMES = [first + vowel + last for first in "klmn" for vowel in "aeiou" for last in "rst"]


def templates(*messages: str) -> int:
    """Return how many templates the messages have."""
    return with_templates(pl.DataFrame({"message": messages}))["template"].n_unique()


@pytest.mark.parametrize(
    ("pattern", "required"),
    [
        ("hello {} again", 5),  # a plain word
        ("load my_{} now", 5),  # an identifier
        ("({}) CMD here", 5),  # the first token, within brackets
        ("{} says hello", 20),  # the first token, which names the event
        ("user={} logged in", 2),  # a value
    ],
)
def test_so_many_competing_tokens_make_a_variable(pattern, required):
    """One less, and each is an event of its own."""
    messages = [pattern.format(name) for name in NAMES[:required]]
    assert templates(*messages[:-1]) == required - 1
    assert templates(*messages) == 1


def test_a_variable_known_from_elsewhere_needs_no_more_than_two():
    """One that stands where another text has a wildcard already."""
    many = [f"hello user {name} again" for name in NAMES[:5]]
    assert templates(*many, "hello user zoe again") == 1


def test_an_outcome_is_a_value_where_four_in_five_competing_tokens_are_none():
    """Among fewer it says what happened."""
    searches = [f"searching for {name} now" for name in NAMES]
    outcomes = ["searching for failed now", "searching for started now"]
    assert templates(*searches[:8], *outcomes) == 1
    assert templates(*searches[:7], *outcomes) == 3


@pytest.mark.parametrize(
    ("pattern", "required"), [("file {} uploaded by {} to the group", 10), ("{} uploaded by {} to the group", 20)]
)
def test_so_many_texts_that_share_no_value_are_one_template(pattern, required):
    """More are needed where the first token varies too."""
    messages = [pattern.format(*names) for names in zip(NAMES[:required], NAMES[::-1], strict=False)]
    assert templates(*messages[:-1]) == required - 1
    assert templates(*messages) == 1


def test_the_rarest_texts_stay_as_they_are_when_there_are_too_many_tokens(monkeypatch):
    """The most frequent ones are merged."""
    frequent = [f"user={name} in" for name in NAMES[:2]]
    messages = [*frequent, *frequent, "user=zoe out", "user=yan out"]
    assert templates(*messages) == 2
    monkeypatch.setattr("loganalytics.templates.merging._MAX_TOKENS", 4)
    assert templates(*messages) == 3
