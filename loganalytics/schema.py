"""The log frame: its columns, dtypes and severities.

The words are those of the OpenTelemetry log data model
(https://opentelemetry.io/docs/specs/otel/logs/data-model/), with ECS names where OpenTelemetry has none.
"""

from __future__ import annotations

import re

import polars as pl

from loganalytics.exceptions import InvalidArgumentError, MissingColumnError

Frame = pl.DataFrame | pl.LazyFrame

TIMESTAMP = pl.Datetime("us", "UTC")

CORE: dict[str, pl.DataType] = {
    "timestamp": TIMESTAMP,
    "severity_number": pl.UInt8(),
    "level": pl.String(),
    "service": pl.String(),
    "logger": pl.String(),
    "message": pl.String(),
    "exception": pl.String(),
    "trace_id": pl.String(),
    "source": pl.String(),
    "offset": pl.String(),
}
"""The columns that every log frame begins with, in this order."""

DURATION = "duration_ms"
"""How long an event took: the one column beside the core whose name all sources and analyses know."""

ERROR = 17
"""Severity numbers from here on are errors."""

# As people write it, in lower case -> (as we write it, OpenTelemetry's number). Syslog's keywords follow
# appendix B of the data model: notice 10, critical 18, alert 19, emergency 21.
LEVELS: dict[str, tuple[str, int]] = {
    "trace": ("TRACE", 1), "trc": ("TRACE", 1), "trac": ("TRACE", 1), "finest": ("TRACE", 1), "verbose": ("TRACE", 1),
    "vrb": ("TRACE", 1), "silly": ("TRACE", 1),
    "debug5": ("DEBUG", 5), "debug4": ("DEBUG", 5), "debug3": ("DEBUG", 5), "debug2": ("DEBUG", 5),
    "debug1": ("DEBUG", 5), "debug": ("DEBUG", 5), "dbg": ("DEBUG", 5), "dbug": ("DEBUG", 5), "debu": ("DEBUG", 5),
    "debg": ("DEBUG", 5), "ddebug": ("DEBUG", 5),
    "finer": ("DEBUG", 5), "fine": ("DEBUG", 6),
    "config": ("INFO", 7),
    "info": ("INFO", 9), "inf": ("INFO", 9), "information": ("INFO", 9), "informational": ("INFO", 9),
    "log": ("INFO", 9), "statement": ("INFO", 9), "detail": ("INFO", 9), "hint": ("INFO", 9),
    "context": ("INFO", 9), "success": ("INFO", 9), "normal": ("INFO", 9), "logalways": ("INFO", 9),
    "performance": ("PERFORMANCE", 9), "business": ("BUSINESS", 9),
    "notice": ("INFO", 10), "note": ("INFO", 10), "ntc": ("INFO", 10), "audit": ("AUDIT", 10),
    "default": ("INFO", 9),
    "warn": ("WARNING", 13), "warning": ("WARNING", 13), "wrn": ("WARNING", 13),
    "security": ("SECURITY", 13),
    "error": ("ERROR", 17), "err": ("ERROR", 17), "eror": ("ERROR", 17), "erro": ("ERROR", 17),
    "severe": ("ERROR", 17), "failure": ("ERROR", 17), "fail": ("ERROR", 17),
    "critical": ("CRITICAL", 18), "crit": ("CRITICAL", 18), "crt": ("CRITICAL", 18), "alert": ("CRITICAL", 19),
    "fatal": ("CRITICAL", 21), "fata": ("CRITICAL", 21), "ftl": ("CRITICAL", 21), "fault": ("CRITICAL", 21),
    "panic": ("CRITICAL", 21), "dpanic": ("CRITICAL", 21), "assert": ("CRITICAL", 21),
    "emerg": ("CRITICAL", 21), "emergency": ("CRITICAL", 21),
}  # fmt: skip

# In other languages, as people translate the English words and as java.util.logging does.
_TRANSLATIONS = {
    "trace": "跟踪 追踪 追蹤 トレース 추적 трассировка ausführlich traza rastreamento"
             " extremadamente_detallado 非常详细 最も詳細",
    "debug": "调试 除错 除錯 偵錯 デバッグ 디버그 отладка débogage debogage depuración depuracion"
             " depuração depuracao 较详细 詳細 详细 fein feiner ladění",
    "config": "配置 構成 구성 konfiguration configuración configuração",
    "info": "信息 資訊 资讯 訊息 消息 情報 정보 информация инфо інформація información"
            " informacion informação informacao informações informations informationen infos informazione"
            " сведения informacje informace információ"
            " informazioni informatie informacja bilgi",
    "notice": "通知 提示 お知らせ 알림 уведомление hinweis aviso_informativo",
    "warning": "警告 注意 告警 경고 주의 предупреждение внимание попередження warnung avertissement"
               " attention advertencia advertência advertencia aviso avvertenza avviso attenzione"
               " waarschuwing ostrzeżenie ostrzezenie varning uyarı varování"
               " upozornění figyelmeztetés",
    "error": "错误 錯誤 异常 異常 故障 失败 エラー 오류 에러 ошибка помилка fehler erreur erro"
             " errore fout błąd blad fel hata chyba hiba",
    "critical": "严重 嚴重 危急 紧急 緊急 重大 심각 위험 критическая критический критично серьезно"
                " kritisch schwerwiegend critique grave crítico critico critica kritiek krytyczny"
                " kritik",
    "fatal": "致命 致命的 치명적 фатальная фатальный fatale fataler_fehler 崩溃",
}  # fmt: skip


# One letter, as glog, logcat and MongoDB write it; too little to search for in text, enough in a field of its own.
LETTERS = {"t": "trace", "v": "verbose", "d": "debug", "i": "info", "n": "notice", "w": "warn", "e": "error",
           "c": "critical", "f": "fatal", "a": "alert"}  # fmt: skip


