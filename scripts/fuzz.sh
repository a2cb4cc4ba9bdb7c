#!/usr/bin/env bash
# Fuzzes every target for FUZZTIME (30s) each, one on every processor. What
# crashes stays in testdata/fuzz and fails go test from then on.
set -euo pipefail
cd "$(dirname "$0")/.."

fuzz() {
	local package=$1 target=$2 log
	# Minimising what is merely interesting would use the time up.
	if log=$(go test "$package" -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-30s}" -fuzzminimizetime 1x -parallel 1 2>&1 </dev/null); then
		echo "fuzz $package $target: $(grep -o 'execs: [0-9]*' <<<"$log" | tail -n 1)"
	elif grep -q 'context deadline exceeded' <<<"$log" && ! grep -qE 'Failing input|panic:' <<<"$log"; then
		# Go may count the end of its own time against the target.
		echo "fuzz $package $target: $(grep -o 'execs: [0-9]*' <<<"$log" | tail -n 1), stopped late"
	else
		printf 'fuzz %s %s\n%s\n' "$package" "$target" "$log"
		return 1
	fi
}
export -f fuzz

grep -ro --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' internal cmd | sort |
	sed -E 's|^(.*)/[^/]*:func (.*)$|./\1 \2|' |
	xargs -P "$(nproc)" -L 1 bash -c 'fuzz "$@"' fuzz
