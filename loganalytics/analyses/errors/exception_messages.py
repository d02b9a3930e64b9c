"""Which messages of one exception at one place are one problem: those that differ in values, not in words.

A database's driver raises one type at one place for a deadlock and for a value that is too long. Names, numbers and
what is quoted are values; of the other words all must be the same, but for one of four, or for an addition at an end.
Where a message varies freely, as a user's text does, those of its texts that are rare stay one problem.
"""

from __future__ import annotations

import polars as pl

from loganalytics.analyses.errors.near_duplicates import MIN_TEXT_COSINE, is_extension, linked_rows
from loganalytics.templates.masking import WILDCARD
from loganalytics.templates.token_arrays import is_outcome

MAX_RARE_MESSAGES = 10
"""Where one place has more messages than that, the rare ones are a text that varies freely."""

MIN_EVENTS = 3
"""A message with fewer events is rare."""

MAX_COMPARED = 1_000
"""So many messages are compared, the most frequent: time and memory grow with the square."""

# What holds values: short quotations, brackets, a host, and SQL from its verb on. A long quotation may be the message.
_SHORT = r"[^{0}\s]*(?:\s[^{0}\s]*)?"
_QUOTED = "|".join(
    [
        rf"\b{{start-half}}'{_SHORT.format(chr(39))}'\b{{end-half}}",
        rf'"{_SHORT.format(chr(34))}"',
        rf"`{_SHORT.format('`')}`",
    ]
)
_VALUES = "|".join(
    [
        _QUOTED,
        r"[‘“«「『《][^’”»」』》]*[’”»」』》]",
        r"\[[^\[\]]*\]",
        r"\b[\w.\-]+:(?:<\*>|\d)|\blocalhost\b",
        r"(?i:\b(?:select\s.*\sfrom|insert into|update \S+ set|delete from)\b).*",
    ]
)
_TOKEN = r"[\p{L}_$][\p{L}\p{N}_$'.:@/\\\-]*"
_CODE = r"(?:^|[.:])[A-Z][A-Z_]{2,}$|(?i:error|exception|failure)$"  # ECONNREFUSED, StatusCode.UNAVAILABLE
_PLAIN = r"^\p{L}{2,}(?:['\-]\p{L}+)*$|^[\p{Han}\p{Hiragana}\p{Katakana}]$"


def message_words(message: pl.Expr) -> pl.Expr:
    """Return the words of a message, or of its template, that are no values: lower case, with single spaces.

    Example:
        >>> messages = pl.DataFrame({"message": ["No module named 'shop.cart'", "column o.user_id does not exist"]})
        >>> messages.select(message_words(pl.col("message")))["message"].to_list()
        ['no module named', 'column does not exist']
    """
    tokens = message.fill_null("").str.replace_all(_VALUES, " ").str.extract_all(_TOKEN)
    token = pl.element().str.strip_chars_end("'.:@/\\-_$")
    is_name = token.str.contains(r"\p{Ll}\p{Lu}")
    words = tokens.list.eval(token.filter((token.str.contains(_PLAIN) & ~is_name) | token.str.contains(_CODE)))
    return words.list.join(" ").str.to_lowercase()


def message_problems(messages: pl.DataFrame) -> pl.DataFrame:
    """Return fingerprint, words and `problem_words`: those of the greatest message of the same problem.

    Needs fingerprint (of the trace), words (from `message_words`; each pair is one row) and events. Messages without
    words, and those that vary freely, have an empty text as `problem_words`.
    """
    is_rare = (pl.len().over("fingerprint") > MAX_RARE_MESSAGES) & (pl.col("events") < MIN_EVENTS)
    messages = messages.with_columns(problem_words=pl.when(is_rare).then(pl.lit("")).otherwise("words"))
    ranked = messages.filter(pl.col("problem_words") != "").sort(
        "events", "fingerprint", "words", descending=[True, False, False]
    )
    ranked = ranked.head(MAX_COMPARED)
    pairs = _similar_pairs(ranked)
    if not pairs.is_empty():
        ranked = ranked.with_columns(problem=linked_rows(pairs, ranked.height))
        greatest = ranked.select("fingerprint", "words", greatest=pl.col("words").first().over("problem"))
        messages = messages.join(greatest, on=["fingerprint", "words"], how="left")
        messages = messages.with_columns(problem_words=pl.coalesce("greatest", "problem_words"))
    # What says nothing is the only problem that is there: runtimes leave the message out.
    only = pl.col("problem_words").filter(pl.col("problem_words") != "")
    is_only = (only.n_unique() == 1).over("fingerprint") & (pl.col("words") == "")
    only_words = only.first().over("fingerprint")
    return messages.select(
        "fingerprint", "words", problem_words=pl.when(is_only).then(only_words).otherwise("problem_words")
    )


