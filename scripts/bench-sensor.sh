#!/bin/sh
# Measure what the sensor costs and what it can take, print each number with its
# limit, and fail if one is missed or could not be measured. RUNS=9 for medians of
# more runs. The limits of a call that no rule wants and of a compiler are our own;
# the others are those of the design.
#
# It needs root, a kernel that bulkhead doctor finds able, an engine, and
# upstream's rules in ../shared/data/falco/rules. Others on the machine make the
# numbers worse: look at the load it prints.
set -eu
cd "$(dirname "$0")/.."
runs=${RUNS:-5}
out=$(mktemp)
trap 'rm -f "$out"' EXIT
load() { echo "load $(cut -d' ' -f1-3 /proc/loadavg)"; }

echo "$(date -u +%F) $(uname -sr), $(nproc) processors, $(go env GOVERSION), $(load)"
sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1

# run runs benchmarks and keeps what they print.
run() { nice -n -15 go test -run '^$' "$@" | tee -a "$out" | grep -v -e '^Benchmark' -e '^goos' -e '^goarch' -e '^pkg' -e '^cpu' -e '^PASS' -e '^ok' || true; }

run -bench 'Evaluate|Recorded|Pipeline' -benchtime 1s -count "$runs" ./internal/sensor
run -bench 'Attach|Cost|Drops' -benchtime 1x -count "$runs" ./internal/sensor
run -bench 'WatchMemory|WatchCompile' -benchtime 1x ./internal/cli

# values prints what a benchmark measured in a unit, sorted.
values() {
  awk -v name="Benchmark$1" -v unit="$2" '
    { bench = $1; sub(/-[0-9]+$/, "", bench) }
    bench == name { for (i = 3; i < NF; i += 2) if ($(i + 1) == unit) print $i }' "$out" | sort -g
}

missed=0

# hold prints the median of what was measured, or the best or the worst of all, and
# whether it is within its limit:
# WHAT BENCHMARK UNIT at-least|at-most|best-at-least|all-at-most LIMIT
hold() {
  value=$(values "$2" "$3" | awk -v how="$4" '{ v[NR] = $1 } END { if (NR) print how == "all-at-most" || how == "best-at-least" ? v[NR] : v[int((NR + 1) / 2)] }')
  verdict=missed
  case $4 in
  *at-least) sign=">=" ;;
  *) sign="<=" ;;
  esac
  if [ -z "$value" ]; then
    value=- verdict="not measured"
  elif awk -v v="$value" -v limit="$5" -v sign="$sign" 'BEGIN { exit !(sign == ">=" ? v + 0 >= limit + 0 : v + 0 <= limit + 0) }'; then
    verdict=held
  fi
  [ "$verdict" = held ] || missed=$((missed + 1))
  printf '| %-58s | %10s %-16s | %s %-10s | %s |\n' "$1" "$value" "$3" "$sign" "$5" "$verdict"
}

# tell prints what has no limit.
tell() {
  value=$(values "$2" "$3" | awk '{ v[NR] = $1 } END { if (NR) print v[int((NR + 1) / 2)]; else print "-" }')
  printf '| %-58s | %10s %-16s | %-13s | |\n' "$1" "$value" "$3" ""
}

echo "medians of $runs runs, $(load)"
hold "events decided by all of upstream's rules, one processor" Evaluate/all Mevents/s at-least 1
hold "the same, the stable rules" Evaluate/stable Mevents/s at-least 4
hold "what happened on this machine, all rules" Recorded/all Mevents/s at-least 1
hold "the same, the stable rules" Recorded/stable Mevents/s at-least 4
hold "read, process and container found, decided by all" Pipeline Mevents/s at-least 0.2
hold "files opened a second, the best run" Drops opens/s best-at-least 200000
hold "dropped, 8 MiB of buffer, the worst run" Drops dropped all-at-most 0
hold "attach, all rules" Attach ns/op at-most 1000000000
hold "a call no rule wants, watched, times as long" Cost ratio-unwanted at-most 2.5
tell "what that adds" Cost ns/unwanted-added
tell "a file opened and closed, all rules, times as long" Cost ratio-open+close
hold "a compiler in a container, watched, times as long" WatchCompile ratio at-most 1.15
hold "memory with 50 containers" WatchMemory MB at-most 80
[ "$missed" -eq 0 ] || { echo "$missed missed" >&2; exit 1; }
