"""Which events stand behind a finding of an incident."""

from __future__ import annotations

from typing import Any

import polars as pl

from loganalytics.schema import is_error


def finding_filter(finding: dict[str, Any]) -> pl.Expr:
    """Return the expression that is true for the events behind a row of `Incident.findings`."""
    scope = is_error() if finding["scope"] == "errors" else pl.lit(value=True)
    if finding["template_id"] is not None:
        return pl.col("template_id").eq(finding["template_id"])
    if finding["field"] is None:
        return scope
    if finding["field"] == "duration_ms":
        group = pl.coalesce(pl.col("logger").cast(pl.String), pl.col("service").cast(pl.String))
        return group.eq_missing(finding["value"])
    if finding["value"] is None:
        return pl.col(finding["field"]).is_not_null()
    return scope & pl.col(finding["field"]).cast(pl.String).eq_missing(pl.lit(finding["value"]))
