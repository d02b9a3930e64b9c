#!/bin/sh
# The report and the dashboard are tested in a real browser. Installs Debian's Chromium where that is possible;
# elsewhere those tests say that they were skipped.
set -u
command -v chromium >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null
else
    echo "Chromium is not installed: the browser tests will be skipped." >&2
fi
