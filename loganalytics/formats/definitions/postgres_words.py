"""The words that PostgreSQL writes for the kind of a message, in the languages that it speaks (lc_messages)."""

from __future__ import annotations

_WORDS = {
    "log": "LOG JOURNAL REGISTRO DZIENNIK LOGG KAYIT СООБЩЕНИЕ ЗАПИС ログ 日志 日誌 로그",
    "debug": "DEBUG ОТЛАДКА デバッグ 调试 디버그",
    "info": "INFO INFORMACJA BİLGİ ИНФОРМАЦИЯ ІНФОРМАЦІЯ 情報 信息 資訊 정보",
    "notice": "NOTICE HINWEIS NOTA NOTIFICA NOTIS UWAGA NOT POZNÁMKA ЗАМЕЧАНИЕ ПОВІДОМЛЕННЯ 注意 알림",
    "warning": "WARNING WARNUNG ATTENTION ADVERTENCIA AVISO ATTENZIONE OSTRZEŻENIE VARNING UYARI VAROVÁNÍ"
               " ПРЕДУПРЕЖДЕНИЕ ПОПЕРЕДЖЕННЯ 警告 경고",
    "error": "ERROR FEHLER ERREUR ERRO ERRORE BŁĄD FEL HATA CHYBA ОШИБКА ПОМИЛКА エラー 错误 錯誤 오류",
    "fatal": "FATAL FATALE KATASTROFALNY FATALT ÖLÜMCÜL FATÁLNÍ ВАЖНО ФАТАЛЬНО 致命的エラー 致命错误 嚴重錯誤"
             " 치명적오류",
    "panic": "PANIC PANIK PÂNICO PANICO PÁNICO PANIKA PANİK ПАНИКА ПАНІКА パニック 比致命错误还过分的错误 손상",
    "detail": "DETAIL DÉTAIL DETALLE DETALHE DETTAGLI DETTAGLIO SZCZEGÓŁY DETALJ AYRINTI ПОДРОБНОСТИ ДЕТАЛІ 詳細"
              " 详细信息 상세정보",
    "hint": "HINT TIPP ASTUCE SUGERENCIA DICA SUGGERIMENTO PODPOWIEDŹ TIPS İPUCU DOPORUČENÍ ПОДСКАЗКА ПІДКАЗКА ヒント"
            " 提示 힌트",
    "context": "CONTEXT ZUSAMMENHANG CONTEXTE CONTEXTO CONTESTO KONTEKST KONTEXT BAĞLAM КОНТЕКСТ コンテキスト 文脈"
               " 上下文 背景 内容 내용",
    "statement": "STATEMENT ANWEISUNG INSTRUCTION SENTENCIA COMANDO ISTRUZIONE WYRAŻENIE SATS KOMUT PŘÍKAZ ОПЕРАТОР"
                 " КОМАНДА ІНСТРУКЦІЯ ステートメント 文 语句 명령 구문 QUERY ANFRAGE REQUÊTE CONSULTA ZAPYTANIE FRÅGA"
                 " ЗАПРОС ЗАПИТ クエリ クエリー 查询 쿼리 LOCATION ORT EMPLACEMENT UBICACIÓN LOCAL ПОЛОЖЕНИЕ 場所 位置"
                 " 위치",
}  # fmt: skip

POSTGRES_WORDS = {word: level for level, words in _WORDS.items() for word in words.split()}
