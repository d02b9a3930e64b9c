"""Messages that report a failure, in several languages, and those that only look so."""

from __future__ import annotations

import polars as pl
import pytest

from loganalytics.analyses.errors.clusters import cluster_errors
from loganalytics.analyses.errors.failure_words import reports_failure
from loganalytics.schema import conform

FAILURES = {
    "English": ["Kerberos authentication failed", "fatal: write error", "worker panicked", "ValueError: no"],
    "Chinese": ["论文下载失败：连接超时", "数据库连接被拒绝", "无法连接", "系统崩溃", "致命：内存不足", "写入文件出错",
                "未知错误", "未处理的异常：空指针", "失败次数：3", "任务执行失败10次", "下載失敗", "异常处理失败",
                "节点发生故障"],
    "Japanese": ["接続に失敗しました", "エラーが発生しました", "開くことができません", "アクセスが拒否されました"],
    "German": ["Verbindung fehlgeschlagen", "Fehler beim Schreiben", "Datei konnte nicht geöffnet werden"],
    "French": ["Erreur de connexion", "Échec de la copie", "La copie a échoué", "Impossible de lire"],
    "Spanish": ["Fallo al conectar", "No se pudo abrir", "Acceso denegado", "La copia falló"],
    "Russian": ["Ошибка подключения", "Не удалось открыть файл", "Сбой узла 3"],
    "Portuguese and Italian": ["Falha ao conectar", "Errore di connessione"],
}  # fmt: skip

NO_FAILURES = {
    "English": ["0 errors, 3 warnings", "errors=0 failed=0", "done without any error", "wrote /var/log/error.log",
                "Command line: quiet panic=-1", "    raise error from e", "The above exception was"],
    "Chinese": ["失败0次", "成功100，失败0", "0个错误", "共12条，0条失败", "无错误", "没有异常", "未发现任何异常",
                "错误率：0.00%", "错误：无", "是否失败：否", "异常检测模块启动", "错误处理器已注册",
                "连接超时时间：30秒", "故障转移完成", "阅读《错误的代价》", "不再超时", "登录成功",
                "搜索：故障诊断方法"],
    "Japanese": ["エラーなし", "エラーはありません", "0件のエラー", "例外処理を開始", "タイムアウト値は30秒"],
    "German": ["keine Fehler", "0 Fehler", "ohne Fehler beendet", "Fehler: 0"],
    "French": ["aucune erreur", "terminé sans erreur", "erreurs : 0"],
    "Spanish": ["sin errores", "ningún error", "consultar fall 2024"],
    "Russian": ["без ошибок", "ошибок: 0", "ошибок не обнаружено"],
    "Portuguese and Italian": ["sem erros", "nessun errore"],
}  # fmt: skip


def reported(messages: list[str]) -> list[str]:
    """Return the messages that report a failure."""
    return pl.DataFrame({"message": messages}).filter(reports_failure(pl.col("message")))["message"].to_list()


@pytest.mark.parametrize("language", FAILURES)
def test_failures_are_reported_in_many_languages(language: str) -> None:
    """By the words that are common for it."""
    assert reported(FAILURES[language]) == FAILURES[language]


@pytest.mark.parametrize("language", NO_FAILURES)
def test_counts_of_nothing_and_what_deals_with_failures_are_none(language: str) -> None:
    """Negations and names too."""
    assert reported(NO_FAILURES[language]) == []


@pytest.mark.parametrize(
    ("message", "count"), [("失败0次", 0), ("失败0.5%", 1), ("失败10次", 1), ("10次失败", 1), ("0次失败", 0)]
)
def test_a_count_of_nothing_is_zero(message: str, count: int) -> None:
    """Not a number that begins or ends with it."""
    assert len(reported([message])) == count


def test_only_events_without_a_severity_are_unleveled_failures() -> None:
    """What a program calls information is none."""
    logs = conform(pl.DataFrame({"message": ["下载失败：连接超时"] * 3, "severity_number": [None, 9, 13]}))
    assert cluster_errors(logs)["events"].to_list() == [1]
    status = conform(pl.DataFrame({"message": ['result {"status": "failed"}'] * 2, "severity_number": [None, 9]}))
    assert cluster_errors(status)["events"].to_list() == [1]
