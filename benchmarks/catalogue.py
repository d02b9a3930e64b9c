"""What a kept catalogue of templates calls new, whether old ids stay, and what matching against it takes.

    python benchmarks/catalogue.py --data DIR [--folds 12] [--lines 200000] [--one BGL]

DIR holds labelled logs as for mining.py. Of each log a catalogue is made of the first part; of the rest, a line is new
when the first part has no line of its true template. `match` sees the rest as a tail does, without mining;
`with_templates(known=)` mines what fits no template that is known. Then the catalogue is made of all lines but those of
every twelfth true template, in turn: each of the lines left out is new.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
from mining import labelled
from mining_speed import varied

from loganalytics.templates import TemplateCatalogue, with_templates
from loganalytics.templates.masking import mask

SHARES = (0.1, 0.25, 0.5)
RUNS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with <system>.csv files")
    parser.add_argument("--folds", type=int, default=12, help="parts of the templates to leave out; 0 for none")
    parser.add_argument("--lines", type=int, default=200_000, help="lines to match; 0 for none")
    parser.add_argument("--one", default="BGL", help="the system for the time of matching")
    options = parser.parse_args()
    systems = {path.stem: labelled(path) for path in sorted(options.data.glob("*.csv"))}
    if not systems:
        parser.error(f"no *.csv in {options.data}")
    for share in SHARES:
        rows = [{"system": name, **judged(lines, share)} for name, lines in systems.items()]
        print_table(share, pl.DataFrame(rows))
    print("\nof templates that are left out: lines, called known by match, called known by known=")
    for name, lines in systems.items():
        print(f"{name:12}", *[sum(counts) for counts in zip(*left_out(lines, options.folds), strict=True)])
    if options.lines:
        together = pl.concat([lines["message"] for lines in systems.values()])
        for name, messages in ((options.one, systems[options.one]["message"]), ("all mixed", together)):
            print_time(name, messages, options.lines)


def judged(lines: pl.DataFrame, share: float) -> dict[str, int]:
    """Return how many lines of the rest are new, are called so by either way, wrongly or not, and whose id changed."""
    old, rest = lines.head(int(lines.height * share)), lines.tail(-int(lines.height * share))
    catalogue = TemplateCatalogue().update(old)
    is_new = ~rest["truth"].is_in(old["truth"].unique().implode())
    row = {"lines": rest.height, "new": int(is_new.sum())}
    for way, annotated in (("match", catalogue.match(rest)), ("known", with_templates(rest, known=catalogue))):
        called_new = ~annotated["is_known"]
        row |= {f"{way}: called new": int(called_new.sum()), f"{way}: missed": int((is_new & ~called_new).sum())}
    ids = catalogue.match(old)["template_id"]
    later = catalogue.update(rest)
    again = (later.match(old), with_templates(lines, known=catalogue).head(old.height), later.update(rest).match(old))
    return row | {"ids changed": sum(int((ids != annotated["template_id"]).sum()) for annotated in again)}


def left_out(lines: pl.DataFrame, folds: int) -> Iterator[tuple[int, int, int]]:
    """Yield how many lines every n-th template has, and how many of them either way calls known without them."""
    truths = lines["truth"].unique().sort()
    for fold in range(folds):
        is_new = pl.col("truth").is_in(truths.gather_every(folds, fold).implode())
        catalogue = TemplateCatalogue().update(lines.filter(~is_new))
        new = lines.filter(is_new)
        matched, mined = catalogue.match(new), with_templates(new, known=catalogue)
        yield new.height, int(matched["is_known"].sum()), int(mined["is_known"].sum())


def print_table(share: float, table: pl.DataFrame) -> None:
    sums = table.drop("system").sum()
    print(f"\ncatalogue of the first {share:.0%}")
    with pl.Config(tbl_rows=-1, tbl_cols=-1, tbl_width_chars=160, tbl_hide_dataframe_shape=True):
        print(pl.concat([table, sums.select(pl.lit("all").alias("system"), pl.all())]))
    for way in ("match", "known"):
        print(f"{way}: called new / new {sums[f'{way}: called new'].item() / sums['new'].item():.3f}")


def print_time(name: str, messages: pl.Series, count: int) -> None:
    catalogue = TemplateCatalogue().update(varied(messages, count // 4, seed=1).to_frame("message"))
    catalogue.match(messages.head(1).to_frame("message"))  # so that what it holds is mined
    lines = varied(messages, count, seed=2).to_frame("message")
    matching = statistics.median(cpu_seconds(lambda: catalogue.match(lines)) for _ in range(RUNS))
    masking = statistics.median(cpu_seconds(lambda: lines.select(mask(pl.col("message")))) for _ in range(RUNS))
    print(f"\n{name}: match of {count:,} lines {matching:.2f} CPU s, of which masking {masking:.2f}")


def cpu_seconds(run: Callable[[], object]) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


if __name__ == "__main__":
    main()
