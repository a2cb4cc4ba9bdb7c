#!/usr/bin/env bash
# Fuzzes every target for FUZZTIME (30s) each, one after the other. What crashes
# stays in testdata/fuzz and fails go test from then on.
set -euo pipefail
cd "$(dirname "$0")/.."

grep -rl --include='*_test.go' '^func Fuzz' internal cmd | sort | while read -r file; do
	grep -oE '^func Fuzz[A-Za-z0-9_]*' "$file" | cut -c6- | while read -r target; do
		echo "fuzz $target ($(dirname "$file")) for ${FUZZTIME:-30s}"
		go test "./$(dirname "$file")" -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-30s}" </dev/null | tail -n 2
	done
done