_TRANSLATED = {
    word.replace("_", " "): LEVELS[english] for english, words in _TRANSLATIONS.items() for word in words.split()
}
TRANSLATIONS = tuple(_TRANSLATED.keys() - LEVELS.keys())
"""The words for levels in other languages than English, in small letters."""
_OF_MONGODB = {f"d{verbosity}": LEVELS["debug"] for verbosity in range(1, 6)}
_SPELLED = LEVELS | {letter: LEVELS[word] for letter, word in LETTERS.items()} | _TRANSLATED | _OF_MONGODB
_BRACKETS = " []<>(){}:：【】「」［］（）|*#"  # what people write around a level
_PAIRED = "[]<>(){}【】「」［］（）"
# What programs write before the word and after it: SEVERITY_NUMBER_INFO2, LogLevel.Error, LOG_ERR, ERROR+2.
_AROUND_WORD = re.compile(
    r"^(?:severity_number_|(?:logging|loglevel|level|severity|syslog)[._]|log_)?(.+?)(?:[+-]\d+|\d)?$"
)
# Words that are a level only where it is known to be one.
_AMBIGUOUS = {"log", "statement", "detail", "hint", "context", "success", "normal", "performance", "business", "note",
              "audit", "default", "security", "failure", "fail", "fine", "config", "assert", "attention",
              "fel", "grave", "消息", "通知", "提示", "注意", "失败", *_OF_MONGODB}  # fmt: skip


def is_level(word: str) -> bool:
    """Whether a word, a letter or a spelling in a field for levels is a known level."""
    return _spelled(word) is not None


def is_level_word(word: str) -> bool:
    """Whether a word is a level wherever it stands."""
    bare = word.strip(_BRACKETS).lower()
    return len(bare) > 1 and bare in _SPELLED and bare not in _AMBIGUOUS


def severity_of(level: str) -> int:
    """Return the severity_number of a level as people write it.

    Raises InvalidArgumentError for a level that is not known.

    >>> severity_of("warn")
    13
    """
    if level.lower() not in LEVELS:
        names = ", ".join(dict.fromkeys(name for name, _ in LEVELS.values()))
        raise InvalidArgumentError(f"There is no level {level!r}. Hint: one of {names}.")
    return LEVELS[level.lower()][1]


def severities(words: pl.Expr) -> pl.Expr:
    """Return the expression for `level` and `severity_number`, two columns, of levels as people write them.

    A word that is not known stays as the level, in capitals, with a null number.
    """
    return _level_and_number(words).struct.unnest()


def severity_numbers(words: pl.Expr) -> pl.Expr:
    """Return the expression for `severity_number` alone, of levels as people write them."""
    return _level_and_number(words).struct.field("severity_number")


def _level_and_number(words: pl.Expr) -> pl.Expr:
    return words.map_batches(_map_words, return_dtype=pl.Struct(_SEVERITY))


_SEVERITY = {"level": pl.String(), "severity_number": pl.UInt8()}


def _map_words(words: pl.Series) -> pl.Series:
    """Map a column of few distinct words by their codes, which costs a fifth of replacing the texts."""
    distinct = words.drop_nulls().unique(maintain_order=True)
    meanings = {"level": [_level(word) for word in distinct], "severity_number": [_number(word) for word in distinct]}
    codes = words.cast(pl.Enum(distinct)).to_physical()
    return pl.DataFrame(meanings, schema=_SEVERITY)[codes].to_struct(words.name)


def _level(word: str) -> str | None:
    spelled = _spelled(word)
    if spelled:
        return spelled[0]
    bare = word.strip(_BRACKETS)
    # Of <b>x</b> or f(x) the brackets are part of the word: it stays as it was written.
    return (word.strip() if any(sign in _PAIRED for sign in bare) else bare).upper() or None


def _number(word: str) -> int | None:
    spelled = _spelled(word)
    return spelled[1] if spelled else None


def _spelled(word: str) -> tuple[str, int] | None:
    """Return the level and number of a word as people and programs write it; None where it is not known."""
    bare = word.strip(_BRACKETS).lower()
    if bare in _SPELLED or len(bare) < 2:
        return _SPELLED.get(bare)
    inner = _AROUND_WORD.match(bare)
    return _SPELLED.get(inner[1]) if inner and len(inner[1]) > 1 else None


def conform(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with every core column present, typed and first; other columns follow as they are.

    A missing message becomes an empty one (the message is never null); other missing columns become null.
    """
    present = frame.columns
    core = {name: (pl.col(name) if name in present else pl.lit(None)).cast(dtype) for name, dtype in CORE.items()}
    core["message"] = core["message"].fill_null("")
    return frame.select(
        *[value.alias(name) for name, value in core.items()], *[name for name in present if name not in CORE]
    )


def empty() -> pl.DataFrame:
    """Return a log frame without events."""
    return pl.DataFrame(schema=CORE)


def lazy(frame: Frame, *required: str) -> pl.LazyFrame:
    """Return the frame as a LazyFrame, having checked that it has the required columns.

    Raises MissingColumnError, which names the column.
    """
    columns = frame.collect_schema().names()
    for name in required:
        if name not in columns:
            listed = ", ".join(columns[:12])
            raise MissingColumnError(
                f"The frame has no column {name!r}; it has {listed}. "
                "Hint: rename a column, or load the logs with loganalytics.load()."
            )
    return frame.lazy()


def is_error() -> pl.Expr:
    """Return the expression that is true for errors (severity_number >= 17) and never null."""
    return (pl.col("severity_number") >= ERROR).fill_null(value=False)
