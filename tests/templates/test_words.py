"""Words that hold a number, a sign or a wildcard."""

from __future__ import annotations

import polars as pl

from loganalytics.templates.masking import MASK
from loganalytics.templates.words import merge_words


def merged(texts: dict[str, int]) -> dict[str, str]:
    """Return what becomes of texts with so many events, written with * for a variable."""
    table = pl.DataFrame({"text": [text.replace("*", MASK) for text in texts], "events": list(texts.values())})
    return {old.replace(MASK, "*"): new.replace(MASK, "*") for old, new in merge_words(table).iter_rows()}


def test_five_times_more_events_must_be_behind_the_template():
    """Evidence is counted in events."""
    assert merged({"clock set to *, level *": 5, "clock set to SELF(*), level *": 1}) == {
        "clock set to SELF(*), level *": "clock set to *, level *"
    }
    assert merged({"clock set to *, level *": 4, "clock set to SELF(*), level *": 1}) == {}


def test_five_texts_show_by_themselves_that_a_word_varies():
    """Where no text has a wildcard there yet."""
    texts = {f"redis key {name}:* is gone": 1 for name in ("cart", "page", "user", "feed", "rate")}
    assert merged(texts) == dict.fromkeys(texts, "redis key * is gone")
    del texts["redis key cart:* is gone"]
    assert merged(texts) == {}


def test_an_outcome_is_no_value():
    """failed(5) says what happened."""
    assert merged({"mount of disk *": 9, "mount of disk failed(*)": 1}) == {}


def test_a_key_stays():
    """Only its value varies."""
    assert merged({"file was moved from=*": 9, "file was moved from=a(*)": 1}) == {
        "file was moved from=a(*)": "file was moved from=*"
    }
