#!/bin/sh
# Renew one lock file: base (to run), dev (to work on it) or bench (the peer compared with).
# Hashes only: no line names an index, so the same lock serves every mirror.
set -eu
cd "$(dirname "$0")/.."
common="--universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet"
compile() { uv pip compile $common --no-emit-index-url --no-emit-find-links "$@"; }
case "$1" in
  base) compile pyproject.toml --output-file requirements/base.lock ;;
  dev) compile --group dev --constraint requirements/base.lock --output-file requirements/dev.lock ;;
  bench) compile --group bench --output-file requirements/bench.lock ;;
  *) echo "lock.sh base|dev|bench" >&2; exit 2 ;;
esac
