"""Invented systems whose runs, sessions and traces are labelled: what is usual in each, and what goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

Rng = np.random.Generator
Steps = list[str]


@dataclass(frozen=True, kw_only=True)
class System:
    """What a healthy sequence and a troubled one look like.

    Attributes:
        usual: makes a healthy sequence.
        troubled: makes one that went wrong.
    """

    usual: Callable[[Rng], Steps]
    troubled: Callable[[Rng], Steps]


def generate(name: str, sequences: int, share: float, seed: int) -> tuple[pl.DataFrame, np.ndarray]:
    """Return the events (session, template_id) of a system, and which of its sequences are troubled, by number."""
    rng = np.random.default_rng([seed, sequences, round(share * 1000), sorted(SYSTEMS).index(name)])
    system = SYSTEMS[name]
    is_troubled = np.zeros(sequences, bool)
    is_troubled[rng.choice(sequences, round(sequences * share), replace=False)] = True
    runs = [(system.troubled if bad else system.usual)(rng) for bad in is_troubled]
    steps = pl.DataFrame({"session": range(sequences), "template_id": runs}, schema_overrides={"session": pl.Int64})
    return steps.explode("template_id"), is_troubled


def _chance(rng: Rng, probability: float) -> bool:
    return bool(rng.random() < probability)


def _pick(rng: Rng, *options: str) -> str:
    return options[int(rng.integers(len(options)))]


def _zipf(rng: Rng, prefix: str, kinds: int, number: int) -> Steps:
    """Return events of many kinds, a few of which make up most."""
    weights = 1 / np.arange(1, kinds + 1)
    return [f"{prefix}{kind}" for kind in rng.choice(kinds, number, p=weights / weights.sum())]


def _interleave(rng: Rng, *threads: Steps) -> Steps:
    """Return the steps of several threads in one order, each thread's own order kept."""
    owner = rng.permutation(np.repeat(np.arange(len(threads)), [len(thread) for thread in threads]))
    rest = [iter(thread) for thread in threads]
    return [next(rest[number]) for number in owner]


def _block(rng: Rng) -> Steps:
    replica = ["receiving", "received", "ack"]
    written = _interleave(rng, replica, replica, replica, ["allocate"], ["stored"] * 3)
    served = ["served"] * int(rng.geometric(0.4) - 1) + ["verify"] * int(_chance(rng, 0.2))
    copied = ["copy", "receiving", "received", "stored"] if _chance(rng, 0.03) else []
    return [*written, *served, *copied, *(["delete"] * 3 if _chance(rng, 0.6) else [])]


def _broken_block(rng: Rng) -> Steps:
    block = _block(rng)
    match int(rng.integers(5)):
        case 0:
            return ["allocate", "receiving"][: int(rng.integers(1, 3))]
        case 1:
            return [*block[:7], "exception in receiving", "broken pipe", *block[9:]]
        case 2:
            return [*block, "redundant add", "redundant add"]
        case 3:
            return [step for step in block if step != "stored"] + ["delete of unknown block"]
        case _:
            return [*block, *["serve failed", "retry"] * int(rng.integers(1, 5))]


def _node(rng: Rng) -> Steps:
    """Sessions of the nodes of a supercomputer: heavy-tailed lengths, many kinds of noise."""
    length = int(np.clip(rng.lognormal(2.3, 0.9), 1, 400))
    return _zipf(rng, "info", 60, length)


def _failing_node(rng: Rng) -> Steps:
    fatal = _pick(rng, "data TLB error", "machine check", "ciod: lost link", "torus retransmission")
    kinds = [fatal] if _chance(rng, 0.6) else [fatal, "rts panic", "kernel terminated"]
    return [*_node(rng)[: int(rng.integers(1, 30))], *kinds * int(rng.integers(1, 20))]


