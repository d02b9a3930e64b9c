"""Fields that come later than the sample: what means a core column or a duration reaches it all the same."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from loganalytics.formats.fields.aliases import FieldPath, value_at
from loganalytics.formats.fields.events import field_value, fill_core, goes_late, to_columns
from loganalytics.formats.fields.record_schema import RecordSchema, infer_schema
from loganalytics.formats.fields.semantics import FieldSemantics
from loganalytics.formats.timestamps import Clock
from loganalytics.schema import DURATION

# So many records show what their late fields mean.
SAMPLE_RECORDS = 50


@dataclass(frozen=True, kw_only=True)
class LateRecords:
    """Records of which some fields are late and mean something."""

    schema: RecordSchema
    """The late fields with a meaning, and those that have one together with them."""
    records: pl.DataFrame
    """(n, record: a struct of texts by the schema's paths)"""


@dataclass(frozen=True, kw_only=True)
class MovedFields:
    """Which late fields of some records went to a core column."""

    paths: Sequence[FieldPath]
    flags: pl.DataFrame
    """(n, a flag for each path, by its place in `paths`)"""


def late_schema(
    records: Sequence[Mapping[str, Any]], late_paths: Collection[FieldPath], record_schema: RecordSchema
) -> RecordSchema | None:
    """Return the schema of the late fields that mean something in these records; None when none does."""
    known = [*late_paths, *record_schema.fields]
    # First the fields that matter, since a schema has so many, and one of two spellings; the others tell what numbers
    # stand for.
    inferred = infer_schema([*(_only(record, known) for record in records), *records], record_schema.hints)
    if inferred is None:
        return None
    late = inferred.fields.keys() - record_schema.fields.keys()
    core = {column: tuple(path for path in paths if path in late) for column, paths in inferred.core.items()}
    semantics = _late_semantics(inferred.semantics, late)
    meaning = {path for paths in core.values() for path in paths} | _paths_of(semantics)
    if late.isdisjoint(meaning):
        return None
    return replace(
        inferred,
        fields={path: kind for path, kind in inferred.fields.items() if path in meaning},
        core={column: paths for column, paths in core.items() if paths},
        semantics=semantics,
        nested=inferred.nested & meaning,
    )


def _late_semantics(semantics: FieldSemantics, late: Collection[FieldPath]) -> FieldSemantics:
    """Return what late fields mean, alone or together with others."""
    templates, full_text = semantics.templates, semantics.full_text
    return replace(
        semantics,
        durations={path: factor for path, factor in semantics.durations.items() if path in late},
        templates=templates if templates and templates.template in late else None,
        exceptions=tuple(fields for fields in semantics.exceptions if any(path in late for path in fields)),
        full_text=full_text if full_text in late else None,
    )


def _paths_of(semantics: FieldSemantics) -> set[FieldPath]:
    """Return the fields beyond the core columns that mean something."""
    templates = semantics.templates
    of_templates = [templates.template, templates.renderings, templates.arguments] if templates else []
    of_templates += templates.properties.values() if templates else ()
    of_exceptions = [path for fields in semantics.exceptions for path in fields]
    of_requests = [*semantics.requests.request, *semantics.requests.statuses, *semantics.requests.failures]
    of_times = [path for first, part in semantics.time_parts.items() for path in (first, part.path)]
    paths = (*semantics.durations, *of_templates, *of_exceptions, *of_requests, *of_times, semantics.full_text)
    return {path for path in paths if path}


def _only(record: Mapping[str, Any], paths: Iterable[FieldPath]) -> dict[str, Any]:
    """Return the record with these fields only."""
    reduced: dict[str, Any] = {}
    for path in paths:
        value = value_at(record, path)
        if value is None:
            continue
        branch = reduced
        for name in path[:-1]:
            branch = branch.setdefault(name, {})
            if not isinstance(branch, dict):
                break
        else:
            branch[path[-1]] = value
    return reduced


def with_late_fields(
    events: pl.DataFrame, groups: Iterable[LateRecords], record_schema: RecordSchema, clock: Clock
) -> tuple[pl.DataFrame, list[MovedFields]]:
    """Fill the core columns of events by their late fields; an event is in one group only."""
    derived = {column for column in ("level", "message") if column not in record_schema.core}
    if record_schema.semantics.default_level:
        derived.add("level")
    moved: list[MovedFields] = []
    for group in groups:
        late = to_columns(group.records, group.schema, clock)
        moved.append(_moved_fields(events, late, group, derived))
        events = fill_core(events, late, derived)
    return events, moved


def _moved_fields(
    events: pl.DataFrame, late: pl.DataFrame, group: LateRecords, derived: Collection[str]
) -> MovedFields:
    """Tell which of its late fields each record's core columns are filled by."""
    sources = {**group.schema.core, DURATION: tuple(group.schema.semantics.durations)}
    filled = [name for name in (*sources, "severity_number") if name in events.columns]
    before = late.select("n").join(events.select("n", *filled), on="n", how="left", maintain_order="left")
    flags: dict[FieldPath, pl.Series] = {}
    for column, paths in sources.items():
        is_open = goes_late(before, late, column, derived)
        for path in paths:
            has_value = group.records.select(field_value(path).is_not_null()).to_series()
            if path not in group.schema.nested:  # of a list the column holds a rendering
                flags[path] = (is_open & has_value) | flags.get(path, False)
            is_open &= ~has_value
    columns = {str(index): flag for index, flag in enumerate(flags.values())}
    return MovedFields(paths=tuple(flags), flags=late.select("n").with_columns(**columns))


def without_moved(surplus: pl.DataFrame, moved: Sequence[MovedFields], record_schema: RecordSchema) -> pl.DataFrame:
    """Return the lines (n, surplus: how many keys have no column) of which not all such keys moved."""
    if not moved:
        return surplus
    counts = pl.concat([_moved_keys(fields, record_schema) for fields in moved])
    joined = surplus.join(counts, on="n", how="left", maintain_order="left")
    return joined.filter(pl.col("surplus") != pl.col("moved").fill_null(0))


def _moved_keys(moved: MovedFields, record_schema: RecordSchema) -> pl.DataFrame:
    """Return how many keys of each record (n, moved) are of fields that moved, the objects around them among them."""
    within: dict[FieldPath, list[pl.Expr]] = {}
    for index, path in enumerate(moved.paths):
        for depth in range(1, len(path) + 1):
            within.setdefault(path[:depth], []).append(pl.col(str(index)))
    known = {*record_schema.objects, *record_schema.fields}
    keys = [pl.any_horizontal(flags).cast(pl.Int64) for path, flags in within.items() if path not in known]
    return moved.flags.select("n", pl.sum_horizontal(pl.lit(0, dtype=pl.Int64), *keys).alias("moved"))


def moved_paths(moved: Iterable[MovedFields], numbers: pl.Series) -> dict[int, set[FieldPath]]:
    """Return of some records, by their numbers, the fields that moved."""
    paths: dict[int, set[FieldPath]] = {}
    for fields in moved:
        for number, *flags in fields.flags.filter(pl.col("n").is_in(numbers.implode())).iter_rows():
            paths[number] = {path for path, flag in zip(fields.paths, flags, strict=True) if flag}
    return paths
