"""What is usual in a log, learnt once and kept, so that a tail and a scheduled run judge a window alike."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from loganalytics.analyses.anomalies import baselines, profiles
from loganalytics.analyses.anomalies.explanations import read_cells
from loganalytics.analyses.anomalies.isolation_forest import WindowForest
from loganalytics.analyses.anomalies.profiles import Profile
from loganalytics.analyses.anomalies.window_features import (
    Features,
    Windows,
    lay_windows,
    read_events,
    read_features,
    read_known,
)
from loganalytics.analyses.anomalies.windows import FEWEST, QUIET, SCHEMA, Verdict, oddest, summed_up, tell
from loganalytics.atomic_write import replace_text
from loganalytics.exceptions import InvalidArgumentError, SourceNotFoundError
from loganalytics.schema import Frame
from loganalytics.times import parse_every

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[np.float64]]

FORMAT = "loganalytics anomaly model 1"
_ARRAYS = ("low", "middle", "high", "hours", "spread", "factors")


@dataclass(frozen=True, repr=False)
class AnomalyModel:
    """What `fit_anomalies` returns: what is usual, and a forest, to hold windows against that were not there.

    Attributes:
        every: the length of a window.
        by: the column whose values have baselines of their own.
        windows: how many it was learnt from.
    """

    every: timedelta
    by: str | None
    windows: int
    _profiles: tuple[Profile, ...]
    _templates: pl.Series
    _forest: WindowForest | None
    _dtype: pl.DataType

    def score(self, logs: Frame) -> pl.DataFrame:
        """Score every window of the logs by how unlike the usual it is, and say why.

        Needs what the model was fitted on, and returns the columns of `detect_anomalies`. A window is judged by
        itself: it scores the same alone, in a tail's batch and in a whole day, if it is over and its templates are
        the same (pass frames with template and template_id from one mining). Values of `by` that the model knows
        and that are not in the logs count as silent.

        Raises MissingColumnError and InvalidArgumentError.

        Example: fit_anomalies(last_week).score(today).filter("is_anomaly")
        """
        name = self.by or "by"
        events = _plain(read_events(logs, self.by)).cast({"by": self._dtype})
        if events.is_empty():
            table = pl.DataFrame(schema={**SCHEMA, "by": self._dtype})
        else:
            windows, numbered = lay_windows(events, self.every)
            verdicts = list(self._verdicts(numbered, windows))
            table = tell(verdicts, self._forest, windows, self._dtype)
        return table.rename({"by": name}) if self.by else table.drop("by")

    def _verdicts(self, numbered: pl.DataFrame, windows: Windows) -> Iterator[Verdict]:
        own = {profile.value: profile for profile in self._profiles}
        names = {value: (profile.names, profile.timed) for value, profile in own.items()}
        for features in read_known(numbered, windows.count, names, self._templates):
            profile = own.get(features.value) or profiles.nothing_known(features.value)
            yield _verdict(features, windows, profile, silent=self.windows < FEWEST)

    def save(self, path: str | Path) -> Path:
        """Write the model to a file (JSON, nothing that runs when read), and return its path.

        A file that is there is replaced as a whole: on a full disk it stays as it was.

        Example: fit_anomalies(logs).save("usual.json")
        """
        target = Path(path)
        told = {
            "format": FORMAT,
            "every_us": self.every // timedelta(microseconds=1),
            "by": self.by,
            "windows": self.windows,
            "text": isinstance(self._dtype, pl.String),
            "templates": self._templates.to_list(),
            "forest": None if self._forest is None else _forest_out(self._forest),
            "profiles": [_profile_out(profile) for profile in self._profiles],
        }
        replace_text(target, json.dumps(told, allow_nan=True))
        return target

    @classmethod
    def load(cls, path: str | Path) -> AnomalyModel:
        """Read a model that `save` wrote; it scores as the one that was saved.

        Raises SourceNotFoundError, and InvalidArgumentError for a file that is no such model.

        Example: AnomalyModel.load("usual.json").score(logs)
        """
        try:
            told = json.loads(Path(path).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise SourceNotFoundError(f"There is no file {str(path)!r}. Hint: save a model there first.") from None
        except ValueError:
            told = None
        if not isinstance(told, dict) or told.get("format") != FORMAT:
            raise InvalidArgumentError(
                f"{str(path)!r} is no anomaly model of this version. Hint: fit the model again and save it."
            )
        return cls(
            every=timedelta(microseconds=told["every_us"]),
            by=told["by"],
            windows=told["windows"],
            _profiles=tuple(_profile_in(one) for one in told["profiles"]),
            _templates=pl.Series(told["templates"], dtype=pl.String),
            _forest=None if told["forest"] is None else _forest_in(told["forest"]),
            _dtype=pl.String() if told["text"] else pl.Int64(),
        )

    def __repr__(self) -> str:
        """Return what the model was learnt from."""
        split = f", by {self.by}: {len(self._profiles)}" if self.by else ""
        return f"AnomalyModel({self.windows} windows of {self.every}{split})"


def fit_anomalies(logs: Frame, *, every: str | timedelta = "5m", by: str | None = None, seed: int = 0) -> AnomalyModel:
    """Learn what is usual in the logs, to score other windows against it.

    The same features, judges and threshold as in `detect_anomalies`, but every window is held against what was
    usual at its time of day in the logs learnt from (with three days and more; with ten and more, in the week and
    at the weekend, UTC), not against the hours around it: so it needs no neighbours. Runs of windows that are
    each a little odd are not added up. Learn from a week or two in which incidents were few.

    Needs the columns that `detect_anomalies` needs. Values of `by` become text unless they are whole numbers.

    Returns an AnomalyModel: `score(logs)`, `save(path)` and `AnomalyModel.load(path)`. Learnt from fewer than
    twelve windows, it finds nothing odd.

    Raises MissingColumnError and InvalidArgumentError.

    Example:
        >>> from datetime import datetime
        >>> from loganalytics.schema import conform
        >>> day = pl.datetime_range(datetime(2025, 1, 30), datetime(2025, 1, 31), "20s", eager=True, closed="left")
        >>> model = fit_anomalies(conform(pl.DataFrame({"timestamp": day, "message": "ok"})))
        >>> later = pl.datetime_range(datetime(2025, 1, 31, 15), datetime(2025, 1, 31, 15, 4, 59), "20s", eager=True)
        >>> usual = pl.DataFrame({"timestamp": later, "message": "ok"})
        >>> failed = pl.DataFrame({"timestamp": [datetime(2025, 1, 31, 15, 2)] * 40, "message": "disk full"})
        >>> model.score(conform(pl.concat([usual, failed])))["reasons"][0][0]["text"]
        'events of kinds never seen before: 40, usually 0 to 1'
    """
    length = parse_every(every)
    events = _plain(read_events(logs, by))
    dtype = events.schema["by"]
    if events.is_empty():
        return AnomalyModel(length, by, 0, (), pl.Series([], dtype=pl.String), None, dtype)
    windows, numbered = lay_windows(events, length)
    learnt, summaries = [], []
    for features in read_features(numbered, windows.count):
        profile, judged = profiles.learn(features, windows)
        factor = float(baselines.temper(oddest(judged)[:, None], QUIET)[0])
        learnt.append(replace(profile, factor=factor))
        summaries.append(summed_up(judged))
    kinds = numbered["template"].unique().sort()
    return AnomalyModel(length, by, windows.count, tuple(learnt), kinds, WindowForest.fit(summaries, seed), dtype)


def _plain(events: pl.DataFrame) -> pl.DataFrame:
    """Return the events with values of `by` that JSON can keep: whole numbers or text."""
    return events.with_columns(pl.col("by").cast(pl.Int64 if events.schema["by"].is_integer() else pl.String))


def _verdict(features: Features, windows: Windows, profile: Profile, *, silent: bool) -> Verdict:
    judged = profiles.judge(features, windows, profile)
    surprise = oddest(judged) * (0.0 if silent else profile.factor)
    return Verdict(features.value, features.counts[:, :2], surprise, summed_up(judged), read_cells(judged))


def _profile_out(profile: Profile) -> dict[str, Any]:
    plain = {name: getattr(profile, name) for name in ("value", "names", "timed", "unseen", "factor")}
    return plain | {name: getattr(profile, name).tolist() for name in _ARRAYS}


def _profile_in(told: dict[str, Any]) -> Profile:
    import numpy as np

    shapes = {"low": (-1, len(told["names"])), "middle": (-1, len(told["names"])), "high": (-1, len(told["names"])),
              "hours": (profiles.HOURS, len(told["timed"])), "spread": (-1,), "factors": (-1,)}  # fmt: skip
    arrays = {name: np.array(told[name], dtype=float).reshape(shape) for name, shape in shapes.items()}
    return Profile(**{**told, **arrays})


def _forest_out(forest: WindowForest) -> dict[str, Any]:
    return {
        "sample": forest.sample.tolist(),
        "seed": forest.seed,
        "scores": forest.scores,
        "surprises": forest.surprises,
    }


def _forest_in(told: dict[str, Any]) -> WindowForest:
    import numpy as np

    return WindowForest(np.array(told["sample"]), told["seed"], tuple(told["scores"]), tuple(told["surprises"]))
