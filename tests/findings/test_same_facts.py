"""Facts that are told once, at the edges of the thresholds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from loganalytics.findings.cause_sentences import Cause
from loganalytics.findings.same_facts import Mask, drop_named_culprits, fold_same_facts

HOUR = timedelta(hours=1)


def cause(title: str, **columns: Any) -> Cause:
    """Return a cause of 100 events in an hour, of which none is usual: an error of the service web."""
    values = {
        "role": "cause", "kind": "new_error", "detail": "", "score": 1.0, "services": ("web",), "events": 100,
        "baseline_rate": 0.0, "incident_rate": 100 / 60, "field": "error.problem", "value": title,
    }  # fmt: skip
    return Cause(title=title, **{**values, **columns})


def change(title: str, **columns: Any) -> Cause:
    """Return a consequence: a value of a field that became more frequent."""
    return cause(title, **{"role": "consequence", "kind": "more", "field": "level", **columns})


def fall(title: str, before: int = 100, after: int = 0, **columns: Any) -> Cause:
    """Return a consequence: a message that came so often an hour, and came less often."""
    rates = {"baseline_rate": before / 60, "incident_rate": after / 60, "events": after, "is_over": True}
    kind = "fewer" if after else "gone"
    return change(title, **{"kind": kind, "field": "template", "template_id": title, **rates, **columns})


def rows(*spans: tuple[int, int]) -> Mask:
    """Return which of 400 events are behind something."""
    mask = np.zeros(400, dtype=bool)
    for start, end in spans:
        mask[start:end] = True
    return mask


def titles(*causes: tuple[Cause, Mask]) -> list[str]:
    """Return the titles of what is left."""
    return [one.title for one in fold_same_facts([one for one, _ in causes], [mask for _, mask in causes], HOUR)]


@pytest.mark.parametrize(("shared", "kept"), [(80, ["error"]), (79, ["error", "host"])])
def test_causes_of_the_same_events_are_one(shared: int, kept: list[str]) -> None:
    """80 of 100 events that either has are events of both; who is to blame goes, also when it comes first."""
    host = cause("host", kind="culprit", field="host.name")
    error = (cause("error"), rows((0, shared)))
    assert titles(error, (host, rows((0, 100)))) == kept
    assert titles((host, rows((0, 100))), error) == sorted(kept, reverse=True)


@pytest.mark.parametrize(("told", "kept"), [(80, ["a", "b"]), (79, ["a", "b", "level"])])
def test_what_errors_account_for_is_not_told_again(told: int, kept: list[str]) -> None:
    """Of 100 events more than usual, 80 are those of two errors."""
    level = (change("level"), rows((0, 100), (200, 400)))
    assert titles((cause("a"), rows((0, 40))), (cause("b"), rows((40, told))), level) == kept


def test_requests_that_failed_with_a_status_are_told_with_their_endpoints() -> None:
    """The status alone is within them; requests that are not named by an endpoint stay."""
    requests = (cause("requests", kind="failed_requests"), rows((0, 100)))
    status = cause("with 502", kind="failed_requests", field="status")
    assert titles(requests, (status, rows((0, 50)))) == ["requests"]
    assert titles(requests, (status, rows((80, 180)))) == ["requests", "with 502"]


def test_what_fell_because_other_values_rose_is_the_other_side_of_it() -> None:
    """What answered with 503 did not answer with 200; a message that is gone is a fact of its own."""
    failed = (cause("failed", events=80), rows((0, 80)))
    fallen = (fall("status = 200", field="status"), rows((200, 300)))
    assert titles(failed, fallen) == ["failed"]
    assert titles((cause("failed", events=79), rows((0, 79))), fallen) == ["failed", "status = 200"]
    assert titles(failed, (fall("saved"), rows((200, 300)))) == ["failed", "saved"]


def test_what_a_silent_service_does_not_say_is_not_told() -> None:
    """Its messages, and what is fewer in all because of it."""
    silence = (cause("silent", kind="silence", is_over=True, events=0, field="service"), rows((200, 300)))
    in_all = (fall("in all", 200, 100, field=None), rows((200, 400)))
    assert titles(silence, (fall("sent"), rows((200, 250))), in_all) == ["silent"]
    assert titles(in_all) == ["in all"]


def test_messages_that_fell_account_for_the_fall_of_fields() -> None:
    """All that fell within them; two of one service are told as one, and how."""
    messages = [(fall("a"), rows((200, 300))), (fall("b", 100, 10), rows((300, 400)))]
    in_all = (fall("in all", 200, 10, field="logger"), rows((200, 400)))
    assert titles(*messages, in_all) == ["web: “a” and “b” became rare"]
    others = [(fall(name, services=(name,)), mask) for name, (_, mask) in zip("ab", messages, strict=True)]
    assert titles(*others) == ["a", "b"]


def test_messages_that_are_told_as_one_lead_to_all_their_events() -> None:
    """By their templates; of more than two the others are counted."""
    falls = [fall(name) for name in "abc"]
    (joined,) = fold_same_facts(falls, [rows((200 + 10 * i, 210 + 10 * i)) for i in range(3)], HOUR)
    assert joined.title == "web: “a”, “b” and 1 more gone"
    assert (joined.values, joined.template_id, joined.baseline_rate) == (("a", "b", "c"), None, 5.0)


def test_durations_repeat_nothing() -> None:
    """An endpoint may fail and be slow."""
    slow = cause("slow", kind="slower", field="duration_ms")
    assert titles((cause("failed"), rows((0, 100))), (slow, rows((0, 100)))) == ["failed", "slow"]


def test_culprits_that_causes_name_are_not_told_again() -> None:
    """Nor what has the same in common, nor what is the same events as they are; another address is."""
    addresses = [cause(name, kind="culprit", field="client.ip") for name in ("10.0.0.7", "curl", "ip", "10.0.0.8")]
    masks = [rows((0, 50)), rows((0, 100)), rows((10, 100)), rows((0, 90)), rows((200, 300))]
    named = ("client.ip", "10.0.0.7", 1.0)
    common = [[named], [], [], [named], []]
    left = drop_named_culprits([cause("error"), *addresses], masks, common)
    assert [one.title for one in left] == ["error", "10.0.0.8"]
