"""Templates: what is masked, what is merged, what stays apart, and that neither order nor shards matter."""

from __future__ import annotations

import random
import time

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loganalytics.exceptions import MissingColumnError
from loganalytics.templates import finish, merge, partial
from loganalytics.templates.annotate import with_templates

USERS = ["alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi"]

LOGIN = [
    *[f"Failed password for invalid user {user} from 10.0.0.{i} port 5{i}22" for i, user in enumerate(USERS)],
    *[f"session opened for {user} by (uid={i})" for i, user in enumerate(USERS)],
    "VM Started",
    "VM Paused",
    "cache enabled=true",
    "cache enabled=false",
    "Received 474 bytes from host7",
]


def frame(messages: list[str | None]) -> pl.DataFrame:
    """Return a frame of messages."""
    return pl.DataFrame({"message": messages}, schema={"message": pl.String})


def templates(*messages: str | None) -> list[str]:
    """Return the template of each message."""
    return with_templates(frame(list(messages)))["template"].to_list()


def ids(messages: list[str]) -> dict[str, str]:
    """Return message -> template_id."""
    return dict(with_templates(frame(messages)).select("message", "template_id").iter_rows())


def filled_in(template: str, values: list[str]) -> str:
    """Return the template with its wildcards replaced by values."""
    first, *fixed = template.split("<*>")
    return first + "".join(value + literal for value, literal in zip(values, fixed, strict=True))


@pytest.mark.parametrize(
    ("message", "template"),
    [
        ("took 5 ms", "took <*> ms"),
        ("at offset -12, ratio 0.25", "at offset <*>, ratio <*>"),
        ("fault at 0x7ffe12ab in block deadbee9f0", "fault at <*> in block <*>"),
        ("request 123e4567-e89b-12d3-a456-426614174000 done", "request <*> done"),
        ("connect from 10.1.2.3:8080", "connect from <*>"),
        ("GET https://example.com/a?b=c ok", "GET <*> ok"),
        ("wrote /var/log/app/x.log, closing", "wrote <*>, closing"),
        (r"loaded C:\Windows\System32\a.dll twice", "loaded <*> twice"),
        ("from 00:1a:2b:3c:4d:5e up", "from <*> up"),
        ("resolved db-1.eu.example.com in time", "resolved <*> in time"),
        ("mail to jane.doe@example.org bounced", "mail to <*> bounced"),
        ("at Sat Jun 18 02:23:10 2005 stopped", "at <*> stopped"),
        ("since 2025-01-31T10:00:00Z silent", "since <*> silent"),
        ("peer [2001:db8::7f:1]:443 and fe80::1%eth0 gone", "peer [<*>]:<*> and <*> gone"),
        ("from 1.4.0-rc2 to 1.4.0+build.77", "from <*> to <*>"),
        ("rx: 3f de ad 00 be ef, ok", "rx: <*>, ok"),
        ("waited 5.2µs", "waited <*>"),
        ("%LINK-3-UPDOWN: interface down", "%<*>-UPDOWN: interface down"),
        ("job_2025_0012 finished on worker-3", "<*> finished on <*>"),
        ("upgraded to v1.2.3", "upgraded to <*>"),
        ("用户123登录成功", "用户<*>登录成功"),
        ("عدد ٣٤ فقط", "عدد <*> فقط"),
        ("two  spaces\tand a tab ", "two spaces and a tab"),
        ("already a <*> here", "already a <*> here"),
    ],
)
def test_masks_by_shape(message: str, template: str) -> None:
    """A variable that its shape gives away is masked in a single message."""
    assert templates(message) == [template]


@pytest.mark.parametrize(
    "message",
    ["Input/output error", "org.apache.hadoop.ipc.Server starting", "ssh2 agent ready", "don't panic", "state=ok"],
)
def test_leaves_words_alone(message: str) -> None:
    """Words with a slash, dots or a digit at the end are not variables by their shape."""
    assert templates(message) == [message]


def test_merges_a_position_with_many_words() -> None:
    """Five or more different words in one place make it a variable."""
    assert set(templates(*[f"hello {user} again" for user in USERS])) == {"hello <*> again"}


def test_keeps_a_position_with_few_words() -> None:
    """Three different plain words in one place are three events."""
    messages = ["circuit red here", "circuit green here", "circuit blue here"]
    assert templates(*messages) == messages