def message_summaries(messages: pl.DataFrame) -> pl.DataFrame:
    """Return fingerprint, words, problem_words and `summary`: what the messages of the problem have in common.

    Needs the columns of `message_problems` and, of each message, template and text (the most frequent ones) and how
    many there are of each (templates, texts). A text that never varies stays as it is, with its values: the host that
    does not answer is part of the problem. The summary is null where a message varies freely.
    """
    problem = ["fingerprint", "problem_words"]
    text_count, template_count = (pl.col(name).sum().over(problem) for name in ("texts", "templates"))
    ranked = messages.with_columns(texts=text_count, templates=template_count).sort(
        "events", "words", descending=[True, False]
    )
    greatest = ranked.filter(pl.col("words") == pl.col("problem_words")).unique(problem, keep="first")
    greatest = greatest.join(_with_names_as_wildcards(ranked), on=problem, how="left")
    general = pl.coalesce("general", "template")
    summary = (
        pl.when(pl.col("texts") == 1).then("text")
        .when(pl.col("templates") > 1).then(general.str.replace_all(_QUOTED, f"'{WILDCARD}'"))
        .otherwise(general)
    )  # fmt: skip
    varies_freely = (pl.col("words") != "") & (pl.col("problem_words") == "")
    summaries = messages.join(greatest.select(*problem, summary=summary), on=problem, how="left")
    return summaries.select(*problem, "words", summary=pl.when(~varies_freely).then("summary"))


def _with_names_as_wildcards(messages: pl.DataFrame) -> pl.DataFrame:
    """Return fingerprint, problem_words and the template of problems whose messages differ in a word, which is one."""
    problem = ["fingerprint", "problem_words"]
    size = pl.col("words").str.count_matches(" ", literal=True)
    rows = messages.filter(size == pl.col("problem_words").str.count_matches(" ", literal=True))
    rows = rows.filter(pl.col("words").n_unique().over(problem) > 1)
    tokens = rows.select(*problem, "words", key=pl.col("words").str.split(" ")).explode("key").unique()
    in_all = pl.col("words").n_unique().over(*problem, "key") == pl.col("words").n_unique().over(problem)
    names = tokens.filter(~in_all).select(*problem, "key", is_name=pl.lit(value=True)).unique()
    greatest = rows.filter(pl.col("words") == pl.col("problem_words")).unique(problem, keep="first")
    template_tokens = (
        greatest.select(*problem, token=pl.col("template").str.split(" ")).with_row_index("row").explode("token")
    )
    key = pl.col("token").str.extract(r"([\p{L}'\-]+)").str.to_lowercase()
    template_tokens = template_tokens.with_columns(key=key).join(
        names, on=[*problem, "key"], how="left", maintain_order="left"
    )
    token = pl.when("is_name").then(pl.col("token").str.replace(r"[\p{L}'\-]+", WILDCARD)).otherwise("token")
    return template_tokens.group_by("row", *problem, maintain_order=True).agg(general=token.str.join(" ")).drop("row")


def _similar_pairs(ranked: pl.DataFrame) -> pl.DataFrame:
    """Return the pairs of row numbers a < b whose words are one message: a, b, similarity."""
    tokens = pl.col("words").str.split(" ")
    rows = ranked.select("fingerprint", "words", tokens=tokens, size=tokens.list.len()).with_row_index("a")
    rows = rows.with_columns(pl.col("a").cast(pl.Int64))
    # Words that are one message have the first or the last in common.
    ends = [rows.with_columns(end=end) for end in (tokens.list.first(), tokens.list.last())]
    joined = [
        side.join(
            side.select("fingerprint", "end", b="a", words_b="words", tokens_b="tokens", size_b="size"),
            on=["fingerprint", "end"],
        )
        for side in ends
    ]
    pairs = pl.concat(joined).filter(pl.col("a") < pl.col("b")).unique(["a", "b"], maintain_order=True)
    is_longer = pl.col("size") >= pl.col("size_b")
    pairs = pairs.with_columns(
        long=pl.when(is_longer).then("words").otherwise("words_b"),
        short=pl.when(is_longer).then("words_b").otherwise("words"),
        similarity=(pl.min_horizontal("size", "size_b") / pl.max_horizontal("size", "size_b")).sqrt(),
    )
    extended = pairs.filter(is_extension() & (pl.col("similarity") >= MIN_TEXT_COSINE))
    return pl.concat([extended.select("a", "b", "similarity"), _with_one_other_word(pairs)])


def _with_one_other_word(pairs: pl.DataFrame) -> pl.DataFrame:
    """Return the pairs that differ in one word, a name, and in no word that says what happened."""
    same_size = pairs.filter(pl.col("size") == pl.col("size_b"))
    words = same_size.select("a", "b", "size", "tokens", "tokens_b").explode("tokens", "tokens_b")
    words = words.filter(pl.col("tokens") != pl.col("tokens_b"))
    differing = words.group_by("a", "b", "size").agg(
        others=pl.len(), is_named=(~(is_outcome(pl.col("tokens")) | is_outcome(pl.col("tokens_b")))).all()
    )
    similarity = 1 - 1 / pl.col("size")
    return differing.filter((pl.col("others") == 1) & "is_named" & (similarity >= MIN_TEXT_COSINE)).select(
        "a", "b", similarity=similarity
    )
