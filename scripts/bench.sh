#!/usr/bin/env bash
# Measures bin/bulkhead as a whole process and prints a table: the example shop,
# and trees of 10 to 10,000 artifacts made from the two examples. Needs GNU time.
#
#   scripts/bench.sh           11 runs each
#   RUNS=21 scripts/bench.sh
set -euo pipefail
cd "$(dirname "$0")/.."

runs=${RUNS:-11}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# tree makes a folder of n artifacts: copies of the examples, in which every
# project has a name of its own, so that no two are alike.
tree() {
	local n=$1 to=$2 made=0 p i f
	local names=(compose.yaml api/Dockerfile web/Dockerfile worker/Dockerfile deploy/shop.yaml scripts/run-metrics.sh)
	local sources=() texts=() dirs=()
	for f in "${names[@]}"; do sources+=("shop/$f" "shop-hardened/$f"); done
	for f in "${sources[@]}"; do texts+=("$(<"examples/$f")"); done
	for ((p = 0; made < n; p++)); do
		dirs=()
		for f in "${sources[@]}"; do dirs+=("$to/p$p/${f%/*}"); done
		mkdir -p "${dirs[@]}"
		for ((i = 0; i < ${#sources[@]} && made < n; i++, made++)); do
			printf '%s\n' "${texts[i]//shop/shop$p}" >"$to/p$p/${sources[i]}"
		done
	done
}

median() { sort -n | sed -n "$(((runs + 1) / 2))p"; }

# run runs a command and adds its wall and processor time in ms and the most
# memory it held in MB to $work/runs.
run() {
	local TIMEFORMAT='%3R %3U %3S'
	{ time /usr/bin/time -q -o "$work/memory" -f '%M' "$@" >/dev/null 2>&1 || [ $? -eq 1 ]; } 2>"$work/time" # 1: findings
	paste "$work/time" "$work/memory" | awk '{ printf "%d %d %d\n", $1 * 1000, ($2 + $3) * 1000, $4 / 1024 }' >>"$work/runs"
}

# measure runs a command often and prints a line of the table: the median and
# the fastest wall time, the median processor time, and the most memory.
measure() {
	local what=$1 files=$2 wall
	shift 2
	run "$@" # warms the caches
	: >"$work/runs"
	for ((r = 0; r < runs; r++)); do run "$@"; done
	wall=$(cut -d' ' -f1 "$work/runs" | median)
	printf '| %s | %s | %s | %s | %s | %s |\n' "$what" "$wall" \
		"$(cut -d' ' -f1 "$work/runs" | sort -n | head -n 1)" \
		"$(cut -d' ' -f2 "$work/runs" | median)" \
		"$(cut -d' ' -f3 "$work/runs" | sort -n | tail -n 1)" \
		"$([ "$files" = 0 ] || echo "$((files * 1000 / wall))")"
}

make -s build
echo "$(date -u +%F), $(nproc) processors ($(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)), $(go env GOVERSION), load $(cut -d' ' -f1 /proc/loadavg), $runs runs each"
echo
echo "binary: $(($(stat -c %s bin/bulkhead) / 1024)) KB"
echo
echo '| what | median ms | fastest ms | processor ms | memory MB | files/s |'
echo '|---|---|---|---|---|---|'
measure 'version' 0 bin/bulkhead version
measure 'examples/shop' 6 bin/bulkhead check --no-engine examples/shop
for n in 10 100 1000 10000; do
	tree "$n" "$work/$n"
	measure "$n files" "$n" bin/bulkhead check --no-engine "$work/$n"
	rm -rf "${work:?}/$n"
done