def _cluster(rng: Rng) -> Steps:
    """Windows of a machine's syslog: nearly all are the same few lines."""
    beat = ["cron start", "cron end"] * int(rng.integers(1, 3))
    return [
        *beat,
        *(["dhcp request", "dhcp ack"] if _chance(rng, 0.3) else []),
        *(["ntp"] if _chance(rng, 0.1) else []),
    ]


def _bad_cluster(rng: Rng) -> Steps:
    return [*_cluster(rng), *[_pick(rng, "VAPI error", "scsi rejected", "ib link down")] * int(rng.geometric(0.2))]


def _disk(rng: Rng) -> Steps:
    return [*_zipf(rng, "daemon", 25, int(rng.integers(15, 25)))]


def _bad_disk(rng: Rng) -> Steps:
    return [*_disk(rng), *["hda: drive not ready", "hda: status timeout"] * int(rng.integers(2, 60))]


_BOOT = [f"instance step {number}" for number in range(18)]


def _instance(rng: Rng) -> Steps:
    """Instances of a cloud: all alike but for a few optional steps."""
    steps = [*_BOOT]
    if _chance(rng, 0.5):
        steps.insert(9, "image cached")
    return [*steps, *(["claim adjusted"] * int(rng.integers(0, 3)))]


def _bad_instance(rng: Rng) -> Steps:
    steps = _instance(rng)
    match int(rng.integers(3)):
        case 0:
            return steps[: int(rng.integers(4, 14))]
        case 1:
            return [*steps[:12], "libvirt: destroyed during build", *steps[15:]]
        case _:
            return [*steps[:10], *["waiting for network"] * int(rng.integers(2, 8)), *steps[10:]]


def _job(rng: Rng) -> Steps:
    """Containers of data jobs: long, of lengths that differ much."""
    maps = int(rng.integers(20, 120))
    noise = _zipf(rng, "heartbeat", 12, int(rng.integers(5, 40)))
    return ["setup", *_interleave(rng, ["map start", "map progress", "map done"] * maps, noise), "commit", "cleanup"]


def _bad_job(rng: Rng) -> Steps:
    steps = _job(rng)
    cut = int(len(steps) * rng.uniform(0.3, 0.95))
    match int(rng.integers(3)):
        case 0:
            return [*steps[:cut], *["connect retry"] * int(rng.integers(5, 50)), "node lost", "attempt killed"]
        case 1:
            return [*steps[:cut], "no space left on device", "spill failed", "attempt failed"]
        case _:
            return [*steps[:cut], *["failed to renew lease"] * int(rng.integers(2, 30)), *steps[cut:]]


_LINKS = {
    "home": ("list", "search", "login"),
    "list": ("item", "item", "list", "home"),
    "item": ("cart", "list", "item"),
    "search": ("item", "search", "list"),
    "login": ("home", "account"),
    "account": ("home", "item"),
    "cart": ("pay", "list", "item"),
    "pay": ("thanks",),
    "thanks": ("home",),
}


def _visit(rng: Rng) -> Steps:
    """Sessions of a shop: a walk of any length."""
    steps = ["home"]
    while len(steps) < 60 and not _chance(rng, 0.12):
        steps.append(_pick(rng, *_LINKS[steps[-1]]))
    return steps


def _attack(rng: Rng) -> Steps:
    match int(rng.integers(3)):
        case 0:
            return ["home", *["login", "login failed"] * int(rng.integers(4, 40))]
        case 1:
            return [f"probe {number}" for number in rng.choice(15, int(rng.integers(4, 12)), replace=False)]
        case _:
            return [*_visit(rng), "pay", *["payment error", "retry"] * int(rng.integers(2, 6))]


_STAGES = [f"{stage} {what}" for stage in ("fetch", "build", "test", "package", "deploy") for what in ("start", "done")]


def _pipeline(rng: Rng) -> Steps:
    """Runs of a pipeline: one order, a warning now and then."""
    return [step for stage in _STAGES for step in ([stage, "warning"] if _chance(rng, 0.05) else [stage])]


