"""The fields around records, written into the records."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import polars as pl

from loganalytics.formats.fields.aliases import FIELD_ALIASES, fold_name

# More text than that is not repeated in each record: the first one of a list has it.
_MAX_REPEATED = 2000
# The fields that hold what would be taken for a field of the record itself.
_ENVELOPE, _ENVELOPE_END = "envelope", "envelope_end"


def with_context(
    records: pl.Series,
    run_sizes: Sequence[int],
    contexts: Sequence[Mapping[str, Any]],
    behind: Mapping[int, Mapping[str, Any]],
) -> pl.Series:
    """Return records, JSON objects, with the fields around the run that each belongs to.

    `behind` are the fields that follow the last record of a run.
    """
    if not behind and not any(contexts):
        return records
    fields = [json.dumps(context, ensure_ascii=False) if context else "" for context in contexts]
    is_long = np.array([len(text) > _MAX_REPEATED for text in fields])
    runs = np.repeat(np.arange(len(run_sizes)), run_sizes)
    has_context = ~is_long[runs]
    lasts = np.cumsum(run_sizes) - 1
    has_context[(lasts - run_sizes + 1)[is_long]] = True
    for names in {tuple(context) for context in contexts if context}:
        own = np.array([tuple(context) == names for context in contexts])[runs] & has_context
        records = _add(records, own, runs, contexts, names, _ENVELOPE)
    for run, extra in behind.items():
        records = _add(records, np.arange(len(records)) == lasts[run], runs, {run: extra}, tuple(extra), _ENVELOPE_END)
    return records


def _add(
    records: pl.Series,
    chosen: Any,
    runs: Any,
    contexts: Sequence[Mapping[str, Any]] | Mapping[int, Mapping[str, Any]],
    names: Sequence[str],
    group: str,
) -> pl.Series:
    """Return the records with the fields of their runs, which have these names, in the chosen ones."""
    rows = np.flatnonzero(chosen)
    if not rows.size:
        return records
    own_runs, back = np.unique(runs[rows], return_inverse=True)
    plain = pl.Series([_members(contexts[int(run)], group, apart=False) for run in own_runs], dtype=pl.String).gather(
        back
    )
    apart = pl.Series([_members(contexts[int(run)], group, apart=True) for run in own_runs], dtype=pl.String).gather(
        back
    )
    frame = pl.DataFrame({"record": records.gather(rows), "plain": plain, "apart": apart})
    keys = [json.dumps(name, ensure_ascii=False) for name in names if fold_name(name) not in _core_names()]
    has_name = pl.col("record").str.contains_any(keys) if keys else pl.lit(value=False)
    members = pl.when(has_name).then("apart").otherwise("plain")
    body = pl.col("record").str.strip_chars_end().str.strip_suffix("}")
    comma = pl.when(body.str.contains(r"^\{\s*$")).then(pl.lit("")).otherwise(pl.lit(","))
    joined = pl.concat_str(body, comma, members, pl.lit("}"))
    is_object = pl.col("record").str.contains(r"^\{(?s:.*)\}\s*$")
    return records.scatter(rows, frame.select(pl.when(is_object).then(joined).otherwise("record")).to_series())


def _members(fields: Mapping[str, Any], group: str, *, apart: bool) -> str:
    """Return fields as the members of a JSON object, all within one field or those that are ambiguous."""
    ambiguous = {name: value for name, value in fields.items() if apart or fold_name(name) in _core_names()}
    members = {name: value for name, value in fields.items() if name not in ambiguous}
    if ambiguous:
        members[group] = ambiguous
    return json.dumps(members, ensure_ascii=False, separators=(",", ":"))[1:-1]


@cache
def _core_names() -> frozenset[str]:
    """Return the names by which a record's own time, level, logger or message is known."""
    columns = FIELD_ALIASES.keys() - {"service"}
    return frozenset(fold_name(alias) for column in columns for alias in FIELD_ALIASES[column]) | {
        _ENVELOPE,
        _ENVELOPE_END,
    }
