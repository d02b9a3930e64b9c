"""The table of envelopes, those that say more before those that say less."""

from __future__ import annotations

import polars as pl

from loganalytics.formats.envelopes.envelope import Envelope


def _json_string(string: pl.Expr) -> pl.Expr:
    """Undo JSON's escapes, those of \\u left to the JSON reader of the line within."""
    for escape, character in (("\\\"", '"'), ("\\t", "\t"), ("\\/", "/"), ("\\u001b", "\x1b"), ("\\u003c", "<"),
                              ("\\u003e", ">"), ("\\u0026", "&"), ("\\\\", "\\")):  # fmt: skip
        string = string.str.replace_all(escape, character, literal=True)
    return string


def _ruby_hash(string: pl.Expr) -> pl.Expr:
    """Write {"key"=>"value"} as JSON."""
    return string.str.replace_all(r'([{,] ?)"([^"]*)"=>', r'$1"$2":').str.replace_all(r'":nil\b', '":null')


_NAME = r"[A-Za-z0-9][\w.-]*"
_POD = r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?"
_CONTAINER = r"(?P<container.name>(?P<service>[a-z0-9](?:[a-z0-9-]*[a-z0-9])?))"
_LABEL = r'(?:(?:service_name|app|job|container|service)="(?P<service>[^"]*)"|\w+="(?:[^"\\]|\\.)*")'
_COMMAND = r"^##\[(?:error|warning|notice|debug)\]"

