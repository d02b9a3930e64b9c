"""Answers to searches, without a server: each document as it was sent, and what is not an answer."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loganalytics.exceptions import UnreadableSourceError
from loganalytics.sources.elasticsearch.decode import decode_search, to_documents

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(), values, max_size=3),
    max_leaves=10,
)
DOCUMENTS = st.lists(st.dictionaries(st.text(), JSON, max_size=4), max_size=5)


def answer_of(documents, **fields) -> str:
    """Return the text of an answer with these documents, each JSON text."""
    hits = ",".join(
        f'{{"_index":"logs","_id":"e{number}","_score":null,"_source":{document},"sort":[{number}]}}'
        for number, document in enumerate(documents)
    )
    envelope = json.dumps({"took": 1, "timed_out": False, "_shards": {"total": 1, "failed": 0}} | fields)
    return f'{envelope[:-1]},"hits":{{"total":{{"value":{len(documents)},"relation":"eq"}},"hits":[{hits}]}}}}'


@given(DOCUMENTS, st.sampled_from([None, 2]), st.booleans())
def test_documents_are_the_text_that_was_sent(documents, indent, ascii_only):
    """To the byte, whatever they hold and however they are spaced."""
    lines = [json.dumps(document, indent=indent, ensure_ascii=ascii_only) for document in documents]
    answer = decode_search(answer_of(lines), "source")
    frame = to_documents(answer.hits, "source")
    assert frame["line"].to_list() == lines
    assert frame["offset"].to_list() == [f"e{number}" for number in range(len(lines))]
    assert set(frame["source"]) <= {"logs"}
    assert [hit.sort for hit in answer.hits] == [[number] for number in range(len(lines))]
    assert answer.page.total is not None
    assert answer.page.total.value == len(lines)


def test_an_incomplete_answer_says_so():
    """A search that timed out, or shards that failed, are not taken for all hits."""
    assert decode_search(answer_of([], timed_out=True), "source").timed_out
    assert decode_search(answer_of([], _shards={"failed": 2}), "source").shards.failed == 2


def test_an_index_that_does_not_keep_its_documents():
    """Cannot be read as a log."""
    answer = '{"hits":{"hits":[{"_index":"logs","_id":"a","sort":[1]}]}}'
    with pytest.raises(UnreadableSourceError, match="_source is off"):
        to_documents(decode_search(answer, "source").hits, "source")


@pytest.mark.parametrize("answer", ["", "<html>", "[]", "{}", '{"hits":{"hits":[{"_id":1}]}}', '{"hits":{"hits":[{'])
def test_what_is_not_an_answer_is_an_error(answer):
    """Which names the source."""
    with pytest.raises(UnreadableSourceError, match="'source' does not answer a search"):
        decode_search(answer, "source")


def test_without_the_extra_the_error_names_it():
    """And importing the package does without it."""
    code = (
        "import sys; sys.modules['msgspec'] = None\n"
        "import loganalytics as la\n"
        "try: la.load('elasticsearch://localhost:1/logs')\n"
        "except la.exceptions.MissingExtraError as error: print(error)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "loganalytics[elasticsearch]" in run.stdout
