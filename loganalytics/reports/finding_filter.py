"""Which events stand behind a finding of an incident."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from loganalytics.analyses.requests.endpoints import operation
from loganalytics.schema import is_error


def finding_filter(finding: dict[str, Any], schema: Mapping[str, pl.DataType]) -> pl.Expr:
    """Return the expression that is true for the events behind a row of `Incident.findings`.

    Takes the columns of a frame with templates and routes; one about the problem of an error needs its column too, as
    `Incident.events` has it, unless the problem is a template.
    """
    field, values = finding["field"], list(finding.get("values") or [])
    scope = is_error() if finding["scope"] == "errors" else pl.lit(value=True)
    if field is None:
        return scope
    if field == "template" or (field not in schema and finding["template_id"] is not None):
        return pl.col("template_id").is_in(values or [finding["template_id"]])
    if field == "duration_ms":
        named = operation(schema)
        return (
            named.is_in(values).fill_null(value=False)
            if values
            else named.eq_missing(pl.lit(finding["value"], pl.String))
        )
    if finding["value"] is None:
        return pl.col(field).is_not_null()
    text = pl.col(field).cast(pl.String)
    is_value = text.is_in(values).fill_null(value=False) if values else text.eq_missing(pl.lit(finding["value"]))
    return scope & is_value
