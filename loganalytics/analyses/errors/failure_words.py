"""How messages report a failure where no severity tells it: the words of several languages, and what only looks so."""

from __future__ import annotations

import polars as pl

_ENGLISH = (
    r"errors?|fail(?:s|ed|ures?)?|fatal|panic(?:ked)?|traceback|critical|segfault|core dumped|out of memory"
    r"|(?:unhandled|uncaught|threw(?: an)?|raised(?: an)?) exception"
)
_EUROPEAN = "|".join(
    [
        "Fehler|Fehlschlag|fehlgeschlagen|gescheitert|abgest[üu]rzt|Zeit[üu]berschreitung|verweigert|konnten? nicht",
        "erreurs?|echecs?|echoue|impossible d[e']",
        "errores|fallos?|fallid[oa]s?|no se (?:pudo|puede)|rechazad[oa]s?|denegad[oa]s?",
        "erros?|falhas?|falhou|n[ãa]o foi poss[íi]vel|errore|errori|fallit[oaie]|impossibile",
    ]
)
# With a letter at an end that is not ASCII: boundaries of any script's words are many times slower.
_UNBOUNDED = (
    "échecs?|échou[ée]|refusée?s?|délai dépassé|falló|ошибк[аиуе]|ошибок|сбо[йия]|не удалось|невозможно|отказано"
    "|отклонен|аварийно"
)
_B = r"(?-u:\b)"
_WORDS = rf"(?i){_B}(?:{_ENGLISH}|{_EUROPEAN}){_B}|{_UNBOUNDED}|{_B}exception:|(?-i:[a-z](?:Error|Exception){_B})"

# Scripts without blanks between words: simplified and traditional Chinese, Japanese.
_UNSPACED = (
    "失败|出错|报错|错误|异常|超时|崩溃|宕机|拒绝|无法|致命|失敗|出錯|錯誤|異常|逾時|崩潰|拒絕|無法"
    "|(?:发生|出现|發生|服务|节点|系统|硬件|磁盘|网络|设备|连接|主机)故障|故障(?:[:：,，。!！]|$)|エラー|タイムアウト|拒否|できません|クラッシュ|例外"
)

# Counts of nothing, negations, names of files and of things that deal with failures.
_COUNTED = (
    r"(?:errors?|failures?|exceptions?|Fehler|erreurs?|échecs?|errores|fallos?|erros?|falhas?|error[ei]|ошиб\w+|сбоев)"
)
_NO = "|".join(
    [
        r"\b(?:no|0|zero|without(?: any)?|keine?|ohne|aucune?|sans|sin|ning[úu]n|sem|nenhum|nessun[ao]?|senza|без"
        r"|нет) "
        rf"(?:\w+ )?{_COUNTED}\b",
        r"\b(?:errors?|failed|failures?|exceptions?|fatal)[\"']?\s*[:=]\s*[\"']?(?:0\b|no\b|none\b|false\b|null\b|-)",
        rf"\b{_COUNTED}\s*[:=]\s*(?:0\b|keine?\b|aucune?\b|ning)|\b{_COUNTED} (?:нет|не (?:обнаружено|найдено))\b",
        r"\berrors?[./\-]\w|[./\-]errors?\b|\bpanic=-?\d",
        # Lines of a traceback that were logged one by one: its last says what failed.
        r"^\s*raise [\w.]+(?:\(.*|\s+from .*)?$|^(?:The above exception was|During handling of the above) .*",
    ]
)
_ANY_UNSPACED = rf"(?:{_UNSPACED})"
_NO_UNSPACED = "|".join(
    [
        rf"{_ANY_UNSPACED}(?:次数|数量|总数|条数|个数|数|率|件数|回数)?\s*(?:为|是|は)?\s*[:：=]?\s*0(?:\.0+)?(?:[^\d.]|$)",
        rf"{_ANY_UNSPACED}\s*[:：=]\s*(?:无|否|没有|無|沒有|なし|[Nn]one|null|false|-)",
        rf"(?:^|[^\d.])0\s*(?:次|个|個|条|笔|起|项|处|件の?)\p{{Han}}{{0,4}}?{_ANY_UNSPACED}",
        rf"(?:[无無零](?:任何|明显|其他)?|[没沒]有?(?:任何|出现|发现|发生|检测到)?|未(?:发现|出现|见|检测到|发生|有|發現)(?:任何|明显)?"
        rf"|避免|防止|忽略|不再){_ANY_UNSPACED}",
        rf"{_ANY_UNSPACED}(?:は|が)?(?:なし|ありません|無し|ない)",
        r"(?:异常|错误|異常|錯誤|故障|失败|例外|エラー)(?:检测|檢測|検知|诊断|分析|预测|分类|识别|定位|排查|值|处理|處理|処理|监控|監控|日志|日誌|ログ|码|碼|コード|转移|恢复|切换"
        r"|重试|队列|ハンドリング|ページ)|(?:超时|逾時|タイムアウト)(?:时间|時間|设置|設定|配置|阈值|参数|限制|値)|拒绝策略|《[^》]*》",
    ]
)


def reports_failure(message: pl.Expr) -> pl.Expr:
    """Return the expression for whether a message reports a failure.

    Example:
        >>> messages = pl.DataFrame({"message": ["login failed", "0 errors", "下载失败：超时", "失败0次"]})
        >>> messages.select(reports_failure(pl.col("message")))["message"].to_list()
        [True, False, True, False]
    """
    return _says(message, _WORDS, rf"(?i){_NO}") | _says(message, _UNSPACED, _NO_UNSPACED)


def _says(message: pl.Expr, words: str, but: str) -> pl.Expr:
    """Return whether one of the words is left when what only looks so is taken away, which few messages need."""
    suspicious = pl.when(message.str.contains(words)).then(message)
    return suspicious.str.replace_all(but, " ").str.contains(words).fill_null(value=False)
