"""How often a step ran within one run: its executions, told apart by attempts, statuses, messages or their order."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

# Where loggers count the attempts at a step; the first column that is there is taken.
ATTEMPT_COLUMNS = (
    *("attempt", "attempt_number", "attempt_no", "try_number", "retry_count", "retry", "retries", "labels.attempt"),
)

_LETTERS = "a-zA-Z"
_BEGINS = (
    rf"(?i)(?:^|[^{_LETTERS}])(?:start(?:s|ed|ing)?|begin(?:s|ning)?|began|running|in[_ -]?progress|queued|pending"
    rf"|launch(?:ed|ing)|initiated|received|retry(?:ing)?|scheduled|processing|attempt #?\d+|try #?\d+"
    rf"|gestartet|beginnt|begonnen|d[ée]marr[ée]e?|commenc[ée]e?|iniciad[oa]|avviat[oa])(?:[^{_LETTERS}]|$)"
    "|запу(?:ск|щен)|начал|старт|开始|启动|运行中|进行中|执行中|重试|開始|実行中|시작"
)
_ENDS = (
    rf"(?i)(?:^|[^{_LETTERS}])(?:success(?:ful(?:ly)?)?|succeed(?:s|ed)|finish(?:es|ed)?|completed?|done|ended|end"
    rf"|fail(?:s|ed|ure)?|error(?:ed)?|abort(?:ed)?|cancell?ed|skipped|timed?[_ ]?out|passed|ok|stopped|killed|crashed"
    r"|beendet|abgeschlossen|fertig|fehlgeschlagen|gescheitert|termin[ée]e?|[ée]chou[ée]e?|finalizad[oa]|completad[oa]"
    rf"|terminat[oa]|complet(?:at|ad)[oa]|conclu[ií]d[oa])(?:[^{_LETTERS}]|$)|заверш|окончен|выполнен|ошибк|完成|结束|成功|失败|终止|超时|終了|失敗|완료|실패"
)
_FAILS = r"(?i)fail|error|abort|crash|timed?[_ ]?out|killed|失败|错误|异常|超时|失敗|실패"
_SIGNATURE_CHARACTERS = 200  # of a message, that say whether two are of one kind
_OPENING = r"^[^\d(\[:=]*"  # of a message, up to what differs from one execution to the next

# Columns beside the log's own; no field of a log can have such a name.
EXECUTION, _START, _MARK, _STRETCH, _SIGNATURE = "\0execution", "\0start", "\0mark", "\0stretch", "\0signature"


def status_fails(status: pl.Expr) -> pl.Expr:
    """Return the expression for whether the status of a step says that it failed."""
    return status.str.contains(_FAILS).fill_null(value=False)


def attempt_column(columns: Collection[str]) -> str | None:
    """Return the column that counts the attempts at a step, if there is one."""
    return next((name for name in ATTEMPT_COLUMNS if name in columns), None)


def with_executions(events: pl.DataFrame, by: str, *, status: str, message: str, attempt: str) -> pl.DataFrame:
    """Add EXECUTION, which counts from 0 within a run and step, to events that are in the order of time.

    Another attempt is another execution. Without a column for these, one begins where a status or the step's first
    message says so after one that said that it ended; else wherever the step comes again with the same messages after
    other steps. What runs side by side has other messages at its end than at its begin.
    """
    keys = [by, "step"]
    timed = events.with_columns(
        _begins_attempt(keys, attempt).alias(_STRETCH), _begins_again(keys, status, message).alias(_START)
    )
    is_attempt = pl.col(_STRETCH).any().over(keys)
    starts = pl.when(is_attempt).then(_STRETCH).otherwise(_START)
    numbered = timed.with_columns(starts.cum_sum().over(keys).cast(pl.Int64).alias(EXECUTION)).drop(_STRETCH, _START)
    return _by_order(numbered, by, status, message)


def _begins_attempt(keys: list[str], attempt: str) -> pl.Expr:
    """Return whether an event is the first of another attempt."""
    counted = pl.col(attempt).forward_fill()
    is_other = counted.ne_missing(counted.shift()) & (pl.int_range(pl.len()) > 0)
    return is_other.over(keys)


def _begins_again(keys: list[str], status: str, message: str) -> pl.Expr:
    """Return whether an event says that the step begins, after one that said that it ended."""
    opening = _opening(message)
    is_first_again = opening == opening.first().over(keys)
    message_ends = pl.col(message).str.contains(_ENDS).fill_null(value=False)
    begins_by_message = pl.col(message).str.contains(_BEGINS) & is_first_again & ~message_ends
    begins = (pl.col(status).str.contains(_BEGINS).fill_null(value=False)) | begins_by_message.fill_null(value=False)
    ends = (pl.col(status).str.contains(_ENDS).fill_null(value=False)) | message_ends
    mark = pl.when(begins).then(1).when(ends | pl.col("is_error")).then(0)
    return (begins & (mark.forward_fill().shift().over(keys) == 0)).fill_null(value=False)


def _opening(message: str) -> pl.Expr:
    return pl.col(message).str.extract(_OPENING, 0).str.strip_chars().str.to_lowercase()


def _by_order(events: pl.DataFrame, by: str, status: str, message: str) -> pl.DataFrame:
    """Number the executions of steps that come again with the same messages, and of which nothing else told them."""
    stretch = (pl.col("step") != pl.col("step").shift()).fill_null(value=True).cum_sum().over(by)
    events = events.with_columns(stretch.alias(_STRETCH))
    if events.select(by, "step", _STRETCH).n_unique() == events.select(by, "step").n_unique():
        return events.drop(_STRETCH)
    constant = pl.col(message).str.head(_SIGNATURE_CHARACTERS).str.replace_all(r"\d+", "")
    wording = pl.concat_str(constant, pl.col(status), separator="\n", ignore_nulls=True)
    stretches = events.group_by(by, "step", _STRETCH, maintain_order=True).agg(
        wording.str.join("\n").alias(_SIGNATURE), last=pl.col(EXECUTION).max()
    )
    keys = [by, "step"]
    is_told = pl.col(_SIGNATURE).str.strip_chars().str.len_bytes().min() > 0
    is_same = is_told & (pl.col(_SIGNATURE).n_unique() == 1) & (pl.col("last").max() == 0) & (pl.len() > 1)
    ordinal = pl.int_range(pl.len(), dtype=pl.Int64).over(keys)
    stretches = stretches.with_columns(pl.when(is_same.over(keys)).then(ordinal).alias(_SIGNATURE)).drop("last")
    joined = events.join(stretches, on=[by, "step", _STRETCH], how="left", nulls_equal=True, maintain_order="left")
    return joined.with_columns(pl.coalesce(_SIGNATURE, EXECUTION).alias(EXECUTION)).drop(_STRETCH, _SIGNATURE)
