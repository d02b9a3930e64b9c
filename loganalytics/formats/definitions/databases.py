"""Databases, stores and brokers."""

from __future__ import annotations

from loganalytics.formats.definitions.format import Format
from loganalytics.formats.definitions.postgres_words import POSTGRES_WORDS
from loganalytics.formats.times.grammar import any_of

_MYSQL = {"Note": "info", "System": "info"}
_MYSQL_HEAD = r"^{iso} (?P<thread.id>\d+) \[(?P<level>Note|Warning|Error|ERROR|System)\]"
_REDIS = {".": "debug", "-": "debug", "*": "notice", "#": "warning"}
_MONGODB = {"F": "fatal", "E": "error", "W": "warning", "I": "info", "D": "debug"}
# Up to 10 the server informs, from 20 on the connection or the server is lost.
_SQL_SERVER = {str(n): "info" if n <= 10 else "error" if n < 20 else "fatal" for n in range(26)}
_POSTGRES_LEVEL = (
    rf"(?P<level>DEBUG[1-5]?|{any_of(POSTGRES_WORDS)})"
    r" ?: +(?P<message>(?:duration: (?P<duration_ms>\d+\.\d+) ms\b)?.*)$"
)

# Put behind the time by the framing of slow logs.
_SLOW_USER = (
    r"# User@Host: (?P<db.user>[^\[\s]*)\[(?P<db.effective_user>[^\]]*)\] @ *(?P<client.address>[\w.-]*) *"
    r"(?P<db.connection>[^\n]*)"
)

