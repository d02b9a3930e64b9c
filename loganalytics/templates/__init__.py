"""Message -> template: the text that stays when the variables are replaced by `<*>`.

The lines are masked in one pass and counted by masked text; only the distinct masked texts, which are few, are
merged (mining.py). A catalogue remembers the templates of earlier runs (template_store.py).
"""

from __future__ import annotations

from loganalytics.templates.annotate import with_templates
from loganalytics.templates.masking import WILDCARD
from loganalytics.templates.mining import finish, merge, partial
from loganalytics.templates.template_store import TemplateCatalogue

__all__ = ["WILDCARD", "TemplateCatalogue", "finish", "merge", "partial", "with_templates"]
