"""What is usual in a log, learnt once and kept, so that a tail and a scheduled run score a window alike."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from loganalytics.analyses.anomalies.isolation_forest import WindowForest
from loganalytics.analyses.anomalies.profiles import Profile, learn_profile, score_features, unknown_profile
from loganalytics.analyses.anomalies.scores import WindowScores, maximum_surprisal, summarize_for_forest
from loganalytics.analyses.anomalies.surprisal import overdispersion_factors
from loganalytics.analyses.anomalies.window_events import Windows, lay_windows, read_events
from loganalytics.analyses.anomalies.window_features import Features, read_features, read_named_features
from loganalytics.analyses.anomalies.windows import MIN_WINDOWS, QUIET_SHARE, SCHEMA, anomaly_table, window_scores
from loganalytics.atomic_write import replace_text
from loganalytics.exceptions import InvalidArgumentError, SourceNotFoundError
from loganalytics.schema import Frame
from loganalytics.times import parse_every

FORMAT = "loganalytics anomaly model 2"

_PLAIN_FIELDS = ("value", "names", "duration_names", "unseen_share", "window_factor")
_ARRAY_FIELDS = ("low", "middle", "high", "log_durations", "log_spread", "feature_factors")


@dataclass(frozen=True, repr=False, kw_only=True)
class AnomalyModel:
    """What `fit_anomalies` returns: what is usual, and a forest, with which windows are compared that were not there.

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
    _by_dtype: pl.DataType

    def score(self, logs: Frame) -> pl.DataFrame:
        """Score every window of the logs by how unlike the usual it is, and say why.

        Needs what the model was fitted on, and returns the columns of `detect_anomalies`. A window is scored by
        itself: its score is the same alone, in a tail's batch and in a whole day, if it is over and its templates are
        the same (pass frames with template and template_id from one mining). Values of `by` that the model knows
        and that are not in the logs count as silent.

        Raises MissingColumnError and InvalidArgumentError.

        Example: fit_anomalies(last_week).score(today).filter("is_anomaly")
        """
        events = _with_storable_values(read_events(logs, self.by)).cast({"by": self._by_dtype})
        if events.is_empty():
            table = pl.DataFrame(schema={**SCHEMA, "by": self._by_dtype})
        else:
            windows, numbered = lay_windows(events, self.every)
            table = anomaly_table(list(self._scores(numbered, windows)), self._forest, windows, self._by_dtype)
        return table.rename({"by": self.by}) if self.by else table.drop("by")

    def _scores(self, numbered: pl.DataFrame, windows: Windows) -> Iterator[WindowScores]:
        profiles = {profile.value: profile for profile in self._profiles}
        names = {value: profile.feature_names for value, profile in profiles.items()}
        for features in read_named_features(numbered, windows.count, names, self._templates):
            profile = profiles.get(features.value) or unknown_profile(features.value)
            yield _score_windows(features, windows, profile, has_learnt=self.windows >= MIN_WINDOWS)

    def save(self, path: str | Path) -> Path:
        """Write the model to a file (JSON, nothing that runs when read), and return its path.

        A file that is there is replaced as a whole: on a full disk it stays as it was.

        Example: fit_anomalies(logs).save("usual.json")
        """
        target = Path(path)
        content = {
            "format": FORMAT,
            "every_us": self.every // timedelta(microseconds=1),
            "by": self.by,
            "by_is_text": isinstance(self._by_dtype, pl.String),
            "windows": self.windows,
            "templates": self._templates.to_list(),
            "forest": None if self._forest is None else _forest_to_json(self._forest),
            "profiles": [_profile_to_json(profile) for profile in self._profiles],
        }
        replace_text(target, json.dumps(content, allow_nan=True))
        return target

    @classmethod
    def load(cls, path: str | Path) -> AnomalyModel:
        """Read a model that `save` wrote; it scores as the one that was saved.

        Raises SourceNotFoundError, and InvalidArgumentError for a file that is not such a model.

        Example: AnomalyModel.load("usual.json").score(logs)
        """
        try:
            content = json.loads(Path(path).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise SourceNotFoundError(f"There is no file {str(path)!r}. Hint: save a model there first.") from None
        except ValueError:
            content = None
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise InvalidArgumentError(
                f"{str(path)!r} is not an anomaly model of this version. Hint: fit the model again and save it."
            )
        return cls(
            every=timedelta(microseconds=content["every_us"]),
            by=content["by"],
            windows=content["windows"],
            _profiles=tuple(_profile_from_json(fields) for fields in content["profiles"]),
            _templates=pl.Series(content["templates"], dtype=pl.String),
            _forest=None if content["forest"] is None else _forest_from_json(content["forest"]),
            _by_dtype=pl.String() if content["by_is_text"] else pl.Int64(),
        )

    def __repr__(self) -> str:
        """Return what the model was learnt from."""
        split = f", by {self.by}: {len(self._profiles)}" if self.by else ""
        return f"AnomalyModel({self.windows} windows of {self.every}{split})"


def fit_anomalies(logs: Frame, *, every: str | timedelta = "5m", by: str | None = None, seed: int = 0) -> AnomalyModel:
    """Learn what is usual in the logs, to score other windows against it.

    The same features, detectors and threshold as in `detect_anomalies`, but every window is compared with what was
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
    events = _with_storable_values(read_events(logs, by))
    windows_learnt, profiles, summaries = 0, [], []
    forest, templates = None, pl.Series([], dtype=pl.String)
    if not events.is_empty():
        windows, numbered = lay_windows(events, length)
        for features in read_features(numbered, windows.count):
            profile, scores = learn_profile(features, windows)
            factor = float(overdispersion_factors(maximum_surprisal(scores)[:, None], QUIET_SHARE)[0])
            profiles.append(replace(profile, window_factor=factor))
            summaries.append(summarize_for_forest(scores))
        windows_learnt, forest = windows.count, WindowForest.fit(summaries, seed)
        templates = numbered["template"].unique().sort()
    return AnomalyModel(
        every=length, by=by, windows=windows_learnt, _profiles=tuple(profiles), _templates=templates, _forest=forest,
        _by_dtype=events.schema["by"],
    )  # fmt: skip


def _with_storable_values(events: pl.DataFrame) -> pl.DataFrame:
    """Return the events with values of `by` that JSON can keep: whole numbers or text."""
    return events.with_columns(pl.col("by").cast(pl.Int64 if events.schema["by"].is_integer() else pl.String))


def _score_windows(features: Features, windows: Windows, profile: Profile, *, has_learnt: bool) -> WindowScores:
    """Return the scores of the windows of one value; without surprisal if the model has learnt from too little."""
    scores = score_features(features, windows, profile)
    factor = profile.window_factor if has_learnt else 0.0
    return window_scores(features, scores, maximum_surprisal(scores) * factor)


def _profile_to_json(profile: Profile) -> dict[str, Any]:
    fields = {name: getattr(profile, name) for name in _PLAIN_FIELDS}
    return fields | {name: getattr(profile, name).tolist() for name in _ARRAY_FIELDS}


def _profile_from_json(fields: dict[str, Any]) -> Profile:
    names, duration_names = len(fields["names"]), len(fields["duration_names"])
    shapes = {"low": (-1, names), "middle": (-1, names), "high": (-1, names),
              "log_durations": (-1, duration_names), "log_spread": (-1,), "feature_factors": (-1,)}  # fmt: skip
    arrays = {name: np.array(fields[name], dtype=float).reshape(shape) for name, shape in shapes.items()}
    return Profile(**{**fields, **arrays})


def _forest_to_json(forest: WindowForest) -> dict[str, Any]:
    return {
        "sample": forest.sample.tolist(),
        "seed": forest.seed,
        "scores": forest.scores,
        "surprisals": forest.surprisals,
    }


def _forest_from_json(fields: dict[str, Any]) -> WindowForest:
    scores, surprisals = tuple(fields["scores"]), tuple(fields["surprisals"])
    return WindowForest(sample=np.array(fields["sample"]), seed=fields["seed"], scores=scores, surprisals=surprisals)
