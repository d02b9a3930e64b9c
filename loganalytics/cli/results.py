"""The result of a verb: written as the arguments say, with its times in the zone of the reader."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from loganalytics.output import write

if TYPE_CHECKING:
    import polars as pl


def write_result(table: pl.DataFrame, arguments: argparse.Namespace) -> None:
    """Write a table in the format of --format; as a table with times in the zone of --tz, which is named once."""
    write(table, form=arguments.format, path=arguments.output, tz=arguments.tz)
    has_times = any(dtype.is_temporal() for dtype in table.dtypes)
    if arguments.format == "table" and arguments.tz != "UTC" and has_times and not table.is_empty():
        print(f"Times are those of {arguments.tz}.", file=sys.stderr)
