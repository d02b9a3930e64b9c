"""Java: log4j, logback and java.util.logging in their usual layouts, and the virtual machine itself."""

from __future__ import annotations

from loganalytics.formats.definitions.format import Format, translated_capitals

_SPRING_BOOT = (
    r"^{iso} +{level} (?:\[(?P<service>[^,\]]*),(?P<trace_id>[^,\]]*)(?:,(?P<span_id>[^\]]*))?\] )?"
    r"(?P<process.pid>\d+) --- "
)

# What a thread context puts before the thread: the ids of a trace, as SkyWalking and Sleuth write them, or anything.
_CONTEXT = (
    r"\[(?:TID: ?)?(?:(?P<trace_id>[0-9a-f]{16,32}(?:\.\d+\.\d+)?)(?:,(?P<span_id>[0-9a-f]{16}))?"
    r"|(?P<log.context>[^\]]*))\]"
)
_CLASS = r"[A-Za-z_$][\w$]*(?:\.[\w$]+)+"

# As java.util.logging translates SEVERE; elsewhere the words mean more.
_SEVERE = {"严重": "severe", "嚴重": "severe"}
_WEBSPHERE = {"F": "fatal", "E": "error", "W": "warning", "A": "audit", "I": "info", "C": "config", "D": "info",
              "O": "info", "R": "error", "1": "debug", "2": "debug", "3": "trace", "<": "trace",
              ">": "trace"}  # fmt: skip

