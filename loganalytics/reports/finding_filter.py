"""Which events stand behind a finding of an incident."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from loganalytics.analyses.requests.endpoints import operation
from loganalytics.schema import is_error


def finding_filter(finding: dict[str, Any], schema: Mapping[str, pl.DataType]) -> pl.Expr:
    """Return the expression that is true for the events behind a row of `Incident.findings`.

    Takes the columns of a frame with templates and routes.
    """
    scope = is_error() if finding["scope"] == "errors" else pl.lit(value=True)
    if finding["template_id"] is not None:
        return pl.col("template_id").eq(finding["template_id"])
    if finding["field"] is None:
        return scope
    if finding["field"] == "duration_ms":
        return operation(schema).eq_missing(pl.lit(finding["value"], pl.String))
    if finding["value"] is None:
        return pl.col(finding["field"]).is_not_null()
    return scope & pl.col(finding["field"]).cast(pl.String).eq_missing(pl.lit(finding["value"]))
