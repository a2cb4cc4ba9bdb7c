#!/bin/sh
# Runs sixteen real services from Debian's packages in containers, and prints
# what became of each. It needs root, an engine, and Debian's packages once: the
# layers of the images, about 2 GB, are kept in the user's cache.
#
#   scripts/bench-services.sh                  all of it, all services
#   scripts/bench-services.sh plain nginx go   one part, these services
set -eu
cd "$(dirname "$0")/.."
scripts/engine.sh start
trap 'scripts/engine.sh stop' EXIT
echo "$(date -u +%F) $(uname -sr), $(nproc) processors, load $(cut -d' ' -f1 /proc/loadavg)"
if [ $# -gt 0 ]; then
	go run ./scripts/services "$@"
else
	go run ./scripts/services plain
fi