@pytest.mark.parametrize(
    "states",
    [
        ["Started", "Paused", "Stopped", "Resumed", "Suspended", "Crashed", "Migrated"],
        ["success", "failed"],
        ["RUNNING", "SUCCEEDED", "SCHEDULED", "ASSIGNED", "FAILED", "KILLING"],
    ],
)
def test_keeps_outcomes_apart(states: list[str]) -> None:
    """Words that say what happened never become a variable, however many there are."""
    messages = [f"instance 7 is now {state}" for state in states]
    assert len(set(templates(*messages))) == len(states)


def test_an_outcome_word_in_free_text_is_a_value() -> None:
    """Among many other words, even an outcome is just a value."""
    assert len(set(templates(*[f"searching for {word} now" for word in [*USERS, "failed"]]))) == 1


def test_two_values_of_one_key_are_one_event() -> None:
    """A value after an equals sign varies from two on, and the key's name tells values elsewhere."""
    merged = templates(
        "auth tty=ssh user=root", "auth tty=ssh user=guest", "closed for user root", "closed for user test"
    )
    assert merged == ["auth tty=ssh user=<*>"] * 2 + ["closed for user <*>"] * 2


def test_the_value_of_a_key_is_an_outcome_only_if_known() -> None:
    """A database named billing is one among others; a state of running is not one among paused and failed."""
    names = templates(*[f"slow query on database={name}" for name in ("billing", "orders", "stock")])
    assert set(names) == {"slow query on database=<*>"}
    states = [f"job ended state={state}" for state in ("running", "paused", "failed")]
    assert templates(*states) == states


def test_keeps_the_first_word() -> None:
    """The first word names the event, so a dozen services that start are a dozen events."""
    messages = [f"{name}d startup complete" for name in USERS]
    assert templates(*messages) == messages


def test_joins_texts_that_share_no_value() -> None:
    """Several variables at once are found even if no value comes twice."""
    words = [a + b + c for a in "klmn" for b in "aeiou" for c in "rst"]
    messages = [f"file {name} uploaded by {user} to the group" for name, user in zip(words, words[::-1], strict=True)]
    assert set(templates(*messages)) == {"file <*> uploaded by <*> to the group"}


def test_joins_optional_brackets_and_units() -> None:
    """A size that is sometimes written twice is one variable."""
    merged = templates("sent 474 bytes, done", "sent 4042 bytes (3.94 KB), done")
    assert merged == ["sent <*>, done"] * 2


def test_keeps_a_unit_that_never_varies() -> None:
    """A unit belongs to the template as long as it is always there."""
    assert set(templates("slept 5 seconds", "slept 70 seconds")) == {"slept <*> seconds"}


def test_joins_lists_of_different_length() -> None:
    """A list of values is one variable if its length varies."""
    assert set(templates("ports [80, 443] open", "ports [22, 80, 443] open")) == {"ports [<*>] open"}


def test_what_stands_in_brackets_first_is_no_name() -> None:
    """Users before what they ran are values, unlike services that start."""
    assert set(templates(*[f"({user}) CMD (run)" for user in USERS])) == {"(<*>) CMD (run)"}


def test_the_keys_of_json_stay() -> None:
    """Of objects in a message only the values vary, and an empty list is one of the lists."""
    lists = ["[]", "[1]", "[1, 2, 3]"]
    merged = templates(*[f'{{"user": "{user}", "items": {lists[i % 3]}}}' for i, user in enumerate(USERS * 3)])
    assert set(merged) == {'{"user": "<*>", "items": [<*>]}'}


def test_a_text_left_over_joins_the_template_that_fits_it() -> None:
    """A list, where single values are usual."""
    many = [f"shard {user} moved away by the balancer" for user in USERS]
    merged = templates(*many, "shard one, two, three moved away by the balancer")
    assert set(merged) == {"shard <*> moved away by the balancer"}


def test_the_endpoints_of_requests_stay_apart() -> None:
    """However many resources there are, the ids within their paths are variables."""
    resources = ["orders", "users", "items", "cart", "login", "search", "health"]
    messages = [f"GET /api/v1/{name}/{i} took {i} ms" for name in resources for i in range(20)]
    assert set(templates(*messages)) == {f"GET /api/v1/{name}/<*> took <*> ms" for name in resources}


def test_id_is_the_hash_of_the_text() -> None:
    """The id depends on nothing but the template's text, so it is the same on every machine."""
    annotated = with_templates(frame(["took 5 ms"]))
    assert annotated["template_id"].to_list() == ["2ca1cb43c287"]


