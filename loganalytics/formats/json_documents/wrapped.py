"""Records that are a field of an object each, {"_id": "1", "_source": {...}}: all of a block unwrapped at once."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import polars as pl

from loganalytics.formats.json_documents.beside import ENVELOPE, beside_record, is_core_name
from loganalytics.formats.json_documents.structure import Structure, parts
from loganalytics.formats.text_framer import Positions, Text

# The value of a field, unless it is an object or a list of lists: what is left of members without values are the names.
_STRING = r'"(?:[^"\\]|\\.)*"'
_VALUE = rf'\s*:\s*(?:{_STRING}|\[(?:[^\[\]{{}}"]|{_STRING})*\]|[^",{{}}\[\]]+)'
_MANY = 50


def unwrapped_parts(text: Text, structure: Structure, starts: Positions, ends: Positions, name: str) -> pl.Series:
    """Return records that are in a field of this name of objects, with the fields beside it.

    The objects are from each start to its end; one without such a field stays.
    """
    opens, closes, owners = _values(text, structure, starts, ends, name)
    keys = opens - _key_lengths(text, opens, name)
    before = parts(text, structure, starts[owners] + 1, keys)
    behind = parts(text, structure, closes, ends[owners] - 1)
    members = _joined(before.str.strip_chars(", "), behind.str.strip_chars(", "))
    records = _with_members(parts(text, structure, opens, closes), members)
    if owners.size == starts.size:
        return records
    others = np.setdiff1d(np.arange(starts.size), owners)
    objects = parts(text, structure, starts[others], ends[others])
    every = pl.concat([records, pl.Series([unwrap(line, name) for line in objects], dtype=pl.String)])
    return every.gather(np.argsort(np.concatenate([owners, others])))


def _values(
    text: Text, structure: Structure, starts: Positions, ends: Positions, name: str
) -> tuple[Positions, Positions, Positions]:
    """Return where the objects of this name begin and end, and in which of the spans each is; at most one of a span."""
    sums = np.cumsum(structure.steps)
    first = np.searchsorted(structure.positions, starts)
    owner = np.searchsorted(starts, structure.positions, side="right") - 1
    is_within = (owner >= 0) & (structure.positions < np.append(ends, 0)[owner])
    depth = sums - np.append(sums, 0)[first][owner]
    children = np.flatnonzero(is_within & (structure.steps == 1) & (depth == 1))
    named = children[_key_lengths(text, structure.positions[children], name) > 0]
    named = named[np.unique(owner[named], return_index=True)[1]]
    closing = np.flatnonzero(is_within & (structure.steps == -1) & (depth == 0))
    close = np.append(closing, structure.positions.size)[np.searchsorted(closing, named)]
    is_closed = np.append(owner, -1)[close] == owner[named]
    named, close = named[is_closed], close[is_closed]
    return structure.positions[named], structure.positions[close] + 1, owner[named]


def _key_lengths(text: Text, opens: Positions, name: str) -> Positions:
    """Return how long the key before each bracket is, with what is around it; 0 where it is another one."""
    codes = np.frombuffer(text.utf8, dtype=np.uint8)
    lengths = np.zeros(opens.size, dtype=np.int64)
    for blank in (b"", b" "):
        key = json.dumps(name).encode() + b":" + blank
        is_key = (opens >= len(key)) & (codes[opens] == ord("{"))
        for place, code in enumerate(key):
            is_key &= codes[np.maximum(opens - len(key) + place, 0)] == code
        lengths[is_key] = len(key)
    return lengths


def _joined(before: pl.Series, behind: pl.Series) -> pl.Series:
    frame = pl.DataFrame({"before": before, "behind": behind})
    has_both = (pl.col("before") != "") & (pl.col("behind") != "")
    comma = pl.when(has_both).then(pl.lit(",")).otherwise(pl.lit(""))
    return frame.select(pl.concat_str("before", comma, "behind")).to_series()


def _with_members(records: pl.Series, members: pl.Series) -> pl.Series:
    """Return records with what is beside them, all of it in one field where a record has a field of the same name."""
    names = members.str.replace_all(_VALUE, "")
    is_apart = pl.repeat(value=False, n=records.len(), eager=True)
    is_core = ~is_apart
    for group in names.unique(maintain_order=True).head(_MANY):
        written = _names(group)
        if written is not None and not any(map(is_core_name, written)):
            own = names == group
            is_core &= ~own
            if not written:
                continue
            is_apart |= own & records.str.contains_any([json.dumps(name, ensure_ascii=False) for name in written])
    members = members.scatter(is_core.arg_true(), _beside(members.filter(is_core), records.filter(is_core)))
    frame = pl.DataFrame({"record": records, "members": members, "is_apart": is_apart & (members != "")})
    apart = pl.concat_str(pl.lit(f'"{ENVELOPE}":{{'), "members", pl.lit("}"))
    body = pl.col("record").str.strip_chars_end().str.strip_suffix("}")
    is_alone = body.str.contains(r"^\{\s*$") | (pl.col("members") == "")
    comma = pl.when(is_alone).then(pl.lit("")).otherwise(pl.lit(","))
    beside = pl.when("is_apart").then(apart).otherwise("members")
    return frame.select(pl.concat_str(body, comma, beside, pl.lit("}"))).to_series()


def _names(text: str) -> list[str] | None:
    """Return the names that members without their values are; None where more than names is left."""
    try:
        names = json.loads(f"[{text}]")
    except (ValueError, RecursionError):
        return None
    return names if all(isinstance(name, str) for name in names) else None


def _beside(members: Sequence[str] | pl.Series, records: Sequence[str] | pl.Series) -> list[str]:
    """Return members some of which would be taken for the record's own time, level, logger or message."""
    written: list[str] = []
    for text, record in zip(members, records, strict=True):
        try:
            fields = json.loads(f"{{{text}}}")
        except (ValueError, RecursionError):
            written.append(text)
            continue
        has_name = any(json.dumps(name, ensure_ascii=False) in record for name in fields if not is_core_name(name))
        beside = {ENVELOPE: fields} if has_name else beside_record(fields)
        written.append(json.dumps(beside, ensure_ascii=False, separators=(",", ":"))[1:-1])
    return written


def unwrap(line: str, name: str) -> str:
    """Return one record as unwrapped_parts() does, where its brackets did not show where it is."""
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        return line
    record = document.pop(name, None) if isinstance(document, dict) else None
    if not isinstance(record, dict):
        return line
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
    has_name = any(json.dumps(key, ensure_ascii=False) in text for key in document)
    beside = {ENVELOPE: document} if has_name else beside_record(document)
    return json.dumps({**record, **beside}, ensure_ascii=False, separators=(",", ":"))
