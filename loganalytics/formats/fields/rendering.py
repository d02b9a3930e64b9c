"""Messages that records hold as templates with properties beside them: Serilog, .NET, Twisted, SLF4J."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import polars as pl

from loganalytics.formats.fields.aliases import FieldPath, fields_by_name, fold_name

_TEMPLATES = ("@mt", "MessageTemplate", "{OriginalFormat}", "State.{OriginalFormat}", "log_format")
# A hole: {Name}, {@Object,-10:format}; braces that are doubled are text.
_HOLE = re.compile(r"\{\{|\}\}|\{[@$]?(?P<name>[\w.]+)(?:,(?P<width>-?\d+))?(?:![rsa])?(?::(?P<format>[^{}]*))?\}|\{\}")
_DECIMALS = re.compile(r"(?:[FfNn](?P<digits>\d+)|0?\.(?P<zeros>0+)|\.(?P<python>\d+)f)$")
_MAX_TEMPLATES = 1_000


@dataclass(frozen=True, kw_only=True)
class TemplateFields:
    """The field that holds templates, and where their properties are."""

    template: FieldPath
    properties: Mapping[str, FieldPath]
    """The properties by their names."""
    objects: frozenset[FieldPath] = frozenset()
    """The properties that are objects."""
    renderings: FieldPath | None = None
    """The list of the properties with a format, as the writer rendered them."""
    arguments: FieldPath | None = None
    """The list of the values for holes without a name."""


def template_fields(fields: Collection[FieldPath]) -> TemplateFields | None:
    """Return the fields of messages that are templates, if there are any."""
    names = fields_by_name(fields)
    template = next((names[fold_name(name)][0] for name in _TEMPLATES if fold_name(name) in names), None)
    if template is None:
        if "message" not in names or "arguments" not in names or "formattedmessage" in names:
            return None
        return TemplateFields(template=names["message"][0], properties={}, arguments=names["arguments"][0])
    owners: list[FieldPath] = [(), *((owner,) for owner in ("Properties", "State", "Attributes"))]
    objects = frozenset(path[:depth] for path in fields for depth in range(1, len(path)))
    properties = {
        ".".join(path[len(owner) :]): path
        for owner in owners
        for path in (*objects, *fields)
        if path[: len(owner)] == owner and path != owner
    }
    renderings = next((path for path in (("@r",), ("Renderings",)) if path in fields), None)
    return TemplateFields(template=template, properties=properties, objects=objects, renderings=renderings)


def render(records: pl.DataFrame, templates: TemplateFields, value_of: Callable[[FieldPath], pl.Expr]) -> pl.Series:
    """Return each record's message: its template with the properties in their holes.

    A hole without a property stays as it is, and so does every template where they are too many to be templates.
    """
    template = records.select(value_of(templates.template).alias("template")).to_series()
    with_holes = template.filter(template.str.contains("{", literal=True)).unique(maintain_order=True)
    if not with_holes.len() or with_holes.len() > _MAX_TEMPLATES:
        return template
    rows = records.with_columns(template).with_row_index("row")
    rendered = [
        group.select("row", _rendered(str(group["template"][0]), templates, value_of).alias("rendered"))
        for group in rows.filter(pl.col("template").str.contains("{", literal=True)).partition_by("template")
    ]
    texts = pl.concat(rendered)
    return template.scatter(texts["row"], texts["rendered"])


def _rendered(template: str, fields: TemplateFields, value_of: Callable[[FieldPath], pl.Expr]) -> pl.Expr:
    pieces: list[pl.Expr] = []
    position = formatted = unnamed = 0
    for hole in _HOLE.finditer(template):
        pieces.append(pl.lit(template[position : hole.start()]))
        position = hole.end()
        path = fields.properties.get(hole["name"] or "")
        if hole[0] in ("{{", "}}"):
            pieces.append(pl.lit(hole[0][0]))
            continue
        value = _filled(hole, path, fields, value_of, (formatted, unnamed))
        formatted += hole["format"] is not None
        unnamed += hole[0] == "{}"
        pieces.append(value.fill_null(hole[0]))
    return pl.concat_str(*pieces, pl.lit(template[position:]))


def _filled(
    hole: re.Match[str],
    path: FieldPath | None,
    fields: TemplateFields,
    value_of: Callable[[FieldPath], pl.Expr],
    counts: tuple[int, int],
) -> pl.Expr:
    """Return the text for a hole; null where there is none."""
    formatted, unnamed = counts
    value = pl.lit(None, dtype=pl.String)
    if path is not None:
        value = value_of(path)
        text = value.struct.json_encode() if path in fields.objects else value.cast(pl.String)
        value = _format(text, hole["format"] or "")
    elif fields.arguments is not None and (hole[0] == "{}" or (hole["name"] or "").isdigit()):
        index = unnamed if hole[0] == "{}" else int(hole["name"])
        value = _entry(value_of(fields.arguments), index)
    if hole["format"] is not None and fields.renderings is not None:
        value = pl.coalesce(_entry(value_of(fields.renderings), formatted), value)
    width = int(hole["width"] or 0)
    return value.str.pad_start(width) if width > 0 else value.str.pad_end(-width) if width else value


def _entry(listed: pl.Expr, index: int) -> pl.Expr:
    """Return an entry of a list that is JSON text; null where there is no such list."""
    is_list = listed.str.starts_with("[").fill_null(value=False)
    return pl.when(is_list).then(listed).str.json_path_match(f"$[{index}]")


def _format(text: pl.Expr, spec: str) -> pl.Expr:
    """Return numbers with so many decimals as a format says, all else as it is."""
    decimals = _DECIMALS.search(spec)
    if decimals:
        digits = len(decimals["zeros"]) if decimals["zeros"] else int(decimals["digits"] or decimals["python"])
        rounded = text.cast(pl.Float64, strict=False).map_elements(lambda number: f"{number:.{digits}f}", pl.String)
        return pl.coalesce(rounded, text)
    return text.str.zfill(len(spec)) if spec and set(spec) == {"0"} else text
