#!/bin/sh
# The dashboard's pages are checked for contrast and names by axe-core, from npm. Where it cannot be had, that is told
# and its test is skipped; with LOGANALYTICS_REQUIRE_SERVERS=1 it fails instead.
set -u
version=4.14.1
checksum=29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c
cache=${XDG_CACHE_HOME:-$HOME/.cache}/loganalytics-tests
script=$cache/axe-$version.min.js
[ -e "$script" ] && exit 0
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
if command -v npm >/dev/null 2>&1 && (cd "$folder" && npm pack --silent "axe-core@$version" >/dev/null 2>&1) &&
    tar xzf "$folder/axe-core-$version.tgz" -C "$folder" package/axe.min.js &&
    echo "$checksum  $folder/package/axe.min.js" | sha256sum -c --quiet >/dev/null 2>&1; then
    mkdir -p "$cache" && mv "$folder/package/axe.min.js" "$script"
else
    echo "axe-core cannot be fetched: the check of contrast will be skipped." >&2
fi
exit 0
