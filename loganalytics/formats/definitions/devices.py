"""Firmware, telephony, monitoring and other services whose level stands in a place of its own."""

from __future__ import annotations

from loganalytics.formats.definitions.format import Format
from loganalytics.schema import LETTERS

_ONE_LETTER = r"(?P<level>[VDIWE])"

_SYSLOG = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
_VMWARE = dict(zip(("Em", "Al", "Cr", "Er", "Wa", "No", "In", "Db"), _SYSLOG, strict=True))

DEVICES = (
    Format(
        "Asterisk",
        r"^\[{any}\] {LEVEL}\[(?P<process.pid>\d+)\](?:\[(?P<trace_id>C-\w+)\])?:? (?P<logger>[^\s:]+): "
        r"(?P<message>.*)$",
        examples=("[2024-03-10 12:00:00] WARNING[4711][C-00000001] pbx.c: no such extension",),
    ),
    Format(
        "ESP-IDF", rf"^{_ONE_LETTER} \((?P<process.uptime_ms>\d+)\) (?P<logger>[^:]+): ?(?P<message>.*)$",
        levels=LETTERS, min_share=0.2, examples=("E (1500) esp_https_ota: Failed to open HTTP connection",),
    ),
    Format(
        "ESPHome",
        r"^\[(?P<time>\d{2}:\d{2}:\d{2}(?:\.\d{3})?)\]\[(?P<level>[EWICDV]|VV)\]\[(?P<logger>[^\]]*?)"
        r"(?::(?P<code.line.number>\d+))?\]: ?(?P<message>.*)$",
        levels={"E": "error", "W": "warning", "I": "info", "C": "config", "D": "debug", "V": "trace", "VV": "trace"},
        examples=("[12:00:00][E][wifi:480]: No network",),
    ),
    Format(
        "Zephyr",
        r"^\[(?P<process.uptime>\d{2}:\d{2}:\d{2}\.\d{3},\d{3})\] <(?P<level>err|wrn|inf|dbg)> "
        r"(?P<logger>[\w.-]+): ?(?P<message>.*)$",
        examples=("[00:00:01.000,000] <wrn> net_if: no address",),
    ),
    Format(
        "Icinga", r"^\[{any}\] {level}/(?P<logger>\w+): (?P<message>.*)$",
        examples=("[2024-03-10 12:00:00 +0100] critical/config: Error: undefined variable",),
    ),
    Format(
        "Kodi", r"^{iso} T:(?P<thread.id>\d+) +{level} <(?P<logger>[^>]*)>: (?P<message>.*)$",
        examples=("2024-03-10 12:00:00.123 T:4711    error <general>: no such file",),
    ),
    Format(
        "libvirt",
        r"^{iso}: (?P<thread.id>\d+): {level} : "
        r"(?:(?P<code.function.name>\w+):(?P<code.line.number>\d+) : )?(?P<message>.*)$",
        examples=("2024-03-10 12:00:00.123+0000: 4711: error : virNetSocketReadWire:1793 : End of file",),
    ),
    Format(
        "NATS", r"^\[(?P<process.pid>\d+)\] {go} \[{level}\] (?P<message>.*)$",
        examples=("[1] 2024/03/10 12:00:00.123456 [ERR] authentication error",),
    ),
    Format(
        "Prosody", r"^{syslog} (?P<logger>\S+)\t{level}\t(?P<message>.*)$",
        examples=("Mar 10 12:00:00 mod_posix\twarn\tReceived SIGTERM",),
    ),
    Format(
        "Splunk",
        r"^{any} {LEVEL} +(?P<logger>[A-Za-z]\w*) \[(?P<thread.name>\d[^\]]*)\] - (?P<message>.*)$",
        examples=("03-10-2024 12:00:00.123 +0100 ERROR TcpOutputFd [4711 TcpOut] - connection failed",),
    ),
    Format(
        "syslog, level in parentheses",
        r"^{syslog} (?P<host.name>\S+) (?P<service>[\w./-]+)\[(?P<process.pid>\d+)\]\({level}\): (?P<message>.*)$",
        examples=("Mar 10 12:00:00 kdc krb5kdc[4711](Error): verify failure",),
    ),
    Format(
        "time <process> -- level --", r"^{any} <(?P<process.pid>\d+)> -- {level} -- (?P<message>.*)$",
        examples=("Sun Mar 10 2024 12:00:00 GMT+0100 (CET) <4711> -- error -- boom",),
    ),
    Format(
        "VMware (ESXi 8)",
        r"^{zulu} (?P<level>Em|Al|Cr|Er|Wa|No|In|Db)\((?P<priority>\d+)\) (?P<service>[^\s\[:]+)"
        r"(?:\[(?P<process.pid>\d+)\])?: (?P<message>.*)$",
        levels=_VMWARE, examples=("2024-03-10T12:00:00.123Z Er(163) Hostd[4711]: [Originator@6876] SSL Exception",),
    ),
    Format(
        "H3C Comware",
        r"^%{any} (?P<host.name>\S+) (?P<logger>[A-Z][A-Z0-9_]*)/(?P<level>[0-7])/(?P<event.code>[A-Z0-9_]+): ?"
        r"(?P<message>.*)$",
        levels=dict(zip("01234567", _SYSLOG, strict=True)),
        examples=("%Mar 10 12:00:00:123 2024 SW1 IFNET/3/PHY_UPDOWN: GigabitEthernet1/0/1 changed to down.",),
    ),
    Format(
        "VMware kernel",
        r"^{iso} cpu(?P<cpu.id>\d+):(?P<thread.id>\d+)(?: opID=(?P<trace_id>\w+))?\)(?:(?P<level>WARNING|ALERT): )?"
        r"(?P<message>.*)$",
        examples=("2024-03-10T12:00:00.000Z cpu0:2097152)WARNING: ScsiDeviceIO: 1564: slow",),
    ),
    Format(
        "Zabbix", r"^ *(?P<process.pid>\d+):(?P<timestamp>\d{8}:\d{6}\.\d{3}) (?P<message>.*)$",
        time="%Y%m%d:%H%M%S%.f",
        examples=("  4711:20240310:120000.123 Starting Zabbix Server",),
    ),
)  # fmt: skip
