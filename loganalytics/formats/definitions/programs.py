"""Programs that write in a way of their own: stores, engines, services and tools."""

from __future__ import annotations

from loganalytics.formats.definitions.format import PAIRS, Format

_LETTERS = {"I": "info", "W": "warning", "E": "error", "F": "fatal"}
_ERLANG = r"(?P<message>=(?P<event.kind>(?P<level>[A-Z]+) REPORT)====)"
_ERLANG_LEVELS = {"CRASH": "error", "SUPERVISOR": "error", "PROGRESS": "info"}
_FIRST_BELOW = r"^\s*(?P<message>\S[^\n]*)"

PROGRAMS = (
    Format(
        "TiDB",
        r"^\[{any}\] \[{level}\] \[(?P<code.file.path>[\w./-]+\.\w+|<unknown>)(?::(?P<code.line.number>\d+))?\] "
        r"\[(?:\"(?P<before>(?:[^\"\\]|\\.)*)\"|(?P<after>[^\]\"]*))\]"
        r"(?P<rest>(?: \[(?:[^\]\"]|\"(?:[^\"\\]|\\.)*\")*\])*)$",
        message=("before", "after", "rest"),
        examples=('[2024/03/10 12:00:00.123 +08:00] [WARN] [db.go:12] ["slow query"] [conn=7] [sql="select 1"]',),
    ),
    Format(
        "CockroachDB",
        r"^(?P<level>[IWEF])(?P<timestamp>\d{6} \d{2}:\d{2}:\d{2}\.\d{6}) (?P<thread.id>\d+) "
        r"(?P<code.file.path>(?:\d+@)?[^\s:]+):(?P<code.line.number>\d+) (?:⋮ )?\[(?P<log.context>[^\]]*)\] +"
        r"(?:(?P<event.sequence>\d+) +)?(?P<message>.*)$",
        levels=_LETTERS,
        examples=("W240310 12:00:00.123456 80 kv/store.go:524 ⋮ [n1,s1] 13  slow",),
    ),
    Format(
        "Geode",
        r"^\[(?P<level>severe|error|warn|warning|info|config|fine|finer|finest|debug|trace) {any} "
        r"(?P<service>\S+) <(?P<thread.name>[^>]*)> tid=(?P<thread.id>\w+)\] ?(?P<message>.*)$",
        examples=("[warn 2024/03/10 12:00:00.123 UTC server1 <main> tid=0x1] slow",),
    ),
    Format(
        "Couchbase",
        r"^\[(?P<logger>\w+):{level},{any},(?P<node.name>[^:]+):(?P<erlang.pid><[^>]*>|[^:]*):"
        r"(?P<code.function.name>[^\]]*?):(?P<code.line.number>\d+)\](?P<message>.*)$",
        examples=("[ns_server:error,2024-03-10T12:00:00.123Z,ns_1@127.0.0.1:<0.2.0>:menelaus_web:loop:99]boom",),
    ),
    Format(
        "Sidekiq",
        rf"^{{zulu}} pid=(?P<process.pid>\d+) tid=(?P<thread.id>\w+)(?P<rest>{PAIRS}) {{LEVEL}}: (?P<message>.*)$",
        message=("rest", "message"),
        examples=("2024-03-10T12:00:00.123Z pid=4711 tid=gvx class=Mail jid=b4a577ed INFO: start",),
    ),
    Format(
        "TensorFlow",
        r"^{iso}: (?P<level>[IWEF]) (?P<code.file.path>[^\s:]+):(?P<code.line.number>\d+)\] (?P<message>.*)$",
        levels=_LETTERS,
        examples=("2024-03-10 12:00:00.123456: W tensorflow/core/tensor.cc:38] no TensorRT",),
    ),
    Format(
        "Erlang", rf"^{_ERLANG} {{any}} ===$", levels=_ERLANG_LEVELS, body_pattern=_FIRST_BELOW,
        examples=("=ERROR REPORT==== 10-Mar-2024::12:00:00.123456 ===",),
    ),
    Format(
        "Erlang (lager)", rf"^{{iso}} {_ERLANG}$", levels=_ERLANG_LEVELS, body_pattern=_FIRST_BELOW,
        examples=("2024-03-10 12:00:00 =SUPERVISOR REPORT====",),
    ),
    Format(
        "Chromium",
        r"^\[(?:(?P<process.pid>\d+):(?:(?P<thread.id>\d+):)?)?(?P<timestamp>\d{4}/\d{6}(?:\.\d{3,6})?):"
        r"(?P<level>INFO|WARNING|ERROR|FATAL|VERBOSE\d?):(?P<code.file.path>[^\s(\]]+?)[(:](?P<code.line.number>\d+)\)?\]"
        r" (?P<message>.*)$",
        time="%m%d/%H%M%S%.f", levels={f"VERBOSE{number}": "debug" for number in range(1, 10)},
        examples=("[4711:4712:0310/120000.123456:ERROR:gpu_init.cc(523)] GL is disabled",),
    ),
    Format(
        "Unreal Engine",
        r"^\[{any}\]\[ *(?P<engine.frame>\d+)\](?P<logger>\w+): "
        r"(?:(?P<level>Fatal|Error|Warning|Display|Verbose|VeryVerbose): )?(?P<message>.*)$",
        levels={"Display": "info", "VeryVerbose": "trace"},
        examples=("[2024.03.10-12.00.00:123][ 12]LogNet: Warning: connection lost",),
    ),
    Format(
        "Unreal Engine (no time)",
        r"^(?P<logger>Log[A-Z]\w+): (?:(?P<level>Fatal|Error|Warning|Display|Verbose|VeryVerbose): )?(?P<message>.*)$",
        levels={"Display": "info", "VeryVerbose": "trace"}, multiline=False, min_share=0.05,
        examples=("LogInit: Display: Running engine for game: Shop",),
    ),
    Format(
        "macOS unified log",
        r"^{iso} (?P<thread.id>0x[0-9a-f]+) +(?P<level>Default|Info|Debug|Error|Fault|Activity|Signpost) +"
        r"(?P<activity.id>0x[0-9a-f]+) +(?P<process.pid>\d+) +(?P<log.ttl>\d+) +(?P<service>[^:]+): "
        r"(?:\((?P<library>[^)]*)\) )?(?:\[(?P<logger>[\w.-]+:[^\]]*)\] )?(?P<message>.*)$",
        levels={"Activity": "info", "Signpost": "debug"},
        examples=(
            "2024-03-10 12:00:00.123456-0800 0x1a2b     Error       0x0                  512    0    Safari: "
            "(CFNetwork) [com.apple.CFNetwork:default] task failed",
        ),
    ),
    Format(
        "Ansible",
        r"^{iso} p=(?P<process.pid>\d+) u=(?P<user.name>\S+)(?: n=(?P<logger>\S+))? \| +(?P<message>.*)$",
        examples=("2024-03-10 12:00:00,123 p=4711 u=deploy n=ansible | ok: [web-1]",),
    ),
    Format(
        "rsync", r"^{go} \[(?P<process.pid>\d+)\] (?P<message>[^\[].*)$",
        examples=("2024/03/10 12:00:00 [4711] building file list",),
    ),
    Format(
        "vsftpd",
        r"^{ctime} \[pid (?P<process.pid>\d+)\] (?:\[(?P<user.name>[^\]]*)\] )?(?P<message>.*)$",
        examples=('Sun Mar 10 12:00:00 2024 [pid 4711] [bob] FAIL LOGIN: Client "10.0.0.9"',),
    ),
    Format(
        "strongSwan",
        r"^{any} (?P<thread.id>\d\d)\[(?P<logger>[A-Z]{3}\d?)\] (?:<(?P<session.id>[^>]*)> )?(?P<message>.*)$",
        examples=("Sun, 2024-03-10, 12:00:00 09[IKE] <1> 10.0.0.7 is initiating an IKE_SA",),
    ),
    Format(
        "Samba",
        r"^(?P<message>\[{any}, +(?P<samba.debug_level>\d+)(?:, [^\]]*)?\] (?P<code.file.path>\S+):"
        r"(?P<code.line.number>\d+)\((?P<code.function.name>[^)]*)\))$",
        body_pattern=_FIRST_BELOW,
        examples=("[2024/03/10 12:00:00.123456,  0] ../source3/smbd/server.c:1746(main)",),
    ),
    Format(
        "ThinkPHP",
        r"^\[{iso}\] (?P<message>(?P<client.address>[\da-f.:]+) (?P<http.request.method>[A-Z]+) "
        r"(?P<url.original>\S+))$",
        body_pattern=r"(?s)^\[[^\]：]*：(?P<duration_s>[\d.]+)s\]"
        r"(?:.*?\n\[ (?P<level>error|warning|notice|alert|critical|emergency) \] (?P<error.message>[^\n]*))?",
        examples=("[2024-03-10T12:00:00+08:00] 127.0.0.1 GET shop.example/index/order?id=1",),
    ),
)  # fmt: skip
