"""Accuracy of the template mining, beside Drain3 and logparser's Drain and Brain where installed.

    python benchmarks/mining.py --data DIR...

DIR holds labelled logs as Loghub publishes them, one CSV a system with the columns Content and EventTemplate, and sets
of messages, one TSV each: template, tab, message. Every miner runs with one configuration for all systems. The measures
are those of Loghub-2.0 (https://arxiv.org/abs/2308.10828), averaged over the systems, and over the sets:

GA   grouping accuracy: share of lines whose group holds exactly the lines of one true template
FGA  F1 of grouping over templates
PA   parsing accuracy: share of lines whose template is the true one, letter by letter
FTA  F1 of template accuracy over templates

PA and FTA stand there twice: as published, and with the spelling of placeholders normalised, about which the labels
contradict themselves (`x-<*>` beside `<*>`): a word that holds a placeholder is one, and so are several in a row.

Drain3 and logparser3 are not dependencies: `pip install drain3`; `pip install --no-deps logparser3`, which pins
libraries of 2022, and then `pip install regex pandas numpy scipy scikit-learn tqdm`.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import polars as pl

from loganalytics.templates.annotate import with_templates

Miner = Callable[[pl.Series], pl.Series]

HEADINGS = "     GA     FGA      PA     FTA  PA n.  FTA n.   found   true"

GENERIC_MASKS = [
    r"\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?",
    r"\b0[xX][0-9a-fA-F]+\b",
    r"(?<![A-Za-z0-9_])[-+]?\d+(?:\.\d+)?(?![A-Za-z0-9_])",
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="folders with *.csv and *.tsv files")
    options = parser.parse_args()
    paths = sorted(path for folder in options.data for path in folder.iterdir() if path.suffix in {".csv", ".tsv"})
    systems = {path.stem: labelled(path) for path in paths if path.suffix == ".csv"}
    sets = {path.stem: labelled(path) for path in paths if path.suffix == ".tsv"}
    if not paths:
        parser.error("no *.csv or *.tsv in --data")
    miners = installed_miners()
    for name, miner in miners.items():
        print(f"\n{name}\n{'':14} {HEADINGS}")
        print_accuracy(miner, systems)
        print_accuracy(miner, sets)


def labelled(path: Path) -> pl.DataFrame:
    if path.suffix == ".tsv":
        rows = [line.split("\t", 1) for line in path.read_text(encoding="utf-8").splitlines()]
        return pl.DataFrame(rows, schema=["truth", "message"], orient="row")
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
    ids = [miner.add_log_message(message)["cluster_id"] for message in messages.to_list()]
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


def print_accuracy(miner: Miner, sets: dict[str, pl.DataFrame]) -> None:
    rows = []
    for name, lines in sets.items():
        templates = miner(lines["message"])
        if len(templates) != lines.height:
            print(f"{name:14} skipped: {len(templates)} of {lines.height} lines came back")
            continue
        rows.append(measures(lines["truth"], templates))
        print(f"{name:14} {in_columns(rows[-1])} {templates.n_unique():6} {lines['truth'].n_unique():6}")
    if rows:
        print(f"{'mean':14} {in_columns([sum(column) / len(rows) for column in zip(*rows, strict=True)])}")


def in_columns(figures: Iterable[float]) -> str:
    return " ".join(f"{figure:7.3f}" for figure in figures)


def measures(truth: pl.Series, predicted: pl.Series) -> tuple[float, ...]:
    """Return GA, FGA, PA, FTA, and PA and FTA with the spelling normalised."""
    normalized = accuracy(normalize_spelling(truth), normalize_spelling(predicted))
    return *grouping_accuracy(truth, predicted), *accuracy(truth, predicted), *normalized


def grouping_accuracy(truth: pl.Series, predicted: pl.Series) -> tuple[float, float]:
    """Return GA and FGA."""
    right = pairs(truth, predicted).filter(pieces=1, truths=1)
    return right["lines"].sum() / len(truth), 2 * right.height / (predicted.n_unique() + truth.n_unique())


def accuracy(truth: pl.Series, predicted: pl.Series) -> tuple[float, float]:
    """Return PA and FTA."""
    same = pairs(truth, predicted).filter(pl.col("truth") == pl.col("predicted"))
    exact = same.filter(truths=1)
    return same["lines"].sum() / len(truth), 2 * exact.height / (predicted.n_unique() + truth.n_unique())


def pairs(truth: pl.Series, predicted: pl.Series) -> pl.DataFrame:
    """Count the lines of each pair of templates, and the pairs that each of both is in."""
    counts = pl.DataFrame({"truth": truth, "predicted": predicted}).group_by("truth", "predicted").agg(lines=pl.len())
    return counts.with_columns(pieces=pl.len().over("truth"), truths=pl.len().over("predicted"))


def normalize_spelling(templates: pl.Series) -> pl.Series:
    words = templates.str.replace_all(r"\S*<\*>\S*", "<*>")
    return words.str.replace_all(r"<\*>(?:[\s,;|/]+<\*>)+", "<*>")


if __name__ == "__main__":
    main()
