"""Operating systems and what writes to their logs."""

from __future__ import annotations

from loganalytics.formats.definitions.format import FACILITY, MNEMONIC, Format

# A program's name, its process, and what the kernel puts before its text. macOS has names of several words.
_TAG = (
    r"(?:-- )?(?P<service>[^\s:\[(]+|[A-Z]\w+(?: \w+){1,3})(?:\((?P<logger>[^)]*)\))?"
    r"(?:\[(?P<process.pid>\d+)\])?(?: \((?P<process.title>[^)]*)\)| (?P<service.version>\d[\d.]*))?: ?"
    r"(?:\[ *(?P<kernel.uptime_s>\d+\.\d{6})\] )?"
)
_PLAIN_TAG = r"(?P<service>[^\s:\[(]+)(?:\[(?P<process.pid>\d+)\])?: (?:\[ *(?P<kernel.uptime_s>\d+\.\d{6})\] )?"
_WEEKDAY = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) )?"
_PRIORITY = r"(?:<(?P<priority>\d{1,3})>)?"
_MNEMONIC = MNEMONIC.replace("(", "(?:").replace("(?:?:", "(?:")
_BEHIND_MNEMONIC = r"(?:\((?P<logger>\w+)\))?(?:\[(?P<event.sequence>\d+)\])?: ?(?P<message>.*)$"
_LOGCAT = {"V": "trace", "D": "debug", "I": "info", "W": "warning", "E": "error", "F": "fatal", "A": "fatal",
           "S": "fatal"}  # fmt: skip
_CEF = (
    r"CEF:(?P<cef.version>\d+)\|(?P<device.vendor>(?:[^|\\]|\\.)*)\|(?P<device.product>(?:[^|\\]|\\.)*)\|"
    r"(?P<device.version>(?:[^|\\]|\\.)*)"
    r"\|(?P<event.code>(?:[^|\\]|\\.)*)\|(?P<message>(?:[^|\\]|\\.)*)\|(?P<level>[^|]*)\|(?P<cef.extension>.*)$"
)
_CEF_LEVELS = {"0": "info", "1": "info", "2": "info", "3": "info", "4": "warning", "5": "warning", "6": "warning",
               "7": "error", "8": "error", "9": "critical", "10": "critical", "Unknown": "info", "Low": "info",
               "Medium": "warning", "High": "error", "Very-High": "critical"}  # fmt: skip

_XORG = {"II": "info", "WW": "warning", "EE": "error", "NI": "warning", "**": "info", "==": "info", "--": "info",
         "++": "info", "!!": "info", "??": "info"}  # fmt: skip

AUDIT = (
    Format(
        "auditd",
        r"^(?:node=(?P<host.name>\S+) )?type=(?P<event.code>\S+) msg=audit\({epoch}:(?P<event.id>\d+)\): ?"
        r"(?P<message>.*)$",
        multiline=False,
        variants=(
            r"^type=(?P<event.code>\S+) msg=audit\((?P<timestamp>1\d{9}\.\d{3}):(?P<event.id>\d+)\): (?P<message>.*)$",
        ),
        examples=("type=USER_LOGIN msg=audit(1710072002.123:457): pid=1 uid=0 msg='op=login res=failed'",),
    ),
)  # fmt: skip
"""Before logfmt, which it looks like."""

