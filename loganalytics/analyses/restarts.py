"""When services were started, stopped, reloaded or deployed, or crashed, as their logs say it."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from loganalytics.filters.expressions import time_range_filter
from loganalytics.schema import Frame, is_error, lazy

MAX_PAUSE = timedelta(minutes=1)  # between the lines of one restart: a stop, a start, eight workers that boot
MIN_ROUTINE = 3  # restarts before a time range that show that a service is restarted regularly
MAX_ROUTINE_INTERVAL = timedelta(hours=2)  # the median between them; of such a service a restart is no news
ROUTINE_PERIOD = timedelta(days=2)  # before the range, in which these are looked for

_PROGRAMS = (
    "gunicorn|uvicorn|hypercorn|nginx|apache|celery|redis|postgresql|mysqld?|mariadbd?|mongod(?:b|os)?|kafka|haproxy"
    "|tomcat|jetty|puma|unicorn|sidekiq|kestrel|rabbitmq|elasticsearch|opensearch|consul|etcd|envoy|traefik|caddy"
    "|prometheus|grafana|zookeeper"
)

# What says it, by kind; of the lines of one restart, the first kind in this order is quoted.
_PATTERNS = {
    "crash": (
        r"\bout of memory: kill(?:ed)? process|\boom-kill(?:er|:)|\boomkilled\b|\bmemory cgroup out of memory"
        r"|\b(?:killed|terminated|exited) (?:on|by|with) signal\b|\bsegfault at\b|\bsegmentation fault\b"
        r"|\bworker \S*(?: \S+){0,4} was sent sig(?:kill|segv|abrt)|\bworker timeout \(pid|\bmain process exited\b"
        r"|\bback-off restarting failed container\b|\bexited: \S+ \(.*not expected\)|\bsignal: killed\b|\bcore dumped\b"
    ),
    "deploy": (
        r"\b(?:deploy(?:ing|ed)|roll(?:ing|ed)[ -](?:out|back)|promot(?:ing|ed)) .*"
        r"\b(?:release|version|revision|build|image|tag|commit|sha|branch|v?\d+\.\d+|[0-9a-f]{7,40})\b"
        r"|\bdeploy(?:ment|ing)?\b.*\b(?:started|finished|complete[ds]?|succe\w+|done|rolled out|to prod\w*)\b"
        r"|\b(?:release|version|revision|build) \S+ (?:has been |was |is )?(?:deployed|released|rolled out|live)\b"
        r"|\bscaled (?:up|down) replica ?set\b|successfully pulled image"
        r"|(?:开始|正在)?(?:部署|发布|回滚)(?:新?版本|到生产|完成|成功|开始)|版本\S+(?:发布|上线|部署)"
    ),
    "version": (
        r"\b(?:start(?:ing|ed)?|boot(?:ing|ed)?|running|launch(?:ing|ed)|upgrad(?:ing|ed)|updat(?:ing|ed) to)\b"
        rf"(?: \S+){{0,4}}?(?: v\d+\.\d|[ :=]version[ :=]*v?\d+\.\d| v?\d+\.\d+\.\d+(?:[-+]\S+)?(?:[ ,)]|$)"
        rf"| (?:{_PROGRAMS})[ /:]v?\d+\.\d)"
        rf"|\b(?:{_PROGRAMS}|version|build|release)[ :=/]+v?\d+\.\d+\S* (?:is )?(?:start|running|boot|ready)"
        r"|^linux version \d"
    ),
    "reload": (
        r"\bsighup\b|\bsignal 1\b|\breload(?:ing|ed) (?:\w+ ){0,2}config|\bconfig\w* (?:\w+ )?(?:was |been )*reload"
        r"|\breconfiguring\b|重新加载|重载配置"
    ),
    "start": (
        r"\bbooting worker\b|\bworkers? (?:booted|restarted|forked)\b|\bnew worker \(|^restarting\b"
        r"|\bstarted server process\b|\bapplication (?:startup complete|(?:successfully )?started)\b"
        r"|\b(?:now )?listening (?:on|at)\b|\blisten(?:s|ing)? (?:on )?(?:tcp|http|port|\[::\]|0\.0\.0\.0)"
        r"|\b\w*(?:server|service|daemon|broker|worker|app|application|instance|engine|container|master)(?: \S+){0,3} "
        r"(?:was |has |is |successfully |been )*(?:started|starting|starts|restarted|restarting|running|ready"
        r"|up and running|booted|launched)(?: (?:on|at|in|up|with|successfully|as|after|using|by|pid)\b|[.!:(]|$)"
        r"|\b(?:re)?(?:starting|started|booting|launching)(?: the| up)? (?:\S+ )?"
        rf"(?:server|service|daemon|broker|node|workers?|worker processes|app|application|instance|engine|process"
        rf"|container|master|{_PROGRAMS})(?: (?:process|on|at|with|for|in|pid|using|as)\b|[.!:(]|\.\.\.|$)"
        rf"|\b(?:{_PROGRAMS}) (?:is |was |has been )?(?:re)?start(?:ed|ing)\b|\bstart(?:ing|ed)? worker process"
        r"|\bready (?:to accept|for) connections\b|\bwaiting for connections\b|\bserver initialized\b"
        r"|\b(?:uvicorn )?running on https?://|\bstarted \w+ in [\d.]+ ?s(?:econds)?\b|\bspawned: "
        r"|entered running state"
        r"|\bstarted \S+\.service\b|\bcelery@\S+ ready\b|\bprocess (?:re)?started(?:[.:!]|$)|^(?:re)?started\.?$"
        r"|(?:服务|应用|系统|进程|程序|服务器|节点)\S{0,10}(?:启动|重启)|(?:启动|重启)(?:成功|完成|服务)|正在(?:启动|重启)|监听端口"
    ),
    "stop": (
        r"\bsig(?:term|int|quit)\b|\breceived signal (?:15|2|3)\b|\brequested shutdown\b"
        r"|\bhandling signal: (?:term|int|quit)\b|\b(?:warm|cold|fast|smart|graceful) shutdown\b"
        r"|\bshutting down(?:[.:!,]|$| (?:the )?(?:server|service|application|gracefully|now|on)\b)"
        r"|\bworker exiting\b|\bstopp(?:ing|ed) \S+\.service\b"
        r"|\b(?:server|service|daemon|worker|application|instance|database system) (?:is |was |has )?"
        r"(?:stopped|stopping|shut down)\b|(?:服务|应用|系统|进程)\S{0,10}(?:停止|关闭)(?:$|。|，|成功|完成|中)"
    ),
}  # fmt: skip

# One of these is in every line that says it: they are found much faster than the patterns.
_WORDS = (
    "start", "boot", "deploy", "roll", "promot", "releas", "version", "build", "listen", "sighup", "signal", "config",
    "ready", "running", "shut", "launch", "upgrad", "updat", "spawn", "sigterm", "sigint", "sigquit", "exit", "stop",
    "fork", "initialized", "waiting", "scaled", "pulled", "out of memory", "oom", "killed", "terminated", "segfault",
    "segmentation", "dumped", "sigkill", "sigsegv", "timeout", "back-off", "部署", "发布", "回滚", "版本", "加载",
    "重载", "启动", "重启", "监听", "停止", "关闭",
)  # fmt: skip

_SCHEMA = ("timestamp", "service", "kind", "message", "events", "source", "offset")
_EPISODE, _RANK = "\0episode", "\0rank"  # no field of a log can have such a name


def restarts(logs: Frame, start: datetime | None = None, end: datetime | None = None) -> pl.DataFrame:
    """Return the restarts, reloads, deployments, crashes and starts of new versions that logs tell, in order of time.

    Needs timestamp, severity_number, service, message, source and offset. Lines of one service within a minute of one
    another are one restart. Only those from `start` to before `end` are returned, if given; and none of a service that
    is restarted as a matter of routine: three times or more in the two days before `start`, every two hours or oftener.
    Errors, such as a start that failed, are left out, except for crashes.

    Returns timestamp (of the first line), service, kind (crash, deploy, version, reload, start, stop: the first of
    these that a line of it says), message (of that line), events (Int64, its lines), source and offset (of that line).

    Example:
        >>> logs = pl.DataFrame({
        ...     "timestamp": [datetime(2025, 1, 31, 14, 8, second) for second in (1, 4, 9)], "severity_number": 9,
        ...     "service": "api", "source": "api.log", "offset": ["1", "2", "3"],
        ...     "message": ["Handling signal: term", "Starting gunicorn 21.2.0", "Booting worker with pid: 17"]})
        >>> restarts(logs).select("kind", "message", "events").rows()
        [('version', 'Starting gunicorn 21.2.0', 3)]
    """
    frame = lazy(logs, "timestamp", "severity_number", "service", "message", "source", "offset")
    frame = frame.with_columns(pl.col("service").cast(pl.String))
    earliest = None if start is None else start - ROUTINE_PERIOD
    episodes = _episodes(frame.filter(time_range_filter(earliest, end) & pl.col("timestamp").is_not_null()))
    if start is None:
        return episodes
    inside, before = episodes.filter(pl.col("timestamp") >= start), episodes.filter(pl.col("timestamp") < start)
    return inside.join(_routine(before), on="service", how="anti", nulls_equal=True, maintain_order="left")


def _episodes(frame: pl.LazyFrame) -> pl.DataFrame:
    """Return one row a restart, of events that have a time."""
    lowered = pl.col("message").str.to_lowercase()
    kinds = [pl.when(lowered.str.contains(pattern)).then(rank) for rank, pattern in enumerate(_PATTERNS.values())]
    may_be = pl.col("message").str.contains_any(list(_WORDS), ascii_case_insensitive=True)
    lines = (
        frame.filter(may_be)
        .with_columns(pl.coalesce(*kinds).cast(pl.Int8).alias(_RANK))
        .filter(pl.col(_RANK).is_not_null() & (~is_error() | (pl.col(_RANK) == 0)))
        .sort("service", "timestamp", "source", nulls_last=True, maintain_order=True)
    )
    is_other = pl.col("service").ne_missing(pl.col("service").shift())
    is_start = is_other | (pl.col("timestamp").diff() > MAX_PAUSE)
    telling = pl.col(_RANK).arg_min()
    return (
        lines.with_columns(is_start.fill_null(value=True).cum_sum().alias(_EPISODE))
        .group_by(_EPISODE, maintain_order=True)
        .agg(
            *(pl.col(name).get(telling) for name in ("message", "source", "offset")),
            pl.col("service").first(),
            pl.col("timestamp").min(),
            kind=pl.col(_RANK).min().replace_strict(dict(enumerate(_PATTERNS)), return_dtype=pl.String),
            events=pl.len().cast(pl.Int64),
        )
        .select(_SCHEMA)
        .sort("timestamp", "service", nulls_last=True)
        .collect()
    )


def _routine(before: pl.DataFrame) -> pl.DataFrame:
    """Return the services that are restarted as a matter of routine."""
    interval = pl.col("timestamp").sort().diff().median()
    services = before.group_by("service").agg(restarts=pl.len(), interval=interval)
    is_routine = (pl.col("restarts") >= MIN_ROUTINE) & (pl.col("interval") <= MAX_ROUTINE_INTERVAL)
    return services.filter(is_routine).select("service")
