#!/usr/bin/env bash
# Runs every test, on a real engine. Starts one where none answers, and stops
# only the one it started. In CI it also fuzzes every target first, so that the
# closing lines are those of go test.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/engine.sh start
trap 'scripts/engine.sh stop' EXIT

go vet ./...
if [ "${CI:-}" = true ]; then
	scripts/fuzz.sh
fi
go test ./...