def _failed_pipeline(rng: Rng) -> Steps:
    cut = 2 * int(rng.integers(5)) + 1
    return [*_pipeline(rng)[:cut], f"{_STAGES[cut - 1]} failed", "abort", "notify"]


def _request(rng: Rng) -> Steps:
    """Traces through services: one of four routes, each with optional calls."""
    route = int(rng.choice(4, p=[0.55, 0.3, 0.1, 0.05]))
    calls = [f"r{route} call {number}" for number in range(3 + route) if _chance(rng, 0.85)]
    return ["gateway", "auth", *calls, *(["cache miss", "db read"] if _chance(rng, 0.3) else ["cache hit"]), "reply"]


def _failed_request(rng: Rng) -> Steps:
    steps = _request(rng)[:-1]
    if _chance(rng, 0.5):
        return [*steps, *["upstream timeout", "retry"] * int(rng.integers(1, 4)), "reply 504"]
    return [*steps[: int(rng.integers(2, 4))], _pick(rng, "null pointer", "bad token", "pool exhausted"), "reply 500"]


def _cron(rng: Rng) -> Steps:
    """The same three lines, always."""
    return ["begin", "work", "end"]


def _failed_cron(rng: Rng) -> Steps:
    return ["begin", "work"] if _chance(rng, 0.3) else ["begin", "work", "disk full"]


def _order(rng: Rng) -> Steps:
    """Orders of which some kinds are rare but right."""
    kind = int(rng.choice(5, p=[0.6, 0.25, 0.1, 0.03, 0.02]))
    flow = [["placed", "paid", "packed", "sent"], ["placed", "invoice", "packed", "sent", "paid"],
            ["placed", "paid", "download"], ["placed", "paid", "packed", "sent", "returned", "refund"],
            ["placed", "paid", "packed", "customs", "sent"]][kind]  # fmt: skip
    return [step for step in flow for _ in range(1 + int(_chance(rng, 0.04)))]


def _bad_order(rng: Rng) -> Steps:
    steps = _order(rng)
    if _chance(rng, 0.5):
        return [steps[0], *["card declined"] * int(rng.integers(1, 6)), "cancelled"]
    return [*steps[:2], _pick(rng, "stock mismatch", "address invalid"), *["manual review", *steps[2:]]]


def _device(rng: Rng) -> Steps:
    """Devices: counts of a few readings, by chance."""
    kinds = {"temperature": 20, "humidity": 12, "battery": 3, "reconnect": 0.5, "resync": 0.1}
    counts = {name: int(rng.poisson(mean)) for name, mean in kinds.items()}
    return list(rng.permutation(["hello", *[name for name, number in counts.items() for _ in range(number)]]))


def _bad_device(rng: Rng) -> Steps:
    steps = _device(rng)
    if _chance(rng, 0.4):
        return [*steps, *["reconnect"] * int(rng.integers(15, 60))]
    return [*steps[: int(rng.integers(1, 8))], *["sensor fault"] * int(rng.integers(1, 4))]


SYSTEMS = {
    "blocks": System(usual=_block, troubled=_broken_block),
    "nodes": System(usual=_node, troubled=_failing_node),
    "cluster": System(usual=_cluster, troubled=_bad_cluster),
    "disks": System(usual=_disk, troubled=_bad_disk),
    "instances": System(usual=_instance, troubled=_bad_instance),
    "jobs": System(usual=_job, troubled=_bad_job),
    "visits": System(usual=_visit, troubled=_attack),
    "pipelines": System(usual=_pipeline, troubled=_failed_pipeline),
    "requests": System(usual=_request, troubled=_failed_request),
    "cron": System(usual=_cron, troubled=_failed_cron),
    "orders": System(usual=_order, troubled=_bad_order),
    "devices": System(usual=_device, troubled=_bad_device),
}
