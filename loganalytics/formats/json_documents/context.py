"""The fields around records, written into the records."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from loganalytics.formats.json_documents.beside import ENVELOPE, ENVELOPE_END, MAX_REPEATED, beside_record, is_core_name
from loganalytics.formats.text_framer import Positions

_MAX_GROUPS = 20


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
    is_long = np.array([len(str(context)) > MAX_REPEATED for context in contexts])
    runs = np.repeat(np.arange(len(run_sizes)), run_sizes)
    has_context = ~is_long[runs]
    lasts = np.cumsum(run_sizes) - 1
    has_context[(lasts - run_sizes + 1)[is_long]] = True
    for names, own_runs in _by_names(dict(enumerate(contexts))).items():
        own = np.isin(runs, own_runs) & has_context
        records = _add(records, np.flatnonzero(own), runs, contexts, names, ENVELOPE)
    for names, own_runs in _by_names(behind).items():
        records = _add(records, lasts[own_runs], runs, behind, names, ENVELOPE_END)
    return records


def _by_names(fields: Mapping[int, Mapping[str, Any]]) -> dict[tuple[str, ...], list[int]]:
    """Return the runs that have fields of the same names; where these are too many, all runs with all names."""
    groups: dict[tuple[str, ...], list[int]] = {}
    for run, own in fields.items():
        if own:
            groups.setdefault(tuple(own), []).append(run)
    if len(groups) <= _MAX_GROUPS:
        return groups
    names = dict.fromkeys(name for group in groups for name in group)
    return {tuple(names): sorted(run for own_runs in groups.values() for run in own_runs)}


def _add(
    records: pl.Series,
    rows: Positions,
    runs: Positions,
    contexts: Sequence[Mapping[str, Any]] | Mapping[int, Mapping[str, Any]],
    names: Sequence[str],
    group: str,
) -> pl.Series:
    """Return the records with the fields of their runs, which have these names, in some of the rows."""
    if not rows.size:
        return records
    chosen_records = records.gather(rows)
    keys = [json.dumps(name, ensure_ascii=False) for name in names if not is_core_name(name)]
    has_name = chosen_records.str.contains_any(keys).to_numpy() if keys else np.zeros(rows.size, dtype=np.bool_)
    members = pl.Series([""] * rows.size, dtype=pl.String)
    for apart in (False, True):
        own = np.flatnonzero(has_name == apart)
        own_runs, back = np.unique(runs[rows[own]], return_inverse=True)
        texts = [_members(contexts[int(run)], group, apart=apart) for run in own_runs]
        members = members.scatter(own, pl.Series(texts, dtype=pl.String).gather(back)) if own.size else members
    frame = pl.DataFrame({"record": chosen_records, "members": members})
    body = pl.col("record").str.strip_chars_end().str.strip_suffix("}")
    comma = pl.when(body.str.contains(r"^\{\s*$")).then(pl.lit("")).otherwise(pl.lit(","))
    joined = pl.concat_str(body, comma, "members", pl.lit("}"))
    is_object = pl.col("record").str.contains(r"^\{(?s:.*)\}\s*$")
    broken = pl.concat_str("record", pl.lit(" {"), "members", pl.lit("}"))
    return records.scatter(rows, frame.select(pl.when(is_object).then(joined).otherwise(broken)).to_series())


def _members(fields: Mapping[str, Any], group: str, *, apart: bool) -> str:
    """Return fields as the members of a JSON object, all within one field or those that are ambiguous."""
    members = {group: fields} if apart else beside_record(fields, group)
    return json.dumps(members, ensure_ascii=False, separators=(",", ":"))[1:-1]
