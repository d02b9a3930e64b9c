"""Vega, Vega-Lite and vega-embed as one script, bundled once and kept in the user's cache folder."""

from __future__ import annotations

import contextlib
import importlib.metadata
from functools import cache
from pathlib import Path

from loganalytics.atomic_write import replace_text

# Wrapped, so that the names of the bundle stay its own.
_SNIPPET = "window.vegaEmbed = vegaEmbed;"


@cache
def vega_script() -> str:
    """Return the script (0.9 MB), which sets window.vegaEmbed and fits between script tags.

    Bundling takes seconds, so the script is kept under $XDG_CACHE_HOME; where that cannot be written it is made anew.
    """
    cache_file = _cache_file()
    with contextlib.suppress(OSError):
        return cache_file.read_text(encoding="utf-8")
    script = _bundle()
    with contextlib.suppress(OSError):
        cache_file.parent.mkdir(parents=True, exist_ok=True)
        replace_text(cache_file, script)  # as a whole: another process may be reading
    return script


def _cache_file() -> Path:
    import platformdirs

    version = importlib.metadata.version("vl-convert-python")
    return Path(platformdirs.user_cache_dir("loganalytics")) / f"vega-{version}.js"


def _bundle() -> str:
    import vl_convert

    bundle = vl_convert.javascript_bundle(_SNIPPET)
    return f"(function () {{{bundle}}})();".replace("</script", "<\\/script").replace("<!--", "<\\!--")