@settings(max_examples=25, deadline=None)
@given(st.permutations(LOGIN))
def test_order_does_not_matter(messages: list[str]) -> None:
    """Any order of the lines gives each message the same id."""
    assert ids(messages) == ids(LOGIN)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=len(LOGIN), max_size=len(LOGIN)))
def test_merge_law(shards: list[int]) -> None:
    """Any split of the lines gives the same templates when the counts are merged."""
    lines = frame(LOGIN).with_columns(shard=pl.Series(shards))
    partials = [partial(lines.filter(pl.col("shard") == shard)) for shard in range(4)]
    merged = finish(merge([merge(partials[:2]), merge(partials[2:])]))
    assert merged.sort("masked").equals(finish(partial(lines)).sort("masked"))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text() | st.from_regex(r"(?:[a-z]{1,6}[ =:,(\"]|\d{1,4}[ .:)]){1,8}"), max_size=12))
def test_parameters_complete_the_template(messages: list[str]) -> None:
    """Whatever the text, the template with its parameters filled in is the message."""
    annotated = with_templates(frame(messages), parameters=True)
    # Rust and Python differ on which control characters are white space.
    spaces = annotated["message"].str.replace_all(r"\s+", " ").str.strip_chars()
    pairs = zip(annotated["template"], annotated["parameters"].to_list(), strict=True)
    assert [filled_in(template, values) for template, values in pairs] == spaces.to_list()


def test_parameters_are_the_values() -> None:
    """The parameters are the text behind the wildcards, in order; none is an empty list."""
    annotated = with_templates(frame(["user bob got 5 of 7", "idle"]), parameters=True)
    assert annotated["parameters"].to_list() == [["5", "7"], []]
    assert annotated.schema["parameters"] == pl.List(pl.String)


def test_lazy_stays_lazy_and_agrees() -> None:
    """A LazyFrame gives a LazyFrame with the same result, on either engine."""
    lazy = with_templates(frame(LOGIN).lazy(), parameters=True)
    assert isinstance(lazy, pl.LazyFrame)
    eager = with_templates(frame(LOGIN), parameters=True)
    assert lazy.collect().equals(eager)
    assert lazy.collect(engine="streaming").equals(eager)


def test_keeps_rows_and_other_columns() -> None:
    """Rows keep their order, other columns their values, and the input is not changed."""
    logs = frame(LOGIN).with_row_index("n")
    annotated = with_templates(logs)
    assert annotated.select("n", "message").equals(logs.select("n", "message"))
    assert annotated.columns == ["n", "message", "template", "template_id"]
    assert logs.columns == ["n", "message"]


def test_replaces_templates_that_are_there() -> None:
    """Templates found before are found anew."""
    old = frame(LOGIN).with_columns(template=pl.lit("old"), template_id=pl.lit("old"))
    assert with_templates(old).select("message", "template", "template_id").equals(with_templates(frame(LOGIN)))


def test_bad_input_works() -> None:
    """Empty, null, huge, numeric, foreign and regex-like messages all get a template."""
    messages = [
        "", None, "   ", "x", "12345", "....", "((((", '"', "word " * 20_000, "a" * 100_000, "7 " * 50_000,
        "😀👍", "你好世界", "مرحبا بالعالم", r"(?P<x>[a-z]+$) \1 .* [^", "%s {} ${1} $1", "a\x1a b\x1e c\x00",
    ]  # fmt: skip
    annotated = with_templates(frame(messages), parameters=True)
    assert annotated.height == len(messages)
    assert annotated["template"].null_count() == annotated["template_id"].null_count() == 0
    assert annotated["template"].to_list()[:5] == ["", "", "", "x", "<*>"]


def test_empty_frame() -> None:
    """A frame without rows keeps its columns and gains the new ones."""
    annotated = with_templates(frame([]), parameters=True)
    assert annotated.schema == {
        "message": pl.String, "template": pl.String, "template_id": pl.String, "parameters": pl.List(pl.String)
    }  # fmt: skip


def test_needs_message() -> None:
    """Without a message column the error names it."""
    with pytest.raises(MissingColumnError, match="'message'"):
        with_templates(pl.DataFrame({"text": ["a"]}))


def test_random_text_takes_linear_time() -> None:
    """Lines that share nothing are not compared in pairs: that would take minutes here."""
    chance = random.Random(0)
    words = ["".join(chance.choices("abcdefghij", k=5)) for _ in range(2000)]
    messages = [" ".join(chance.choices(words, k=8)) for _ in range(50_000)]
    start = time.process_time()
    assert with_templates(frame(messages))["template"].n_unique() == len(set(messages))
    assert time.process_time() - start < 20
