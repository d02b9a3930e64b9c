"""Labels that say what broke: where a template has no words for it, an example with its values stands in."""

from __future__ import annotations

import polars as pl

from loganalytics.analyses.errors.failed_requests import DURING
from loganalytics.analyses.summaries import earliest_events

_MAX_CHARACTERS = 200

_STATUS = r" \(HTTP \d+\)$"
_KEY = r"[\w.\-]+[\"']?\s*[=:]\s*[\"']?<\*>"
_WORD = r"\p{L}{2,}"
_WILDCARD = "<*>"
_PATH = r"(?:^|\s)[A-Z]+ /(?:\S*[^\s<>*/]|\s|$)"
_ANY_PATH = r"(?:^|\s)[A-Z]+ [a-z:/]*/"

# Words that are in any error: they say that something broke, not what.
_ANY_ERROR = (
    r"(?i)^(?:errors?|err|errno|exceptions?|exc|unhandled|uncaught|fatal|critical|severe|warn(?:ing)?|codes?|status"
    r"|http|https|get|head|post|put|patch|delete|options|connect|null|none|nil|undefined|object|unknown|true|false"
    r"|requests?|internal|server|unexpected|something|went|wrong|at|in|of|to|on|for|by|with|from|the|an|is|was|and|or"
    r"|ms|sec|id|type|message|msg|occurred|错误|异常)$"
)
_FAILED = r"(?i)^(?:fail(?:ed|ure|s)?|失败)$"


# What the error log of nginx has around its sentence in every line.
_AROUND = r"^\*<\*> |, client: [^,]*, server: [^,]*|, (?:upstream|host|referrer): \"[^\"]*\""


def without_surroundings(label: pl.Expr) -> pl.Expr:
    """Return the label without the number of the connection, the client and what else is in all lines of a web server.

    Example:
        >>> line = 'open() failed, client: <*>, server: _, request: "GET /a HTTP/<*>", host: "<*>"'
        >>> pl.select(without_surroundings(pl.lit(line))).item()
        'open() failed, request: "GET /a"'
    """
    is_nginx = label.str.contains(", client: ", literal=True)
    shorter = label.str.replace_all(r" HTTP/<\*>\"", '"').str.replace_all(_AROUND, "")
    return pl.when(is_nginx).then(shorter).otherwise(label)


def says_little(label: pl.Expr) -> pl.Expr:
    """Return the expression for whether a label names nothing: wildcards, a method, a status, "error" alone.

    One word beside several wildcards is not enough either.

    Example:
        >>> labels = pl.Series("label", ["GET <*> <*> (HTTP 502)", "<*> connecting to <*>", "job <*> failed", "error"])
        >>> labels.to_frame().select(says_little(pl.col("label")))["label"].to_list()
        [True, True, False, True]
    """
    without_status = label.str.replace(_STATUS, "")
    words = without_status.str.replace_all(_KEY, _WILDCARD).str.extract_all(_WORD)
    naming = words.list.eval(pl.element().filter(~pl.element().str.contains(_ANY_ERROR)))
    without_failed = naming.list.eval(pl.element().filter(~pl.element().str.contains(_FAILED)))
    wildcards = without_status.str.count_matches(_WILDCARD, literal=True)
    is_wild = (without_failed.list.len() == 0) | ((naming.list.len() == 1) & (wildcards > 1))
    return is_wild & ~without_status.str.contains(_PATH)


def with_telling_labels(errors: pl.DataFrame) -> pl.DataFrame:
    """Replace labels that say little by the problem's earliest message; what says little itself has a lead.

    That is the endpoint of the request during which all of its events happened, else the logger. Needs fingerprint,
    label, logger, the columns that `with_requests` adds, and what `earliest_events` needs.
    """
    errors = errors.with_columns(without_surroundings(pl.col("label")))
    weak_labels = errors.select(pl.col("label").unique()).filter(says_little(pl.col("label")))["label"]
    is_weak = pl.col("label").is_in(weak_labels.implode())
    weak = errors.filter(is_weak)
    if weak.is_empty():
        return errors
    is_same = pl.col(DURING).n_unique().over("fingerprint") == 1
    weak = weak.with_columns(pl.when(is_same).then(DURING).alias(DURING))
    message = pl.col("message").str.strip_chars().str.replace_all(r"\s+", " ").str.head(_MAX_CHARACTERS)
    status = pl.col("label").str.extract(rf"({_STATUS})").fill_null("")
    # A request of which all is a variable is still more than what a server says of each.
    is_less = ~message.str.contains(r"[\p{L}\p{N}]") | (
        pl.col("label").str.contains(_ANY_PATH) & ~message.str.contains(_ANY_PATH) & says_little(message)
    )
    example = pl.when(is_less).then("label").otherwise(message + status)
    names_it = example.str.contains(pl.col(DURING), literal=True).fill_null(value=False)
    endpoint = pl.when(~names_it).then(DURING)
    lead = pl.when(says_little(example)).then(pl.coalesce(endpoint, pl.col("logger").cast(pl.String)))
    telling = pl.concat_str(lead, pl.when(example != "").then(example), separator=": ", ignore_nulls=True)
    examples = earliest_events(weak, "fingerprint").select("fingerprint", telling_label=telling)
    errors = errors.join(examples, on="fingerprint", how="left", maintain_order="left")
    label = pl.when(is_weak).then(pl.coalesce("telling_label", "label")).otherwise("label")
    return errors.with_columns(label=label).drop("telling_label")
