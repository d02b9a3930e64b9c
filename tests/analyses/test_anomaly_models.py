"""A kept model scores a window alone as in a batch, and after it was saved and loaded."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from loganalytics.analyses.anomalies.model import AnomalyModel, fit_anomalies
from loganalytics.exceptions import InvalidArgumentError, SourceNotFoundError
from loganalytics.schema import conform, empty

START = datetime(2025, 1, 6, tzinfo=UTC)


def _week(days: int = 4, seed: int = 0) -> pl.DataFrame:
    """Return the logs of two services: a rhythm by day, a batch at two o'clock, durations."""
    rng = np.random.default_rng(seed)
    minutes = np.arange(days * 1440)
    rate = 2 + 1.5 * np.sin(minutes / 1440 * 2 * np.pi) + 20 * ((minutes % 1440 >= 120) & (minutes % 1440 < 130))
    at = np.repeat(minutes, rng.poisson(rate)) * 60.0
    return conform(
        pl.DataFrame(
            {
                "timestamp": [START + timedelta(seconds=float(s)) for s in at + rng.random(len(at)) * 60],
                "message": "served",
                "template": "served",
                "template_id": "a",
                "level": "INFO",
                "severity_number": 9,
                "service": rng.choice(["web", "api"], len(at)),
                "duration_ms": 50 * rng.lognormal(0, 0.3, len(at)),
            }
        )
    )


def _failures(at: datetime) -> pl.DataFrame:
    rows = {"timestamp": [at + timedelta(seconds=n) for n in range(60)], "message": "refused", "template": "refused"}
    same = {"template_id": "b", "level": "ERROR", "severity_number": 17, "service": "web"}
    return conform(pl.DataFrame(rows).with_columns(**{name: pl.lit(value) for name, value in same.items()}))


LOGS = _week()
NOON = START + timedelta(days=3, hours=12)
FAILED = pl.concat([LOGS, _failures(NOON)], how="diagonal_relaxed")


@pytest.mark.parametrize("by", [None, "service"])
def test_a_window_alone_scores_as_in_a_batch(by: str | None) -> None:
    """The failed one, an ordinary one and the nightly batch."""
    model = fit_anomalies(LOGS, by=by)
    scored = model.score(FAILED)
    for at in (NOON, NOON + timedelta(minutes=30), START + timedelta(days=2, hours=2)):
        inside = pl.col("timestamp").is_between(at, at + timedelta(minutes=5), closed="left")
        assert_frame_equal(model.score(FAILED.filter(inside)), scored.filter(pl.col("window") == at))


def test_what_was_saved_scores_the_same(tmp_path: Path) -> None:
    """By service, with the forest."""
    model = fit_anomalies(FAILED, by="service")
    loaded = AnomalyModel.load(model.save(tmp_path / "usual.json"))
    assert_frame_equal(loaded.score(FAILED), model.score(FAILED))
    assert repr(loaded) == repr(model) == "AnomalyModel(1152 windows of 0:05:00, by service: 2)"


def test_new_failures_are_found_and_the_nightly_batch_is_usual() -> None:
    """The day after, against the days before."""
    model = fit_anomalies(LOGS.filter(pl.col("timestamp") < START + timedelta(days=3)))
    anomalies = model.score(FAILED.filter(pl.col("timestamp") >= START + timedelta(days=3))).filter("is_anomaly")
    assert NOON in anomalies["window"].to_list()
    assert anomalies.height <= 4
    texts = [reason["text"] for reason in anomalies.filter(pl.col("window") == NOON)["reasons"].item().to_list()]
    assert any(text.startswith("events of kinds never seen before: 60") for text in texts)


def test_a_service_that_is_gone_is_silent() -> None:
    """It is in the model and not in the logs."""
    model = fit_anomalies(LOGS, every="15m", by="service")
    hour = pl.col("timestamp").is_between(NOON - timedelta(hours=6), NOON - timedelta(hours=5))
    table = model.score(LOGS.filter(hour & (pl.col("service") == "web")))
    silent = table.filter((pl.col("service") == "api") & pl.col("is_anomaly"))
    assert silent.height >= 3
    assert silent["reasons"][0][0]["feature"] == "events"


