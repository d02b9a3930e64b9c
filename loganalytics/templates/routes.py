"""Paths of requests -> routes: `/api/orders/O20261129005598?full=1` is `/api/orders/<*>`.

A segment of a path is a variable by its shape, or by the number of its values: many different ones in one place,
each with few events. A place is what stands before a segment, and the segment behind it. Places are decided from left
to right, so that what is behind a variable comes together. Only the distinct paths and their events decide, whatever
their order.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from loganalytics.templates.masking import KEPT_SLASH, MASK, METHODS, WIDE_PUNCTUATION, WILDCARD, with_kept_slashes

MIN_VALUES_PER_EVENT = 20
"""So many values are variables where a usual one of them (the median) has one event; twice as many for two events."""
MIN_VALUES = 100
"""So many are variables however often they come."""
MIN_ALIKE = 5
"""So many that are equal but for their digits are variables: user1 to user5."""
MIN_HEAVY_RATIO, MIN_HEAVY_SHARE = 50, 0.01
"""One among variables stays that has so many times the events of a usual one, and such a share of all in its place."""
MAX_SEGMENTS = 20
"""Deeper paths end in a wildcard."""

# The path, without scheme and host, query and fragment.
_PATH = r"^(?:[A-Za-z][A-Za-z0-9+.\-]*://[^/?#]*)?(/[^?#\s]*)"
_HOST_ONLY = r"^[A-Za-z][A-Za-z0-9+.\-]*://[^/?#\s]+(?:[?#]|$)"
_PATH_PARAMETERS = r";[^/]*"  # ;jsessionid=1A2B

_EXTENSION = r"(?:\.[A-Za-z][A-Za-z0-9]{0,5}){0,2}"
_VARIABLE_WHOLE = "|".join(
    [
        rf"[+\-]?[0-9][0-9.,:;_+\-]*{_EXTENSION}",  # number, date, time, address; 17.jpg
        r"[0-9a-f]{8,}|[0-9A-F]{8,}",
        r"[A-Z]{1,10}[_.\-]?[0-9]{2,}[A-Z0-9_\-]*|[A-Z][A-Z0-9]*-[0-9]+",  # SKU133, KEY-1
        rf".*[_.~\-][0-9]{{3,}}{_EXTENSION}",  # order-1234, report_2024.pdf
        r"@.+|.+@.+",  # @name, name@host
        r".{40,}",  # tokens, titles
    ]
)
_VARIABLE_WITHIN = "|".join(
    [
        rf"{MASK}|<\*>",  # masked already
        r"[0-9]{5}",  # O20261129005598
        r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}",  # UUID
        r"%[0-9A-Fa-f]{2}|\\x[0-9A-Fa-f]{2}|[^\x00-\x7f]",  # text, perhaps of another script
    ]
)
_VARIABLE = rf"^(?:{_VARIABLE_WHOLE})$|{_VARIABLE_WITHIN}"
_MIXED = r"[0-9][A-Za-z]+[0-9]"  # a1b2c3, ULID, base 64; of six characters or more
_SHORT_HEX = r"^(?:[0-9a-f]{6,7}|[0-9A-F]{6,7})$"  # with a digit: facade is a word
_ASSET_HASH = (  # main.8f3a2c1b.js, index-DiwrgTda.css
    r"[\-._]([A-Za-z0-9_]{8,})"
    r"\.(?:m?js|css|json|png|jpe?g|gif|svg|webp|ico|avif|woff2?|ttf|eot|wasm|mp[34]|html?)(?:\.(?:map|gz|br))?$"
)
_VERSION = r"(?i)^v[0-9]+(?:\.[0-9]+)*(?:(?:alpha|beta|rc)[0-9]*)?$"
_VERSION_NUMBER = r"^[0-9](?:\.[0-9]+)?$"  # behind api: /rest/api/2/issue

_METHOD = rf"(?-u:\b)(?:{METHODS})"
_IN_TEXT = rf"[^\s\"'<>?#,;{WIDE_PUNCTUATION}]*"  # of a path

_WILDCARD_CODE, _END = 0, -1  # among the numbers of segments, and behind the last one
_MULTIPLIER = np.int64(0x1E3779B97F4A7C15)

Codes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def learn_routes(paths: pl.Series, events: pl.Series) -> pl.Series:
    """Return the route of each path: its variable segments are `<*>`; null for what is no path.

    Takes paths or URLs and how many events each has; one may come several times. Scheme, host, query, fragment and path
    parameters (";jsessionid=…") are left out. A version (v1) stays.

    Example:
        >>> paths = pl.Series(["/api/orders/17?full=1", "https://shop.example/api/v1/users/me", "*"])
        >>> learn_routes(paths, pl.Series([1, 1, 1])).to_list()
        ['/api/orders/<*>', '/api/v1/users/me', None]
    """
    cut = _cut(paths)
    rows = cut.is_not_null().arg_true()
    routes = _routes(cut.gather(rows), events.gather(rows).to_numpy())
    return pl.Series("route", [None], dtype=pl.String).new_from_index(0, len(paths)).scatter(rows, routes)


def _routes(paths: pl.Series, events: Codes) -> pl.Series:
    """Return the routes of paths."""
    texts, codes = _encode(paths)
    codes[_have_variable_shape(texts, codes)] = _WILDCARD_CODE
    # Most paths are equal now.
    _, first, inverse = np.unique(_hash_rows(codes), return_index=True, return_inverse=True)
    distinct, events = codes[first], np.bincount(inverse, weights=events).astype(np.int64)
    before = np.zeros(len(distinct), np.int64)
    for depth in range(distinct.shape[1] - 1):
        value, behind = distinct[:, depth], distinct[:, depth + 1]
        if len(np.unique(value)) >= MIN_ALIKE:
            table = pl.DataFrame({"before": before, "value": value, "behind": behind, "events": events})
            distinct[_are_variables(table, texts), depth] = _WILDCARD_CODE
        before = _add_to_hash(before, distinct[:, depth])
    return _decode(texts, distinct).gather(inverse)


def _cut(paths: pl.Series) -> pl.Series:
    """Return the paths alone; null for what has none, such as `*` and `host:443`."""
    path, text = pl.col("path"), pl.col("text")
    cut = pl.coalesce(text.str.extract(_PATH), pl.when(text.str.contains(_HOST_ONLY)).then(pl.lit("/")))
    has_parameters = path.str.contains(";", literal=True)
    whole = pl.when(has_parameters).then(path.str.replace_all(_PATH_PARAMETERS, "")).otherwise(path)
    return paths.cast(pl.String).alias("text").to_frame().select(path=cut).select(whole).to_series()


def _encode(paths: pl.Series) -> tuple[pl.Series, Codes]:
    """Return the distinct segments, the wildcard first, and of each path their numbers, _END behind its last."""
    whole = paths.str.strip_prefix("/").str.split("/").alias("segments").to_frame()
    cut = pl.col("segments").list.head(MAX_SEGMENTS).list.concat(pl.lit([WILDCARD]))
    is_deep = pl.col("segments").list.len() > MAX_SEGMENTS
    segments = whole.select(pl.when(is_deep).then(cut).otherwise("segments")).to_series()
    flat = pl.concat([pl.Series([WILDCARD]), segments.explode(empty_as_null=False)])
    _, first, numbers = np.unique(flat.hash().to_numpy(), return_index=True, return_inverse=True)
    numbers = np.argsort(np.argsort(first))[numbers]  # in order of appearance
    lengths = segments.list.len().to_numpy()
    codes = np.full((len(segments), int(lengths.max(initial=0)) + 1), _END)
    codes[np.arange(codes.shape[1]) < lengths[:, None]] = numbers[1:]
    return flat.gather(np.sort(first)), codes


def _decode(texts: pl.Series, codes: Codes) -> pl.Series:
    columns = [texts.gather(pl.Series(column).replace(_END, None)) for column in codes.T]
    named = pl.DataFrame({str(depth): column for depth, column in enumerate(columns)})
    return named.select("/" + pl.concat_str(pl.all(), separator="/", ignore_nulls=True)).to_series()


def _hash_rows(codes: Codes) -> Codes:
    hashes = np.zeros(len(codes), np.int64)
    for column in codes.T:
        hashes = _add_to_hash(hashes, column)
    return hashes


def _add_to_hash(hashes: Codes, codes: Codes) -> Codes:
    added: Codes = (hashes + codes + 2) * _MULTIPLIER
    return added


def _have_variable_shape(texts: pl.Series, codes: Codes) -> Flags:
    """Return for each segment of each path whether it is a variable by its shape."""
    is_variable = texts.to_frame("segment").select(_is_variable()).to_series().to_numpy()
    is_version = (texts.str.contains(_VERSION_NUMBER)).to_numpy()
    behind_api = np.zeros(codes.shape, bool)
    behind_api[:, 1:] = np.append(texts == "api", False)[codes[:, :-1]]
    flags: Flags = np.append(is_variable, False)[codes] & ~(behind_api & np.append(is_version, False)[codes])
    return flags


def _is_variable() -> pl.Expr:
    """Return whether each `segment` is a variable by its shape."""
    segment = pl.col("segment")
    has_hash = segment.str.extract(_ASSET_HASH).str.contains(r"[0-9]|[a-z][A-Z]").fill_null(value=False)
    is_short_id = (segment.str.contains(_MIXED) & (segment.str.len_bytes() >= 6)) | (
        segment.str.contains(_SHORT_HEX) & segment.str.contains("[0-9]")
    )
    return (segment.str.contains(_VARIABLE) | is_short_id | has_hash) & ~segment.str.contains(_VERSION)


def _are_variables(table: pl.DataFrame, texts: pl.Series) -> Flags:
    """Return for each row whether its value is a variable by the number of values in its place."""
    place = ["before", "behind"]
    values = table.group_by(*place, "value").agg(pl.col("events").sum())
    # Few values are left where there may be enough of them.
    values = values.filter((pl.col("value") != _END) & (pl.len().over("before") >= MIN_ALIKE))
    segments = texts.gather(values["value"])
    is_fixed = segments.is_in(["", WILDCARD]) | segments.str.contains(_VERSION)
    values = values.with_columns(alike=segments.str.replace_all("[0-9]+", "0")).filter(~is_fixed)
    is_alike = pl.len().over(*place, "alike") >= MIN_ALIKE
    values = values.with_columns(is_variable=is_alike | _is_open(place, MIN_VALUES))
    # Where what follows differs too, as in /owner/repository, more values must be there.
    rest = values.filter(~pl.col("is_variable")).group_by("before", "value").agg(pl.col("events").sum())
    rest = rest.filter((pl.len().over("before") >= MIN_VALUES) & _is_open(["before"], None)).select("before", "value")
    found = values.filter("is_variable").select(*place, "value", is_variable=True)
    joined = table.join(found, on=[*place, "value"], how="left", maintain_order="left")
    joined = joined.join(rest.with_columns(is_rest=True), on=["before", "value"], how="left", maintain_order="left")
    is_variable = pl.coalesce("is_variable", "is_rest", pl.lit(value=False))
    flags: Flags = joined.select(is_variable).to_series().to_numpy()
    return flags


def _is_open(place: list[str], min_values: int | None) -> pl.Expr:
    """Return whether a value is one of many in its place, and not one of the few that most of the events there have."""
    events = pl.col("events")
    usual = events.median().over(place)
    is_heavy = (events >= MIN_HEAVY_RATIO * usual) & (events >= MIN_HEAVY_SHARE * events.sum().over(place))
    light_values = (~is_heavy).sum().over(place)
    is_many = light_values >= MIN_VALUES_PER_EVENT * usual
    return ~is_heavy & (is_many if min_values is None else is_many | (light_values >= min_values))


def merge_routes(texts: pl.DataFrame) -> pl.DataFrame:
    """Return `text` and `new` for those that change; `texts` has `text` (distinct, with kept slashes) and `events`.

    The path behind the first method of a request becomes its route. What a query was masked to stays behind it.
    """
    requests = texts.filter(pl.col("text").str.contains(f"{_METHOD} {KEPT_SLASH}")).select("text", "events")
    plain = requests["text"].str.replace_all(KEPT_SLASH, "/", literal=True)
    before = plain.str.extract(rf"^((?s:.*?){_METHOD} )/")
    target = plain.str.extract(rf"{_METHOD} (/{_IN_TEXT})")
    behind = plain.str.slice(before.str.len_chars() + target.str.len_chars())
    query = target.str.extract(rf"\w({MASK})$").fill_null("")
    path = requests.select(target.str.strip_suffix(query)).to_series()
    route = learn_routes(path, requests["events"]).str.replace_all(WILDCARD, MASK, literal=True)
    new = requests.select(
        "text", new=with_kept_slashes(pl.select(pl.concat_str(before, route, query, behind)).to_series())
    )
    return new.filter(pl.col("new") != pl.col("text"))