ENVELOPES: tuple[Envelope, ...] = (
    Envelope(
        name="Kubernetes CRI",
        pattern=r"^{zulu} (?P<log.iostream>stdout|stderr) (?P<partial>[FP])(?: |$)(?P<line>.*)$", goes_on="P",
    ),
    Envelope(
        name="Docker",
        pattern=r'^\{"log":"(?P<line>(?:[^"\\]|\\.)*?)(?:\\r)?(?P<partial>(?:\\n)?)", ?"stream":"'
        r'(?P<log.iostream>\w+)", ?(?:"attrs":(?P<container.attrs>\{[^}]*\}), ?)?"time":"(?P<timestamp>[^"]+)"\}$',
        inside=_json_string, goes_on="",
    ),
    Envelope(
        name="kubectl",
        pattern=rf"^\[pod/(?P<k8s.pod.name>{_POD})/{_CONTAINER}\] ?(?P<line>.*)$",
    ),
    Envelope(
        name="kail",
        pattern=rf"^(?P<k8s.namespace.name>{_POD})/(?P<k8s.pod.name>{_POD})\[{_CONTAINER}\]: ?(?P<line>.*)$",
    ),
    Envelope(
        name="stern",
        pattern=rf"^(?:(?P<k8s.namespace.name>{_POD}) (?:› )?)?(?P<k8s.pod.name>[a-z0-9][a-z0-9.-]*-[a-z0-9]{{6,10}}-"
        rf"[a-z0-9]{{5}}) (?:› )?{_CONTAINER} (?P<line>.*)$",
    ),
    Envelope(
        name="stern",
        pattern=rf"^(?P<k8s.pod.name>[a-z0-9][a-z0-9.-]*-(?:[a-z0-9]{{5}}|\d{{1,3}})) {_CONTAINER} (?P<line>.*)$",
        wraps_times=True,
    ),
    Envelope(
        name="kubetail",
        pattern=rf"^\[(?P<k8s.pod.name>(?P<service>{_POD})-[a-z0-9]{{6,10}}-[a-z0-9]{{5}})"
        rf"(?:[ :](?P<container.name>{_POD}))?\] (?P<line>.*)$",
    ),
    Envelope(
        name="Heroku",
        pattern=r"^{zulu} (?P<heroku.source>app|heroku)\[(?P<heroku.dyno>(?P<service>[\w-]+)(?:\.[\w.-]+)?)\]: ?"
        r"(?P<line>.*)$",
    ),
    Envelope(
        name="Cloud Foundry",
        pattern=r"^ *{iso} \[(?P<cloudfoundry.source>(?P<service>[A-Z]{2,5}(?:/[A-Z]+)*)(?:/[\w.-]+)*)\] "
        r"(?P<log.iostream>OUT|ERR) ?(?P<line>.*)$",
    ),
    Envelope(
        name="Fly.io",
        pattern=r"^{zulu} (?P<fly.source>(?P<service>app|runner|proxy|health|machine)\[(?P<host.id>\w+)\]) "
        r"(?P<cloud.region>[a-z]{3}) \[(?P<level>\w+)\] ?(?P<line>.*)$",
    ),
    Envelope(
        name="gh run view",
        pattern=r"^(?P<cicd.job.name>[^\t]+)\t(?P<cicd.step.name>[^\t]+)\t\x{FEFF}?{zulu}(?: |$)(?P<line>.*)$",
        level_mark=_COMMAND,
    ),
    Envelope(
        name="GitLab CI",
        pattern=r"^{zulu} (?P<cicd.stream>[0-9a-f]{2}(?P<log.iostream>[OE]))(?: |\+|$)(?P<line>.*)$",
    ),
    Envelope(
        name="GitHub Actions", pattern=r"^\x{FEFF}?{zulu}(?: |$)(?P<line>.*)$", level_mark=_COMMAND,
        proof=r"##\[(?:group|endgroup|section|error|warning|notice|debug|command|add-matcher)\]",
    ),
    Envelope(
        name="aws logs tail",
        pattern=r"^{iso} (?P<aws.log.stream.names>\d{4}/\d{2}/\d{2}/(?:(?P<service>[\w-]+))?\[[\w$]+\][0-9a-f]{8,32}"
        r"|[\w.-]+/[\w.-]+/[0-9a-f-]{32,36}) (?P<line>.*)$",
        wraps_records=True,
    ),
    Envelope(
        name="aws logs tail",
        pattern=r"^{iso} (?P<aws.log.stream.names>(?:(?P<service>[\w-]+)/)?[\w./-]*(?:/|\[\$?\w+\])[\w./\[\]$-]*) "
        r"(?P<line>.*)$",
        wraps_times=True, wraps_records=True,
    ),
    Envelope(
        name="logcli",
        pattern=rf"^{{iso}} (?P<loki.labels>\{{(?:{_LABEL},? ?)*\}}) (?P<line>.*)$", wraps_records=True,
    ),
    Envelope(
        name="fluentd",
        pattern=r"^{iso}[ \t](?P<fluent.tag>[\w.*-]+)(?:: |\t)(?P<line>\{.*\})$",
    ),
    Envelope(
        name="Fluent Bit",
        pattern=r"^\[\d+\] (?P<fluent.tag>[^\s:]+): \[\[?(?P<timestamp>1\d{9}(?:\.\d+)?)"
        r"(?:, (?P<fluent.metadata>\{.*?\})\])?, (?P<line>\{.*\})\]$",
        inside=_ruby_hash,
    ),
    Envelope(name="PM2", pattern=r"^(?P<pm2.id>\d+)\|(?P<service>[\w@./-]+) *\| ?(?P<line>.*)$"),
    Envelope(
        name="foreman",
        pattern=r"^(?P<timestamp>\d{2}:\d{2}:\d{2}(?: [AP]M)?) "
        r"(?P<process.name>(?P<service>[A-Za-z][\w-]*)(?:\.\d+)?) *\| ?(?P<line>.*)$",
    ),
    Envelope(
        name="docker service logs",
        pattern=rf"^(?P<container.name>(?P<service>{_NAME}?)\.\d+\.\w+)@(?P<host.name>[\w.-]+) *\| ?(?P<line>.*)$",
    ),
    Envelope(
        name="docker-compose",
        pattern=r"^\[?(?P<container.name>(?P<service>[A-Za-z0-9][\w.-]*?)(?:[-_]\d+)?)(?:\] *| +)[|│] ?(?P<line>.*)$",
    ),
    Envelope(name="TAI64N", pattern=r"^(?P<timestamp>@4[0-9a-f]{23}) (?P<line>.*)$", is_tai64n=True),
    Envelope(name="octet counts", pattern=r"^\d{1,6} (?P<line><\d{1,3}>1 .*)$"),
    Envelope(name="Jenkins", pattern=r"^\[{zulu}\] (?P<line>.*)$", proof=r"^\[Pipeline\] "),
    Envelope(
        name="timestamps",
        pattern=r"^(?P<timestamp>\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{7,9}(?:Z|[+-]\d{2}:\d{2}))"
        r"(?: |$)(?P<line>.*)$",
        wraps_times=True,
    ),
    Envelope(
        name="PM2 (time)",
        pattern=r"^(?P<timestamp>\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}): (?P<line>.*)$", wraps_times=True,
    ),
    Envelope(
        name="timestamps", pattern=r"^[\[(]?{any}[\])]?:?(?: |\t|$)(?P<line>.*)$",
        wraps_times=True, shows_by_stack=False,
    ),
)  # fmt: skip
