#!/bin/sh
# Runs sixteen real services from Debian's packages in containers, and prints
# what became of each. It needs root, an engine, and Debian's packages once: the
# layers of the images, about 2 GB, are kept in the user's cache.
#
# The parts: plain runs them as they are run everywhere; learn runs them under
# what bulkhead learn finds, and has AppArmor's parser read it; drift plants twelve things that bulkhead watch has to
# find; quiet watches them idle and under their tests, when nothing may alert.
#
#   scripts/bench-services.sh                  all of it, all services
#   scripts/bench-services.sh plain nginx go   one part, these services
set -eu
cd "$(dirname "$0")/.."
if ! scripts/engine.sh answers; then
	scripts/engine.sh start
	trap 'scripts/engine.sh stop' EXIT
fi
echo "$(date -u +%F) $(uname -sr), $(nproc) processors, load $(cut -d' ' -f1 /proc/loadavg)"
make -s build
if [ $# -gt 0 ]; then
	go run ./scripts/services "$@"
	exit
fi
failed=0
for part in plain learn drift quiet; do
	echo
	go run ./scripts/services $part || failed=1
done
exit $failed
