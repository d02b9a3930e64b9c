"""Accuracy and speed of the template mining, beside Drain3 and logparser's Drain and Brain where installed.

    python benchmarks/mining.py --data DIR [--lines 1000000] [--runs 3] [--scan 10000000] [--one HealthApp]

DIR holds labelled logs as Loghub publishes them: one CSV a system with the columns Content and EventTemplate.
Every miner runs with one configuration for all systems. The measures are those of Loghub-2.0
(https://arxiv.org/abs/2308.10828), averaged over the systems:

GA   grouping accuracy: share of lines whose group holds exactly the lines of one true template
FGA  F1 of grouping over templates
PA   parsing accuracy: share of lines whose template is the true one, letter by letter
FTA  F1 of template accuracy over templates

Speed is CPU time from messages to templates, on lines drawn from one system and from all, their numbers drawn anew, and
memory is the peak of a process (mining_speed.py).

Drain3 and logparser3 are not dependencies: `pip install drain3`; `pip install --no-deps logparser3`, which pins
libraries of 2022, and then `pip install regex pandas numpy scipy scikit-learn tqdm`.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import tempfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
from mining_speed import print_memory, print_speed

from loganalytics.templates.annotate import with_templates

Miner = Callable[[pl.Series], pl.Series]

GENERIC_MASKS = [
    r"\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?",
    r"\b0[xX][0-9a-fA-F]+\b",
    r"(?<![A-Za-z0-9_])[-+]?\d+(?:\.\d+)?(?![A-Za-z0-9_])",
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with <system>.csv files")
    parser.add_argument("--lines", type=int, default=1_000_000, help="lines for the speed comparison; 0 for none")
    parser.add_argument("--runs", type=int, default=3, help="runs of each miner, of which the median counts")
    parser.add_argument("--scan", type=int, default=10_000_000, help="lines of the greatest file; 0 for none")
    parser.add_argument("--one", default="BGL", help="the system for the comparison on one system")
    options = parser.parse_args()
    systems = {path.stem: labelled(path) for path in sorted(options.data.glob("*.csv"))}
    if not systems:
        parser.error(f"no *.csv in {options.data}")
    miners = installed_miners()
    for name, miner in miners.items():
        print_accuracy(name, miner, systems)
    if options.lines:
        fast = {name: miners[name] for name in ("loganalytics", "drain3", "drain3 with masks") if name in miners}
        print_speed(fast, systems, options.lines, options.runs, options.one)
    if options.scan:
        print_memory(systems, options.lines or 1_000_000, options.scan, options.one)


def labelled(path: Path) -> pl.DataFrame:
    frame = pl.read_csv(path, infer_schema=False)
    return frame.select(message=pl.col("Content").fill_null(""), truth=pl.col("EventTemplate").fill_null(""))


def installed_miners() -> dict[str, Miner]:
    miners: dict[str, Miner] = {"loganalytics": mine}
    if installed("drain3"):
        miners["drain3"] = lambda messages: drain3(messages, masks=[])
        miners["drain3 with masks"] = lambda messages: drain3(messages, masks=GENERIC_MASKS)
    if installed("logparser.Drain"):
        miners["logparser Drain"] = lambda messages: logparser("Drain", messages)
    if installed("logparser.Brain"):
        miners["logparser Brain"] = lambda messages: logparser("Brain", messages)
    return miners


def installed(module: str) -> bool:
    with contextlib.suppress(ImportError):
        return bool(importlib.import_module(module))
    return False


def mine(messages: pl.Series) -> pl.Series:
    return with_templates(messages.to_frame("message"))["template"]


def drain3(messages: pl.Series, *, masks: list[str]) -> pl.Series:
    from drain3 import TemplateMiner
    from drain3.masking import MaskingInstruction
    from drain3.template_miner_config import TemplateMinerConfig

    config = TemplateMinerConfig()
    config.profiling_enabled = False
    config.mask_prefix, config.mask_suffix = "<", ">"
    config.masking_instructions = [MaskingInstruction(mask, "*") for mask in masks]
    miner = TemplateMiner(config=config)
    ids = [miner.add_log_message(message)["cluster_id"] for message in messages]
    templates = {cluster.cluster_id: cluster.get_template() for cluster in miner.drain.clusters}
    return pl.Series([templates[cluster] for cluster in ids])


def logparser(name: str, messages: pl.Series) -> pl.Series:
    parser = importlib.import_module(f"logparser.{name}").LogParser
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        Path(folder, "lines.log").write_text("\n".join(messages) + "\n")
        first = {"logname": "lines"} if name == "Brain" else {}
        parser(**first, log_format="<Content>", indir=folder, outdir=folder, rex=GENERIC_MASKS).parse("lines.log")
        predicted = pl.read_csv(Path(folder, "lines.log_structured.csv"), infer_schema=False)
    return predicted["EventTemplate"].fill_null("")


def print_accuracy(name: str, miner: Miner, systems: dict[str, pl.DataFrame]) -> None:
    print(f"\n{name}\n{'system':12} {'GA':>6} {'FGA':>6} {'PA':>6} {'FTA':>6} {'found':>6} {'true':>6}")
    rows = []
    for system, lines in systems.items():
        templates = miner(lines["message"])
        if len(templates) != lines.height:
            print(f"{system:12} skipped: {len(templates)} of {lines.height} lines came back")
            continue
        rows.append(measures(lines["truth"], templates))
        figures = " ".join(f"{figure:6.3f}" for figure in rows[-1])
        print(f"{system:12} {figures} {templates.n_unique():6} {lines['truth'].n_unique():6}")
    if rows:
        mean = (sum(column) / len(rows) for column in zip(*rows, strict=True))
        print(f"{'mean':12} {' '.join(f'{figure:6.3f}' for figure in mean)}")


def measures(truth: pl.Series, predicted: pl.Series) -> tuple[float, float, float, float]:
    """Return GA, FGA, PA, FTA."""
    pairs = pl.DataFrame({"truth": truth, "predicted": predicted}).group_by("truth", "predicted").agg(lines=pl.len())
    pairs = pairs.with_columns(pieces=pl.len().over("truth"), truths=pl.len().over("predicted"))
    groups, templates = predicted.n_unique(), truth.n_unique()
    right = pairs.filter((pl.col("pieces") == 1) & (pl.col("truths") == 1))
    exact = pairs.filter((pl.col("truth") == pl.col("predicted")) & (pl.col("truths") == 1))
    return (
        right["lines"].sum() / len(truth),
        2 * right.height / (groups + templates),
        pairs.filter(pl.col("truth") == pl.col("predicted"))["lines"].sum() / len(truth),
        2 * exact.height / (groups + templates),
    )


if __name__ == "__main__":
    main()
