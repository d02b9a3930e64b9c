"""Which services' messages are log lines themselves: JSON, or text with times, levels and stack traces of its own."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from loganalytics.formats.definitions import TIMES, Format
from loganalytics.formats.envelopes.recognition import shows_format, shows_stack
from loganalytics.formats.regex.ascii import ascii_only

_CEE = r"^@cee:\s*"
# What a line may look like whose message is one; all else is passed over at the price of one search.
_MAY_CARRY = ascii_only(
    rf"(?:: ?|\] ?|- |\t)(?:@cee:|\{{ ?\"|[\[(]?(?:{TIMES['iso']}|{TIMES['slash']})|\w+=\S+ \w+="
    r"|[A-Z]+:[A-Za-z_]|[IWEF]\d{4} |\[\d+-\d+\] )"
    rf"|Traceback \(most|: \s+at | [\w.@-]+ [\w.@-]+ \[{TIMES['clf']}"
)


@dataclass(frozen=True, kw_only=True)
class CarriedMessages:
    """The messages of a sample that are log lines themselves."""

    messages: pl.Series
    services: frozenset[str | None]
    """Who wrote them."""


def carried_messages(lines: pl.Series, form: Format) -> CarriedMessages | None:
    """Return the messages of lines in a format that says nothing of what services write, where it pays to read them."""
    if not _is_carrier(form.regex) or not lines.str.contains(_MAY_CARRY).any():
        return None
    groups = lines.filter(lines.str.contains(form.regex)).str.extract_groups(form.regex).struct.unnest()
    texts = groups.select("service", message_text())
    by_service = texts.group_by("service", maintain_order=True).agg("message")
    services = [
        service for service, messages in by_service.iter_rows() if shows_format(messages) or shows_stack(messages)
    ]
    if not services:
        return None
    messages = texts.filter(pl.col("service").is_in(services, nulls_equal=True))["message"]
    return CarriedMessages(messages=messages, services=frozenset(services))


def message_text() -> pl.Expr:
    """Return the expression for messages without the cookie that says that JSON follows."""
    return pl.col("message").str.replace(_CEE, "").fill_null("")


def _is_carrier(regex: str) -> bool:
    return "(?P<service>" in regex and "(?P<message>" in regex and "(?P<level>" not in regex
