#!/bin/sh
# Sources are tested on real servers: fetches those that neither pip nor a running system brings. What cannot be had
# is told, and its tests are skipped; with LOGANALYTICS_REQUIRE_SERVERS=1 they fail instead.
set -u
here=$(dirname "$0")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/loganalytics-tests

install() { # PROGRAM PACKAGE...
    program=$1; shift
    command -v "$program" >/dev/null 2>&1 && return 0
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@" >/dev/null
    fi
    command -v "$program" >/dev/null 2>&1 || echo "$program is not installed: the tests that need it will be skipped." >&2
}

install mariadbd mariadb-server
install java openjdk-17-jre-headless
install javac openjdk-17-jdk-headless
install mvn maven

# The servers' jars from Maven Central, once.
for server in opensearch-2 opensearch-3 elasticsearch-8 elasticsearch-9; do
    [ -e "$cache/$server/.complete" ] && continue
    command -v mvn >/dev/null 2>&1 || continue
    if mvn -q -B -f "$here/servers/pom.xml" -P "$server" dependency:copy-dependencies \
        -DoutputDirectory="$cache/$server" >"${TMPDIR:-/tmp}/$server.log" 2>&1; then
        touch "$cache/$server/.complete"
    else
        echo "$server cannot be fetched: the tests that need it will be skipped." >&2
    fi
done
exit 0