JAVA = (
    Format(
        "JVM unified logging",
        r"^\[{iso}\](?:\[(?P<jvm.uptime>\d+(?:\.\d+)?m?s)\])?\[(?P<level>trace|debug|info|warning|error) *\]"
        r"\[(?P<logger>[a-z0-9,]+) *\] (?P<message>.*?(?: (?P<duration_ms>\d+\.\d{3})ms)?)$",
        examples=("[2024-01-01T00:00:00.123+0000][info][gc] GC(0) Pause Young (Normal) 24M->4M(256M) 3.210ms",),
    ),
    Format(
        "JVM unified logging (uptime)",
        r"^\[(?P<kernel.uptime_s>\d+[.,]\d{3})s\]\[(?P<level>trace|debug|info|warning|error) *\]"
        r"\[(?P<logger>[a-z0-9,]+) *\] (?P<message>.*?(?: (?P<duration_ms>\d+[.,]\d{3})ms)?)$",
        examples=("[0.123s][info][gc] GC(0) Pause Young (Normal) 24M->4M(256M) 3.210ms",),
    ),
    Format(
        "Spring Boot",
        _SPRING_BOOT
        + r"(?:\[(?P<spring.application>[^\]]*)\] )??\[ *(?P<thread.name>[^\]]*)\] (?P<logger>\S+) *: (?P<message>.*)$",
        variants=(
            _SPRING_BOOT + r"\[ *(?P<thread.name>[^\] ][^\]]*)\] (?P<logger>[^\s:\[][^\s:]*) *: (?P<message>[^ :].*)$",
            _SPRING_BOOT
            + r"\[(?P<spring.application>[^\]]*)\] \[ *(?P<thread.name>[^\]: ][^\]:]*)\] (?P<logger>[^\s:\[][^\s:]*) "
            r"*: (?P<message>[^ :].*)$",
        ),
        examples=(
            "2026-03-10 12:00:00.123  INFO 1234 --- [  main] c.e.App  : Started App in 2.1 seconds",
            "2024-01-01T00:00:00.123Z  WARN 1 --- [shop] [nio-8080-exec-1] c.e.Api : slow",
            "2026-03-10 12:00:00.123  INFO [shop,5f3c,5f3d] 1234 --- [  main] c.e.App  : Started",
        ),
    ),
    Format(
        "JBoss (no thread)",
        r"^{iso} +{level} +\[(?P<logger>[A-Za-z_$][\w$]*(?:\.[\w$]+)+)\] (?P<message>[A-Z]{2,}\d{3,}: .*)$",
        examples=("2024-01-01 00:00:00,123 WARN  [org.apache.activemq.core.client] AMQ212037: Connection failure",),
    ),
    Format(
        "log4j (level, logger, context)",
        r"^{iso} +{level} +(?P<logger>[A-Za-z_$][\w.$-]*) +\[(?P<log4j.context>[^\]]*)\] - (?P<message>.*)$",
        examples=("2024-01-01 00:00:00,123 INFO  org.example.Main                [] - started",),
    ),
    Format(
        "WebSphere",
        r"^\[{any}\] (?P<thread.id>[0-9a-f]{8}) (?P<logger>\S+) +(?P<level>[FEWAICDOR123<>]) +(?P<message>.*)$",
        levels=_WEBSPHERE,
        examples=("[03/10/24 12:00:00:123 UTC] 0000002a ThreadMonitor W   WSVR0605W: Thread may be hung",),
    ),
    Format(
        "log4j (level, context, [thread], logger)",
        rf"^{{iso}} +{{level}} +{_CONTEXT} +\[(?P<thread.name>[^\]]*)\] +(?P<logger>{_CLASS})"
        r"(?:[: ](?P<code.line.number>\d+))? *(?:-|:) (?P<message>.*)$",
        examples=("2026-03-10 12:00:00.123 WARN  [TID: N/A] [main] o.e.Main - slow",),
    ),
    Format(
        "logback (arrows)",
        rf"^{{iso}} ==> \[(?P<thread.name>[^\]]*)\] ==> {{level}} +(?P<logger>{_CLASS})"
        r"(?:[: ](?P<code.line.number>\d+))? +- (?P<message>.*)$",
        examples=("2026-03-10 12:00:00.123 ==> [main] ==> WARN  org.example.Main - slow",),
    ),
    Format(
        "logback (bars)",
        rf"^{{iso}} \|-{{level}} +\[(?P<thread.name>[^\]]*)\] +(?P<logger>{_CLASS}) +\[(?P<code.line.number>\d+)\] -\| "
        r"(?P<message>.*)$",
        examples=("2026-03-10 12:00:00.123 |-WARN  [main] org.example.Main [12] -| slow",),
    ),
    Format(
        "log4j (level, [thread], logger:line)",
        rf"^{{iso}} +{{level}} +\[(?P<thread.name>[^\]]*)\] +(?P<logger>{_CLASS})"
        r"[: ](?P<code.line.number>\d+)(?: -|:) (?P<message>.*)$",
        examples=("2026-03-10 12:00:00.123 WARN  [main] o.e.Main:12 - slow",),
    ),
    Format(
        "log4j (level, thread, logger)",
        r"^{iso} +{level} +\[(?P<thread.name>[^\]]*)\] (?P<logger>[\w.$-]+)(?: *: ?| - )(?P<message>.*)$",
        variants=(
            r"^{iso} +{level} +\[(?P<thread.name>[^\]]*)\] (?P<logger>[\w.$-]+)(?:: | - )(?P<message>.*)$",
        ),
        examples=(
            "2015-10-18 18:01:47,978 INFO [main] org.apache.hadoop.v2.MRAppMaster: Created",
            "2026-03-10 12:00:00,123 WARN  [main] org.example.Main - slow",
        ),
    ),
    Format(
        "log4j (level, thread, logger, blank)",
        r"^{iso} +{level} +\[(?P<thread.name>[^\]]*)\] +(?P<logger>[A-Za-z_$][\w$]*(?:\.[\w$]+)+) (?P<message>[^-].*)$",
        examples=("2024-01-01 00:00:00,123 WARN [main] o.a.n.controller.Flow slow",),
    ),
    Format(
        "log4j (level, [thread][class:line])",
        r"^{any} +{level} +\[(?P<thread.name>[^\]]*)\]\[(?P<logger>[\w.$]+):(?P<code.line.number>\d+)\] "
        r"(?P<message>.*)$",
        examples=("2024-01-01 00:00:00.123 WARN  [main][StartupAction:12] slow",),
    ),
    Format(
        "log4j (thread, level, logger)",
        r"^{iso} +\[(?P<thread.name>[^\]]*)\] +{level} +(?P<logger>[\w.$-]+)(?: +\[(?P<log4j.context>[^\]]*)\])?"
        r"(?: \((?P<code.file.path>[\w./-]+):(?P<code.line.number>\d+)\))?(?: "
        r"-|:) (?P<message>.*)$",
        variants=(
            r"^{iso} +\[(?P<thread.name>[^\]]*)\] +{level} +(?P<logger>[\w.$-]+)(?: -|:) (?P<message>.*)$",
        ),
        examples=("2026-03-10 12:00:00,123 [main] WARN  org.example.Main - slow",),
    ),
    Format(
        "log4j (context, [thread], level, logger)",
        rf"^{{iso}} +(?:{_CONTEXT} +)?\[(?P<thread.name>[^\]]*)\] +{{level}} +(?P<logger>{_CLASS})"
        r"(?:[: ](?P<code.line.number>\d+))?(?: -|:) (?P<message>.*)$",
        examples=("2026-03-10 12:00:00.123 [5f3c5f3c5f3c5f3c,5f3d5f3d5f3d5f3d] [main] WARN  o.e.Main:12 - slow",),
    ),
    Format(
        "log4j ([level], [thread], logger)",
        r"^{any} +\[ *{level} *\] +\[(?P<thread.name>[^\]]*)\] +\[?(?P<logger>[\w.$-]+)\]?(?: -|:) (?P<message>.*)$",
        examples=("2026-03-10 12:00:00.123 [WARN ] [main] org.example.Main - slow",),
    ),
    Format(
        "log4j ([thread], [level], logger)",
        r"^{any} +\[(?P<thread.name>[^\]]*)\] +\[ *{level} *\] +\[?(?P<logger>[\w.$-]+)\]?(?: -|:) (?P<message>.*)$",
        examples=("2026-03-10 12:00:00.123 [main] [WARN ] org.example.Main - slow",),
    ),
    Format(
        "log4j (level, time, thread, logger)",
        r"^\[? *{LEVEL} *\]? +\[?{iso}\]? +\[(?P<thread.name>[^\]]*)\] +(?P<logger>[\w.$-]+)(?: -|:) (?P<message>.*)$",
        examples=("WARN  2026-03-10 12:00:00,123 [main] org.example.Main - slow",),
    ),
    Format(
        "log4j (level, time, logger)",
        r"^\[? *{LEVEL} *\]? +\[?{iso}\]? +\[?(?P<logger>[A-Za-z_$][\w$]*(?:\.[\w$]+)+)\]?(?: -|:) (?P<message>.*)$",
        examples=("WARN  2026-03-10 12:00:00,123 org.example.Main - slow",),
    ),
    Format(
        "log4j ([level], time, [thread])",
        r"^\[ *{LEVEL} *\] +{any} +\[(?P<thread.name>[^\]]*)\](?: -)? +(?P<message>.*)$",
        examples=("[WARN ]  2026-03-10 12:00:00.123 [main] - [Orders]- slow",),
    ),
    Format(
        "log4j (uptime)",
        r"^(?P<process.uptime_ms>\d+) +\[(?P<thread.name>[^\]]*)\] +{LEVEL} +(?P<logger>[\w.$-]+)"
        r"(?: (?P<log4j.context>[^-]*))? - (?P<message>.*)$",
        examples=("467 [main] WARN  org.example.Main  - slow",),
    ),
    Format(
        "log4j ([time], thread, level, logger)",
        r"^\[{any}\] +(?P<thread.name>\S+) +{LEVEL} +(?P<logger>[A-Za-z_$][\w$]*(?:\.[\w$]+)+): +(?P<message>.*)$",
        examples=("[10/03/24 12:00:00:123 UTC] main  WARN config.ReferenceConfig:  slow",),
    ),
    Format(
        "log4j (logger, line, [thread], level)",
        r"^{iso} - (?P<logger>[\w.$-]+) -? ?(?P<code.line.number>\d+) +\[(?P<thread.name>[^\]]*)\] +{level} +"
        r"(?:\[(?P<log4j.context>[^\]]*)\] +)?- (?P<message>.*)$",
        examples=("2024-03-10 12:00:00,123 - org.example.Main - 42 [main] WARN  [] - slow",),
    ),
    Format(
        "time, level, thread, logger (brackets)",
        r"^\[{any}\] ?\[ *{level} *\] ?\[(?P<thread.name>[^\]]*)\] ?(?P<log.context>(?:\[[^\]]*\] ?)*?)"
        r"\[(?P<logger>[A-Za-z_$][\w$]*(?:\.[\w$]+)+)(?:[(:](?P<code.line.number>\d+)\)?)?\]:?(?: -)? *"
        r"(?P<message>.*)$",
        examples=("[2024-03-10 12:00:00:123] [WARN ] [pool-1] [TID: N/A] [shop] [org.example.Main(31)] slow",),
    ),
    Format(
        "log4j (no time)",
        r"^{LEVEL} +\[(?P<thread.name>[^\]]*)\] +(?P<logger>[\w.$-]+)(?: -|:) (?P<message>.*)$", min_share=0.1,
        examples=("WARN  [main] org.example.Main - slow",),
    ),
    Format(
        "tinylog",
        r"^(?P<message>{iso} \[(?P<thread.name>[^\]]*)\] (?P<logger>[\w.$]+)\.(?P<code.function.name>[\w$<>]+)\(\))$",
        body_pattern=r"^(?P<level>TRACE|DEBUG|INFO|WARN|WARNING|ERROR): (?P<message>.*)",
        examples=("2024-01-01 10:00:00 [main] org.example.Main.start()",),
    ),
    Format(
        "Seata",
        r"^(?P<time>\d{2}:\d{2}:\d{2}\.\d{3}) +{LEVEL} --- \[ *(?P<thread.name>[^\]]*)\] +\[(?P<logger>[^\]]*?) *\] +"
        r"\[ *(?P<code.function.name>[^\]]*)\] +\[(?P<seata.xid>[^\]]*)\] ?: (?P<message>.*)$",
        examples=(
            "12:00:00.123  WARN --- [        main] [i.s.s.c.DefaultCore]  [      doCommit]  [10.0.0.7:8091:1] : slow",
        ),
    ),
    Format(
        "logback (time of day)",
        r"^(?P<time>\d{2}:\d{2}:\d{2}[.,]\d{3}) +\[(?P<thread.name>[^\]]*)\] +{level} +(?P<logger>[\w.$-]+) "
        r"-(?:(?P<logback.context>[^ -]*)-)? (?P<message>.*)$",
        examples=("10:15:30.123 [main] INFO  o.e.Main - started",),
    ),
    Format(
        "JBoss",
        r"^{iso} +{level} +\[(?P<logger>[\w.$-]+)\] \((?P<thread.name>[^)]*)\) (?P<message>.*)$",
        examples=("2024-01-01 00:00:00,123 INFO  [org.jboss.as] (Controller Boot Thread) WFLYSRV0025: started",),
    ),
    Format(
        "JBoss (time of day)",
        r"^(?P<time>\d{2}:\d{2}:\d{2},\d{3}) +{level} +\[(?P<logger>[\w.$-]+)\] \((?P<thread.name>[^)]*)\) "
        r"(?P<message>.*)$",
        examples=("10:00:00,123 WARN  [org.jboss.as.txn] (ServerService Thread Pool -- 58) WFLYTX0013: slow",),
    ),
    Format(
        "Tomcat",
        r"^{php} {level} \[(?P<thread.name>[^\]]*)\] (?P<logger>[\w.$]+(?:\.<\w+>)?) (?P<message>.*)$",
        variants=(r"^{php} {level} \[(?P<thread.name>[^\]]*)\] (?P<logger>[\w.$]+) (?P<message>.*)$",),
        examples=(
            "01-Jan-2024 10:00:00.123 INFO [main] org.apache.catalina.startup.Catalina.start Server startup in 12 ms",
        ),
    ),
    Format(
        "Tomcat (translated)",
        r"^{php} {TRANSLATED} \[(?P<thread.name>[^\]]*)\] (?P<logger>[\w.$]+(?:\.<\w+>)?) (?P<message>.*)$",
        levels=_SEVERE,
        examples=("01-Jan-2024 10:00:00.123 信息 [main] org.apache.catalina.startup.Catalina.start 服务器启动",),
    ),
    Format(
        "java.util.logging",
        r"^(?P<message>{any} (?P<logger>[A-Za-z_$][\w$]*(?:\.[\w$]+)+) (?P<code.function.name>[\w$<>]+))$",
        body_pattern=rf"^(?P<level>SEVERE|WARNING|INFO|CONFIG|FINE|FINER|FINEST|{translated_capitals()}) ?: "
        r"(?P<message>.*)",
        levels=_SEVERE,
        examples=("Jan 01, 2024 10:00:00 AM org.example.Main start",),
    ),
    Format(
        "Jenkins", r"^{iso}\s+\[id=(?P<thread.id>\d+)\]\s+{LEVEL}\s+(?P<logger>[^\s:]+): (?P<message>.*)$",
        examples=("2024-03-10 12:00:02.123+0000 [id=22]\tWARNING\thudson.model.Run#execute: aborted",),
    ),
    Format(
        "Minecraft",
        r"^\[(?P<time>\d{2}:\d{2}:\d{2})\] \[(?P<thread.name>[^\]/]+)/{LEVEL}\]: (?P<message>.*)$",
        examples=("[12:00:02] [Server thread/WARN]: Can't keep up!",),
    ),
    Format(
        "Minecraft (Forge)",
        r"^\[{any}\] \[(?P<thread.name>[^\]/]+)/{LEVEL}\] \[(?P<logger>[^\]]*)\]: (?P<message>.*)$",
        examples=("[10Mar2024 12:00:02.123] [main/ERROR] [mixin/]: Mixin config failed",),
    ),
    Format(
        "Spark", r"^{slash} {LEVEL} (?P<logger>[A-Z][\w$]*): (?P<message>.*)$",
        examples=("24/03/10 12:00:01 INFO SparkContext: Running Spark version 3.5.0",),
    ),
    Format(
        "Solr",
        r"^{iso} +{level} +\((?P<thread.name>[^)]*)\) \[ *(?P<solr.context>(?:[a-z]:[^\s\]]+ ?)*)\] "
        r"(?P<logger>[\w.$]+) (?P<message>.*)$",
        examples=("2024-03-10 12:00:00.123 ERROR (qtp1-21) [   x:orders] o.a.s.h.RequestHandlerBase no such field",),
    ),
    Format(
        "Cassandra",
        r"^{level} +\[(?P<thread.name>[^\]]*)\] {iso} (?P<code.file.path>[\w$.-]+):(?P<code.line.number>\d+) - "
        r"(?P<message>.*)$",
        examples=("INFO  [main] 2024-01-01 00:00:00,123 CassandraDaemon.java:123 - Startup complete",),
    ),
)  # fmt: skip