SYSTEM = (
    Format(
        "Nagios",
        r"^\[{epoch}\] (?P<message>(?:(?:SERVICE|HOST|CURRENT|INITIAL|EXTERNAL|PASSIVE|LOG|TIMEPERIOD|GLOBAL) [A-Z ]+: "
        r"|Auto-save of |Nagios \d)(?:.*?;(?P<level>OK|UP|DOWN|UNREACHABLE|WARNING|CRITICAL|UNKNOWN);)?.*)$",
        levels={
            "OK": "info", "UP": "info", "UNKNOWN": "warning", "DOWN": "error", "UNREACHABLE": "error",
            "CRITICAL": "error",
        },
        examples=("[1704067200] SERVICE ALERT: db1;disk;CRITICAL;HARD;3;DISK CRITICAL - 2% free",),
    ),
    Format(
        "syslog time, level", r"^{syslog}:? \[?{LEVEL}\]?:? (?P<message>.*)$",
        examples=("Jan  5 10:00:00.123 ERROR disk full",),
    ),
    Format(
        "syslog time, [level]", r"^{syslog}:? \[{level}\]:? (?P<message>.*)$",
        examples=("Mar 10 12:00:00.000 [warn] Problem bootstrapping",),
    ),
    Format(
        "CMTrace",
        r'^<!\[LOG\[(?P<message>.*?)\]LOG\]!><time="{cmtrace}" component="(?P<logger>[^"]*)" '
        r'context="(?P<log.context>[^"]*)" type="(?P<level>[0-3])" thread="(?P<thread.id>\d*)" '
        r'file="(?P<code.file.path>[^":]*)(?::(?P<code.line.number>\d+))?',
        levels={"0": "info", "1": "info", "2": "warning", "3": "error"},
        examples=(
            '<![LOG[failed]LOG]!><time="12:00:00.123+000" date="03-10-2024" component="ccm" context="" type="3" '
            'thread="7" file="x.cpp:1">',
        ),
    ),
    Format(
        "CEF in syslog", rf"^{_PRIORITY}{{any}} (?P<host.name>\S+) (?:CEF: )?{_CEF}",
        levels=_CEF_LEVELS, multiline=False,
        examples=("Sep 19 08:26:10 host CEF:0|Security|threatmanager|1.0|100|worm stopped|10|src=10.0.0.1",),
    ),
    Format(
        "CEF", rf"^{_CEF}", levels=_CEF_LEVELS, multiline=False,
        examples=("CEF:0|Security|threatmanager|1.0|100|worm stopped|Low|src=10.0.0.1 dst=2.1.2.2",),
    ),
    Format(
        "syslog (RFC 5424)",
        r"^<(?P<priority>\d{1,3})>\d{1,2} (?:-|{iso}) (?P<host.name>\S+) (?P<service>\S+) "
        r"(?:(?P<process.pid>\d+|-)|(?P<log.syslog.procid>\S+)) (?P<event.code>\S+) "
        # Heroku leaves out the structured data.
        r'(?:(?P<structured_data>-|(?:\[(?:[^\]\\"]|\\.|"(?:[^"\\]|\\.)*")*\])+)(?: |$))?\x{FEFF}?'
        r"(?P<message>.*)$",
        dash_is_null=True,
        examples=(
            '<165>1 2003-10-11T22:14:15.003Z host.example.com evntslog - ID47 [ex@32473 iut="3"] An event',
            "<34>1 2003-10-11T22:14:15.003Z mymachine su 77 - - 'su root' failed",
        ),
    ),
    Format(
        "Cisco",
        rf"^{_PRIORITY}(?:(?P<log.sequence>\d+): )?"
        r"(?:(?P<log.relay>[A-Za-z][\w.-]*|\d+\.\d+\.\d+\.\d+)(?: ?: | )(?:(?P<log.relay_sequence>\d+): )?)?"
        rf"[*.:]?{{any}}(?: (?P<log.zone>[A-Z]{{3,4}}))?(?: (?P<host.name>[A-Za-z][\w.-]*))?(?: ?: +| )"
        rf"(?P<service>{_MNEMONIC}){_BEHIND_MNEMONIC}",
        multiline=False,
        examples=(
            "<163>Mar 10 2024 12:34:56: %ASA-3-710003: TCP access denied by ACL",
            "<187>45: *Mar 10 12:34:56.789: %LINK-3-UPDOWN: Interface Gi0/1, changed state to down",
        ),
    ),
    Format(
        "Cisco in syslog",
        rf"^{_PRIORITY}{{syslog}} (?P<log.relay>\S+) (?:(?P<log.sequence>\d+): )?"
        r"(?:(?P<host.name>[A-Za-z][\w.-]*): )?"
        r"(?P<device.time>[*.:]?[A-Z][a-z]{2} +\d{1,2} (?:\d{4} )?\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?(?: [A-Z]{3,4})?): "
        rf"(?P<service>{_MNEMONIC}){_BEHIND_MNEMONIC}",
        multiline=False,
        examples=("Mar 10 12:34:57 10.0.0.1 45: *Mar 10 12:34:56.789: %LINK-3-UPDOWN: Interface Gi0/1, changed state",),
    ),
    Format(
        "Cisco, no time",
        rf"^{_PRIORITY}(?:(?P<log.sequence>\d+): )?(?:(?P<log.uptime>[\w.:]+): )?"
        rf"(?P<service>{_MNEMONIC}){_BEHIND_MNEMONIC}",
        multiline=False, min_share=0.1,
        examples=("%LINK-3-UPDOWN: Interface down", "1w2d: %SYS-5-CONFIG_I: Configured from console"),
    ),
    Format(
        "syslog, facility and level",
        rf"^{_PRIORITY}{_WEEKDAY}{{any}}\s+(?:(?P<host.name>[\w.:-]+)\s+)?[<\[]?"
        rf"(?P<log.syslog.facility.name>{FACILITY})[.,]{{level}}[>\]]?:?\s+(?:{_TAG})?(?P<message>.*)$",
        examples=(
            "Mar 10 12:34:56 router daemon.err dnsmasq[12]: failed to bind",
            "Mar 10 12:34:56 host <local0,err> app: boom",
            "2024-03-10 12:34:56\tLocal7.Error\t10.0.0.1\tboom",
        ),
    ),
    Format(
        "Dovecot",
        r"^{syslog} (?P<service>[\w-]+)(?:\((?P<user.name>[^)]*)\))?(?:<(?P<session.id>[^>\s]*)>)*: "
        r"(?P<level>Debug|Info|Warning|Error|Fatal|Panic): (?P<message>.*)$",
        examples=("Mar 10 12:00:02 auth: Error: passdb failed",),
    ),
    Format(
        "syslog (no host)",
        rf"^{_PRIORITY}{{syslog}} (?P<service>[A-Za-z][\w./-]*)\[(?P<process.pid>\d+)\]: ?(?P<message>.*)$",
        examples=("Mar 10 12:00:00 dnsmasq[812]: started, version 2.89 cachesize 150",),
    ),
    Format(
        "syslog (Apple)",
        r"^{syslog} (?P<host.name>\S+) (?P<service>[^\s\[]+)\[(?P<process.pid>\d+)\]"
        r"(?: \((?P<process.title>[^)]*)\))? <{level}>: ?(?P<message>.*)$",
        min_share=0.02,
        examples=("Mar 10 12:00:00 mac-1 Safari[512] <Error>: CGContextSaveGState: invalid context",),
    ),
    Format(
        "syslog (RFC 3164)",
        rf"^{_PRIORITY}{{syslog}}  ?(?P<host.name>\S+) (?:: )?(?:{_TAG})?(?P<message>.*)$",
        variants=(rf"^{{syslog}} (?P<host.name>\d*[^\s\d]\S*) {_PLAIN_TAG}(?P<message>[^\[].*)$",),
        examples=(
            "Aug 16 00:10:45 Tims-Air syslogd[314]: ASL Sender Statistics",
            "<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8",
            "Jan  5 10:00:00 host kernel: [12345.678901] usb 1-1: new high-speed USB device",
        ),
    ),
    Format(
        "syslog (ISO time)",
        rf"^{_PRIORITY}{_WEEKDAY}{{iso}} (?P<host.name>[\w.-]+) (?P<service>[\w./@-]+)\[(?P<process.pid>\d+)\]: ?"
        r"(?P<message>.*)$",
        examples=(
            "2026-03-10T00:00:01.123456+00:00 host sshd[314]: Accepted publickey for root",
            "Mon 2024-01-01 00:00:00 UTC host systemd[1]: Started Session 1 of user root.",
        ),
    ),
    Format(
        "syslog (epoch)",
        rf"^(?P<timestamp>\d{{10}}\.\d{{6}}) (?P<host.name>[\w.-]+) {_TAG}(?P<message>.*)$",
        examples=("1704067200.123456 host systemd[1]: Started Session 1 of user root.",),
    ),
    Format(
        "kernel ring buffer", rf"^{_PRIORITY}\[ *(?P<kernel.uptime_s>\d+\.\d{{6}})\] (?P<message>.*)$", min_share=0.1,
        examples=("[12345.678901] usb 1-1: new high-speed USB device number 2 using xhci_hcd",),
    ),
    Format(
        "logcat",
        r"^{any} +(?:(?P<user.id>\w+) +)??(?P<process.pid>\d+) +(?P<thread.id>\d+) (?P<level>[VDIWEFAS]) "
        r"(?P<logger>[^:]*[^:\s]) *: "
        r"(?P<message>.*)$",
        levels=_LOGCAT,
        variants=(
            r"^{any} +(?P<process.pid>\d+) +(?P<thread.id>\d+) (?P<level>[VDIWEFAS]) (?P<logger>[^:\s]+) *: "
            r"(?P<message>.*)$",
        ),
        examples=("03-17 16:13:38.811  1702  2395 D WindowManager: printFreezingDisplayLogs",),
    ),
    Format(
        "logcat (time)",
        r"^{any} (?P<level>[VDIWEFAS])/(?P<logger>[^(]*[^(\s]) *\( *(?P<process.pid>\d+)\): (?P<message>.*)$",
        levels=_LOGCAT,
        variants=(
            r"^{any} (?P<level>[VDIWEFAS])/(?P<logger>[^(\s]+) *\( *(?P<process.pid>\d+)\): (?P<message>.*)$",
        ),
        examples=("03-17 16:13:38.811 D/WindowManager( 1702): printFreezingDisplayLogs",),
    ),
    Format(
        "logcat (brief)",
        r"^(?P<level>[VDIWEFAS])/(?P<logger>[^(]*[^(\s]) *\( *(?P<process.pid>\d+)\): (?P<message>.*)$",
        levels=_LOGCAT, min_share=0.1,
        examples=("D/WindowManager( 1702): printFreezingDisplayLogs",),
    ),
    Format(
        "logcat (Android Studio)",
        r"^{iso} (?P<process.pid>\d+)-(?P<thread.id>\d+)/(?P<service>\S+) (?P<level>[VDIWEFA])/(?P<logger>[^:]+): "
        r"(?P<message>.*)$",
        levels=_LOGCAT,
        examples=("2024-03-10 12:00:02.123 1702-2395/com.example.app E/MainActivity: boom",),
    ),
    Format(
        "logcat (Android Studio, columns)",
        r"^{iso} +(?P<process.pid>\d+)-(?P<thread.id>\d+) +(?P<logger>\S.*?) +(?P<service>\S+) +"
        r"(?P<level>[VDIWEFA]) {2}(?P<message>.*)$",
        levels=_LOGCAT,
        examples=("2024-03-10 12:00:02.123  1702-2395  MainActivity     com.example.app      E  boom",),
    ),
    Format(
        "HealthApp",
        r"^{any} ?\| *(?P<logger>[A-Za-z_$][\w.$:-]*) *\| *(?P<process.pid>\d+) *\| ?(?P<message>.*)$",
        variants=(
            r"^{time:compact dash}\|(?P<logger>[A-Za-z_$][\w.$:-]*)\|(?P<process.pid>\d+)\|(?P<message>[^ ].*)$",
        ),
        examples=("20171223-22:15:29:606|Step_LSC|30002312|onStandStepChanged 3579",),
    ),
    Format(
        "Xorg",
        r"^\[ *(?P<kernel.uptime_s>\d+\.\d{3})\] (?:\((?P<level>II|WW|EE|NI|\*\*|==|--|\+\+|!!|\?\?)\) )?"
        r"(?P<message>.*)$",
        levels=_XORG, min_share=0.1,
        examples=('[    12.346] (II) Loading sub module "glx"',),
    ),
    Format(
        "Windows setup",
        r"^{iso}, {level} {2,}(?:\[(?P<error.code>0x\w+)\] )?(?P<logger>[A-Z][A-Z0-9_]{1,12}) +"
        r"(?P<message>.*)$",
        examples=("2016-09-28 04:30:30, Info                  CBS    Loaded Servicing Stack",),
    ),
)  # fmt: skip

SYSTEM_LATE = (
    Format(
        "priority, message", r"^<(?P<priority>[0-7])>(?P<message>[^\[].*)$", multiline=False, min_share=0.3,
        examples=("<4>Shop.Worker[0] slow",),
    ),
    Format(
        "syslog (ISO time, no process)",
        rf"^{_PRIORITY}{_WEEKDAY}{{iso}} (?P<host.name>[\w.-]+) {_TAG}(?P<message>.*)$", min_share=0.1,
        variants=(rf"^{{iso}} (?P<host.name>[\w.-]+) {_PLAIN_TAG}(?P<message>[^\[].*)$",),
        examples=("2026-03-10T00:00:01.123456+00:00 host kernel: [12345.678901] usb 1-1: new device",),
    ),
)  # fmt: skip
"""After those with a level, which they would match too."""
