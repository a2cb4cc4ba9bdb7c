#!/usr/bin/env bash
# Runs every test, on a real engine. Starts one where none answers, and stops
# only the one it started.
#
# In CI it also fuzzes every target first, for 30 seconds or what all of them
# together may take. What that finds is printed and does not
# fail the run: it is a new discovery, not a fault of the change. It fails from
# the moment somebody keeps it in testdata/fuzz.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! scripts/engine.sh answers; then
	scripts/engine.sh start
	trap 'scripts/engine.sh stop' EXIT
fi

scripts/tools.sh || echo "test.sh: some tests will skip: their tools could not be installed"

go vet ./...
if [ "${CI:-}" = true ]; then
	targets=$(grep -rhc --include='*_test.go' '^func Fuzz' internal cmd | awk '{n += $1} END {print n}')
	minutes=9
	export FUZZTIME=${FUZZTIME:-$((minutes * 60 * $(nproc) / targets < 30 ? minutes * 60 * $(nproc) / targets : 30))s}
	scripts/fuzz.sh || echo "fuzzing found something new: keep it in testdata/fuzz, and cure it"
	git clean -fdq -- ':(glob)**/testdata/fuzz/**'
fi
# Longer than the default: the first run builds two images of packages and two
# tools to compare with, and keeps them in the user's cache.
go test -timeout 25m ./...