def test_a_new_service_is_scored_by_its_totals() -> None:
    """Nothing is usual for it."""
    table = fit_anomalies(LOGS, by="service").score(_failures(NOON).with_columns(service=pl.lit("mailer")))
    assert table.filter(pl.col("service") == "mailer")["is_anomaly"].all()


@pytest.mark.parametrize("rows", [0, 1, 5])
def test_little_to_learn_from_finds_nothing(rows: int) -> None:
    """No event, one, a few."""
    model = fit_anomalies(LOGS.head(rows))
    assert not model.score(FAILED.head(500))["is_anomaly"].any()
    assert model.score(empty()).is_empty()


@pytest.mark.parametrize(("windows", "is_found"), [(11, False), (12, True)])
def test_a_model_of_fewer_than_twelve_windows_finds_nothing(windows: int, is_found: bool) -> None:
    """It has seen too little to say what is usual."""
    model = fit_anomalies(LOGS.filter(pl.col("timestamp") < START + windows * timedelta(minutes=5)))
    assert model.windows == windows
    assert model.score(_failures(NOON))["is_anomaly"].any() == is_found


def test_slips_are_named(tmp_path: Path) -> None:
    """No such file, and a file that is no model."""
    with pytest.raises(SourceNotFoundError, match=r"usual\.json"):
        AnomalyModel.load(tmp_path / "usual.json")
    (tmp_path / "other.json").write_text('{"format": "other"}')
    with pytest.raises(InvalidArgumentError, match=r"other\.json"):
        AnomalyModel.load(tmp_path / "other.json")


@pytest.mark.parametrize("year", [1970, 2099])
def test_an_event_dated_years_away_is_left_out(year: int) -> None:
    """In what is learnt from and in what is scored."""
    odd = LOGS.head(1).with_columns(timestamp=pl.lit(datetime(year, 6, 1, tzinfo=UTC)).cast(LOGS.schema["timestamp"]))
    with pytest.warns(UserWarning, match="dated years away"):
        model = fit_anomalies(pl.concat([LOGS, odd]))
    assert model.windows == fit_anomalies(LOGS).windows
    with pytest.warns(UserWarning, match="dated years away"):
        table = model.score(pl.concat([FAILED, odd]))
    assert_frame_equal(table, model.score(FAILED))


def test_odd_logs_are_learnt_from() -> None:
    """One window, no times, all times equal, no levels, days without an event, a clock that jumps back."""
    first_window = LOGS.filter(pl.col("timestamp") < START + timedelta(minutes=5))
    no_times = LOGS.with_columns(timestamp=pl.lit(None, LOGS.schema["timestamp"]))
    at_once = LOGS.with_columns(timestamp=pl.lit(START).cast(LOGS.schema["timestamp"]))
    for logs in (first_window, no_times, at_once):
        assert not fit_anomalies(logs).score(FAILED)["is_anomaly"].any()
        assert fit_anomalies(LOGS).score(logs).height == min(logs["timestamp"].drop_nulls().len(), 1)
    bare = FAILED.with_columns(pl.lit(None, FAILED.schema[name]).alias(name) for name in ("level", "severity_number"))
    assert NOON in fit_anomalies(bare.filter(pl.col("message") == "served")).score(bare).filter("is_anomaly")["window"]
    gap = LOGS.filter(~pl.col("timestamp").is_between(START + timedelta(days=1), START + timedelta(days=3)))
    assert fit_anomalies(gap).windows == 1152
    jumped = pl.concat([FAILED.slice(9000), FAILED.head(9000)])
    assert_frame_equal(fit_anomalies(jumped).score(jumped), fit_anomalies(FAILED).score(FAILED))