DATABASES = (
    Format(
        "PostgreSQL",
        r"^(?:< ?)?{iso}(?: ?>)?(?: ?\[(?P<process.pid>\d+)(?:-(?P<session.line>\d+))?\])?:?(?: \["
        r"(?P<event.sequence>\d+-\d+)\])?"
        r"(?: (?:user=)?(?P<db.user>[^\s@=,]*)(?:@|,db=)(?P<db.namespace>[^\s,]*))?(?P<db.context>[^:]*?) ?"
        + _POSTGRES_LEVEL,
        levels=POSTGRES_WORDS,
        examples=(
            "2025-08-13 01:45:01.123 PDT [12345] LOG:  starting PostgreSQL 15.4",
            "2026-03-10 00:00:03.123 UTC [1234] app@cicd ERROR:  relation \"t\" does not exist",
            "2024-01-01 10:00:00 UTC [1234]: [3-1] user=app,db=shop,app=psql,client=10.0.0.1 LOG:  statement: select 1",
            "< 2024-01-01 10:00:00.123 UTC >LOG:  database system is ready to accept connections",
        ),
    ),
    Format(
        "PostgreSQL (no time)",
        r"^\[(?P<event.sequence>\d+-\d+)\](?: (?:user=)?(?P<db.user>[^\s@=,]*)(?:@|,db=)(?P<db.namespace>[^\s,]*))?"
        r"(?P<db.context>[^:]*?) " + _POSTGRES_LEVEL,
        levels=POSTGRES_WORDS,
        examples=('[2-1] app@shop ERROR:  relation "t" does not exist',),
    ),
    Format(
        "PostgreSQL (Amazon RDS)",
        r"^{iso}:(?P<client.address>[^\s(:]*)(?:\((?P<client.port>\d+)\))?:(?P<db.user>[^\s@:]*)@"
        r"(?P<db.namespace>[^\s:]*):"
        r"\[(?P<process.pid>\d+)\]:" + _POSTGRES_LEVEL,
        levels=POSTGRES_WORDS,
        examples=("2024-01-01 10:00:00 UTC:10.0.0.5(40214):app@shop:[1234]:ERROR:  deadlock detected",),
    ),
    Format(
        "openGauss",
        r"^{iso} (?P<db.user>\S+) (?P<db.namespace>\S+) (?P<client.address>\S+) (?P<thread.id>\d+) "
        r"(?P<db.context>[^A-Z]*)\[(?P<logger>[A-Z_]+)\] " + _POSTGRES_LEVEL,
        levels=POSTGRES_WORDS,
        examples=('2024-03-10 12:00:00.123 omm shop 10.0.0.9 4711 0[0:0#0]  0 [BACKEND] ERROR:  relation "t" is gone',),
    ),
    Format(
        "PgBouncer",
        r"^{iso} \[(?P<process.pid>\d+)\] (?P<level>LOG|DEBUG|NOISE|WARNING|ERROR|FATAL) "
        r"(?P<session.id>[CS]-0x\w+): (?P<db.context>\S+) (?P<message>.*)$",
        levels={"NOISE": "trace"},
        examples=("2024-03-10 12:00:00.123 UTC [1] LOG C-0x55d0: shop/app@10.0.0.7:51234 login attempt: db=shop",),
    ),
    Format(
        "OceanBase",
        r"^\[{iso}\] (?P<level>TRACE|DEBUG|INFO|WARN|ERROR|[WE]DIAG) +(?:\[(?P<logger>[A-Z_.]+)\] )?"
        r"(?:(?P<code.function.name>\w+) )?\(?(?P<code.file.path>[\w./-]+\.\w+):(?P<code.line.number>\d+)\)? "
        r"\[(?P<thread.id>\d+)\](?P<db.context>(?:\[[^\]]*\] ?)*) ?(?P<message>.*)$",
        levels={"EDIAG": "error", "WDIAG": "warning"},
        examples=(
            "[2024-03-10 12:00:00.123456] EDIAG [RPC] start (ob_rpc.cpp:156) [4711][][T0][Y0-00] [lt=6] listen failed",
        ),
    ),
    Format(
        "Doris",
        r"^(?:(?P<log.name>\w+Logger) )?{iso} {LEVEL} +\((?P<thread.name>[^|]*)\|(?P<thread.id>\d+)\) "
        r"\[(?P<logger>[\w.$]+)\.(?P<code.function.name>[\w$<>]+)\(\):(?P<code.line.number>\d+)\] (?P<message>.*)$",
        examples=("2024-03-10 12:00:00,123 WARN (nio-pool-0|170) [MysqlChannel.fetch():184] Receive failed",),
    ),
    Format(
        "SQL Server",
        r"^{iso} (?P<logger>spid\d+s?|Server|Logon|Backup|backup) {2,}(?P<message>"
        r"(?:Error: (?P<error.code>\d+), Severity: (?P<level>\d{1,2}), State: \d+)?.*)$",
        levels=_SQL_SERVER,
        examples=("2024-03-10 15:59:11.83 Logon       Error: 18456, Severity: 14, State: 8.",),
    ),
    Format(
        "SQL Server Agent", r"^{iso} - (?P<level>[!?+]) \[(?P<event.code>\d+)\] (?P<message>.*)$",
        levels={"!": "error", "+": "warning", "?": "info"},
        examples=("2024-03-10 15:59:11 - ! [298] SQLServer Error: 4060, Cannot open database",),
    ),
    Format(
        "MySQL error log",
        _MYSQL_HEAD + r"(?: \[(?P<error.code>MY-\d+)\])?(?: \[(?P<logger>\w+)\])? (?P<message>.*)$",
        levels=_MYSQL,
        variants=(
            _MYSQL_HEAD + r" \[(?P<error.code>MY-\d+)\] \[(?P<logger>\w+)\] (?P<message>.*)$",
            _MYSQL_HEAD + r" (?P<message>[^\[].*)$",
        ),
        examples=(
            "2024-01-01T00:00:00.123456Z 0 [Warning] [MY-010733] [Server] No existing UUID has been found",
            "2024-01-01  0:00:00 0 [Note] InnoDB: Using Linux native AIO",
        ),
    ),
    Format(
        "MySQL slow log", rf"^(?P<message># Time: {{any}}(?: {_SLOW_USER})?)$",
        body_pattern=rf"(?s)^(?:{_SLOW_USER}\n)?(?:# (?:Thread_id|Schema|Id)[^\n]*\n)*"
        r"# Query_time: (?P<duration_s>[\d.]+) +Lock_time: [\d.]+ +Rows_sent: (?P<rows_sent>\d+) +"
        r"Rows_examined: (?P<rows_examined>\d+)[^\n]*\n(?:#[^\n]*\n)*"
        r"(?:(?:use \S+|SET timestamp=\d+);\n)*(?P<message>[^\n]+)",
        examples=("# Time: 2024-01-01T00:00:00.123456Z", "# Time: 240101 10:00:00"),
    ),
    Format(
        "ClickHouse",
        r"^{any} \[ (?P<thread.id>\d+) \] \{(?P<trace_id>[^}]*)\} <{level}> (?P<logger>[^:]+): (?P<message>.*)$",
        examples=("2024.03.10 12:00:02.123456 [ 1235 ] {a1b2-c3} <Error> executeQuery: Code: 60. DB::Exception",),
    ),
    Format(
        "etcd (capnslog)", r"^{iso} (?P<level>[DINWECTF]) \| (?P<logger>[\w./-]+): (?P<message>.*)$",
        examples=("2024-03-10 12:00:02.123456 W | etcdserver: read-only range request took too long",),
    ),
    Format(
        "MongoDB (text)",
        r"^{iso} (?P<level>[FEWID])(?P<mongodb.verbosity>\d)? +(?P<logger>[A-Z_]+|-) +\[(?P<thread.name>[^\]]*)\] "
        r"(?P<message>.*?(?: (?P<duration_ms>\d+)ms)?)$",
        levels=_MONGODB,
        examples=("2014-11-03T18:28:32.450-0500 I NETWORK  [initandlisten] waiting for connections on port 27017",),
    ),
    Format(
        "Redis",
        r"^\[?(?P<process.pid>\d+)(?:\]|:(?P<redis.role>[XCSM])) {redis} (?P<level>[.*#-]) (?P<message>.*)$",
        levels=_REDIS,
        variants=(
            r"^(?P<process.pid>\d+):(?P<redis.role>[XCSM]) {time:day month year} (?P<level>[.*#-]) (?P<message>.*)$",
        ),
        examples=(
            "1:M 25 Apr 2024 05:32:35.018 * Ready to accept connections tcp",
            "[4018] 14 Nov 07:01:22.119 # User requested shutdown...",
        ),
    ),
    Format(
        "Redis signal handler", r"^(?P<process.pid>\d+):signal-handler \({epoch}\) (?P<message>.*)$", multiline=False,
        examples=("1:signal-handler (1714024483) Received SIGTERM scheduling shutdown...",),
    ),
    Format(
        "Elasticsearch",
        r"^\[{iso}\]\[{level} *\]\[(?P<logger>[^\]\s]+) *\] (?:\[(?P<node.name>[^\]]*)\] ?)?(?P<message>.*)$",
        variants=(
            r"^\[{iso}\]\[{level} *\]\[(?P<logger>[^\]\s]+) *\] \[(?P<node.name>[^\]]*)\] (?P<message>.*)$",
        ),
        examples=("[2024-01-01T00:00:00,123][INFO ][o.e.n.Node               ] [node-1] started",),
    ),
    Format(
        "Kafka",
        r"^\[{iso}\] {level} (?P<message>.*) \((?P<logger>[A-Za-z_$][\w.$-]*)(?::"
        r"(?P<code.line.number>\d+))?\)$",
        examples=("[2024-01-01 00:00:00,123] INFO [KafkaServer id=0] started (kafka.server.KafkaServer)",),
    ),
    Format(
        "ZooKeeper",
        r"^{iso} (?:\[myid:(?P<zookeeper.id>[^\]]*)\] )?- {level} +\[(?P<thread.name>.*):(?P<logger>[\w.$]+)@"
        r"(?P<code.line.number>\d*)\] "
        r"- (?P<message>.*)$",
        examples=(
            "2015-07-29 17:41:44,747 - INFO  [QuorumPeer[myid=1]/0:0:0:0:0:0:0:0:2181:FastLeaderElection@774] - "
            "Notification time out: 3200",
        ),
    ),
)  # fmt: skip
