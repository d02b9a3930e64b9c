"""What changed between two time ranges."""

from __future__ import annotations

from typing import Any

import polars as pl

from loganalytics import schema
from loganalytics.charts import data, descriptions
from loganalytics.charts.lazy_altair import alt
from loganalytics.charts.theme import ACCENT_COLOUR, ALARM_COLOUR, INK_COLOUR, MUTED_COLOUR, finish, legend, tips
from loganalytics.sanitize import printable

MOST = 16
_MORE, _LESS, _MEASURE = "new or more", "gone or fewer", "slower, faster, shifted"
_GROUPS = {"new": _MORE, "more": _MORE, "top": _MORE, "gone": _LESS, "fewer": _LESS}
_COLOURS = {_MORE: ALARM_COLOUR, _LESS: ACCENT_COLOUR, _MEASURE: "#e3a23b"}


def chart_compare(compare: schema.Frame, *, title: str | None = None) -> alt.LayerChart:
    """Draw the 16 surest differences: from the grey ring, the baseline, to the dot, the incident, as a factor.

    Needs kind, subject, baseline_rate, incident_rate and ratio, as `compare` returns them. Factors beyond 1,000 and
    what is new or gone are drawn at the edge.
    """
    frame = data.collect(compare, "kind", "subject", "baseline_rate", "incident_rate", "ratio").head(MOST)
    table = _table(frame)
    base = alt.Chart(table).encode(
        y=alt.Y("rank:O", axis=None, scale=alt.Scale(paddingInner=0)),
        tooltip=tips(text="what", kind="kind", baseline="baseline", incident="incident", sure="p-value"),
    )
    domain_start = 0.001 if (table["factor"] < 1).any() else 0.5
    axis = alt.Axis(
        values=[0.001, 0.01, 0.1, 1, 10, 100, 1000], format="~g", title="times the baseline", gridOpacity=0.15
    )
    x = alt.X("factor:Q", axis=axis, scale=alt.Scale(type="log", domain=[domain_start, 1000], nice=False))
    used = [name for name in _COLOURS if name in table["group"].to_list()]
    scale = alt.Scale(domain=used, range=[_COLOURS[name] for name in used])
    colour = alt.Color("group:N", title=None, scale=scale, legend=legend(used))
    line = base.mark_rule(strokeWidth=3, opacity=0.5, yOffset=9).encode(x=x, x2="one:Q", color=colour)
    ring = base.mark_point(size=50, color=MUTED_COLOUR, yOffset=9, opacity=1).encode(x="one:Q")
    dot = base.mark_point(filled=True, size=90, opacity=1, yOffset=9).encode(x=x, color=colour)
    label = base.mark_text(align="left", dy=-7, limit=alt.ExprRef("width - 120"), fontSize=12, color=INK_COLOUR).encode(
        x=alt.value(0), text="name:N"
    )
    number = base.mark_text(align="right", dy=-7, fontSize=12, color=INK_COLOUR).encode(
        x=alt.value("width"), text="shown:N"
    )
    return finish(
        alt.LayerChart(layer=[line, ring, dot, label, number]),
        title,
        38 * max(table.height, 1),
        descriptions.of_bars(table),
    )


def _table(frame: pl.DataFrame) -> pl.DataFrame:
    rows = [
        {
            "rank": rank, "one": 1.0, "factor": _factor(row), "kind": row["kind"],
            "group": _GROUPS.get(row["kind"], _MEASURE),
            "name": printable(row["subject"], data.LABEL) or "(no text)",
            "text": printable(row["subject"], data.TEXT) or "(no text)",
            "shown": _shown(row), "baseline": _side(row, "baseline"), "incident": _side(row, "incident"),
            "sure": "–" if row.get("p_value") is None else f"{row['p_value']:.1e}",
        }
        for rank, row in enumerate(frame.to_dicts())
    ]  # fmt: skip
    texts = dict.fromkeys(("kind", "group", "name", "text", "shown", "baseline", "incident", "sure"), pl.String)
    return pl.DataFrame(rows, schema={"rank": pl.Int64, "one": pl.Float64, "factor": pl.Float64, **texts})


def _factor(row: dict[str, Any]) -> float:
    if row["ratio"] is None:
        return 1.0 if row["kind"] == "top" else 1000.0
    return min(max(float(row["ratio"]), 0.001), 1000.0)


def _shown(row: dict[str, Any]) -> str:
    if row["kind"] in ("new", "gone", "top"):
        return str(row["kind"])
    ratio = float(row["ratio"] or 0.0)
    return f"{ratio:,.0f}×" if ratio >= 10 else f"{ratio:.2g}×"


def _side(row: dict[str, Any], side: str) -> str:
    if row.get(f"{side}_p50") is not None:
        return f"median {row[f'{side}_p50']:,.4g}, p95 {row[f'{side}_p95']:,.4g}"
    return f"{row[f'{side}_rate'] or 0:,.3g} a minute"
