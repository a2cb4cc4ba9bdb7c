#!/bin/sh
# Print what the sensor costs and what it can take: events decided a second,
# events dropped at 200,000 a second, the cost it adds to system calls and to a
# compiler in a container, the time to attach, and memory with fifty containers.
# It needs root, a kernel that bulkhead doctor finds able, an engine, and
# upstream's rules in ../shared/data/falco/rules. Others on the machine make the
# numbers worse: look at the load it prints.
set -eu
cd "$(dirname "$0")/.."
echo "$(date -u +%F) $(uname -sr), $(nproc) processors, load $(cut -d' ' -f1 /proc/loadavg)"
sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1
run() { nice -n -15 go test -run '^$' "$@" | grep '^Benchmark'; }
run -bench 'Evaluate|Pipeline|Decode' -benchtime 2s ./internal/sensor
run -bench 'Attach|Cost|Drops' -benchtime 1x ./internal/sensor
run -bench 'WatchMemory|WatchCompile' -benchtime 1x ./internal/cli
