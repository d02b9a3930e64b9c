"""What stands in quotes, between tags and behind keys varies where its place shows it."""

from __future__ import annotations

import polars as pl
import pytest

from loganalytics.templates.annotate import with_templates

NAMES = ["ann", "bob", "cy", "dee", "eve", "fay"]


def templates(*messages: str) -> set[str]:
    """Return the templates of messages."""
    return set(with_templates(pl.DataFrame({"message": messages}))["template"])


@pytest.mark.parametrize("quotes", ['""', "''", "``", "“”", "«»", "「」", "《》"])
def test_quoted_values_vary_from_five_on_and_keep_their_quotes(quotes):
    """The template fits its messages: the quotes are theirs."""
    opening, closing = quotes
    messages = [f"file {opening}{name} x{closing} opened" for name in NAMES]
    assert len(templates(*messages[:4])) == 4
    assert templates(*messages[:5]) == {f"file {opening}<*>{closing} opened"}


def test_the_keys_of_an_object_stay():
    """In double quotes and in single ones; members with few values stay, too."""
    objects = [
        f'{{"what": "{what}", "user": "{name}", "n": {i}}}'
        for what in ("login", "logout")
        for i, name in enumerate(NAMES)
    ]
    assert templates(*objects) == {f'{{"what": "{what}", "user": "<*>", "n": <*>}}' for what in ("login", "logout")}
    reprs = [f"done: {{'build': {i}, 'step': '{name}'}}" for i, name in enumerate(NAMES)]
    assert templates(*reprs) == {"done: {'build': <*>, 'step': '<*>'}"}


@pytest.mark.parametrize("pair", ['{0}="{1}"', ':{0}=>"{1}"'])
def test_a_rare_outcome_in_quotes_stays(pair):
    """In pairs as in objects, whatever the file."""
    messages = [
        "{" + ", ".join(pair.format(*item) for item in (("op", "sync"), ("outcome", outcome), ("file", name))) + "}"
        for outcome in ("accepted", "denied")
        for name in NAMES[: 6 if outcome == "accepted" else 2]
    ]
    expected = [message.replace('"ann"', '"<*>"') for message in messages if '"ann"' in message]
    assert templates(*messages) == set(expected)


@pytest.mark.parametrize("key", ["event", "action", "level"])
def test_the_value_of_a_key_that_names_the_event_stays(key):
    """However many there are."""
    assert len(templates(*[f'{{"{key}": "{name}"}}' for name in NAMES])) == len(NAMES)


def test_the_method_of_a_quoted_request_stays():
    """Six methods are six events."""
    methods = ["GET", "PUT", "POST", "HEAD", "PATCH", "DELETE"]
    messages = [f'"{method} /api/x{i} HTTP/1.1" status: 200' for method in methods for i in range(3)]
    assert len(templates(*messages)) == len(methods)


def test_sentences_in_quotes_are_left_to_the_rules_for_words():
    """A statement in quotes does not become a value."""
    messages = [f'msg="{text}"' for text in ("cannot open the file", "cannot close the file", "no such user here",
                                             "disk is nearly full", "all is well again now")]  # fmt: skip
    assert templates(*messages) == set(messages)


def test_texts_equal_but_for_three_pairs_are_one_template():
    """Although no two of them share a value."""
    records = ['lock id=1, tag="View", owner=ui', 'lock id=2, tag="NET", owner=core']
    assert templates(*records) == {'lock id=<*>, tag="<*>", owner=<*>'}


def test_an_outcome_among_pairs_stays():
    """What failed is another event."""
    records = [f"job id={i} queue=q{i} state={state}" for i, state in enumerate(["failed", "running", "failed"])]
    assert templates(*records) == {"job id=<*> queue=<*> state=failed", "job id=<*> queue=<*> state=running"}


def test_the_content_of_tags_varies_and_the_tags_stay():
    """As in XML."""
    assert templates(*[f"<to>{name}</to>" for name in NAMES]) == {"<to><*></to>"}
