"""The fields that stand beside a record in its document."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from loganalytics.formats.fields.aliases import FIELD_ALIASES, fold_name

MAX_REPEATED = 2000
"""More text than that is not repeated in each record: the first one of a list has it."""
# The fields that hold what would be taken for a field of the record itself.
ENVELOPE, ENVELOPE_END = "envelope", "envelope_end"


def beside_record(fields: Mapping[str, Any], group: str = ENVELOPE) -> dict[str, Any]:
    """Return fields that stand beside a record; those that would be taken for its own are within one of this name."""
    ambiguous = {name: value for name, value in fields.items() if is_core_name(name)}
    members = {name: value for name, value in fields.items() if name not in ambiguous}
    return {**members, group: ambiguous} if ambiguous else members


@lru_cache(maxsize=1000)
def is_core_name(name: str) -> bool:
    """Whether a record's own time, level, logger or message is known by a name."""
    return fold_name(name) in _core_names()


@cache
def _core_names() -> frozenset[str]:
    """Return the names by which a record's own time, level, logger or message is known."""
    columns = FIELD_ALIASES.keys() - {"service"}
    return frozenset(fold_name(alias) for column in columns for alias in FIELD_ALIASES[column]) | {
        ENVELOPE,
        ENVELOPE_END,
    }
