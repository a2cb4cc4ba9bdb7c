#!/usr/bin/env bash
# Gives the tests an engine: installs one where there is none (Debian, as root),
# starts it where none answers, and stops only the one it started.
#
#   scripts/engine.sh start      also the default
#   scripts/engine.sh stop
#   scripts/engine.sh answers    whether one does; who did not start it must not stop it
set -euo pipefail

state=${BULKHEAD_ENGINE_STATE:-${TMPDIR:-/tmp}/bulkhead-engine-$(id -u)}
pidfile=$state/pid
log=$state/dockerd.log
wait_seconds=60

answers() { timeout 10 docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }

# ours prints the pid of the dockerd this script started, if it still runs. The
# start time tells it from another process that was given the same pid.
ours() {
	local pid started
	[ -r "$pidfile" ] || return 1
	read -r pid started <"$pidfile"
	[ "$(start_time "$pid")" = "$started" ] && echo "$pid"
}

# start_time prints when a process was started, in clock ticks since boot. The
# command's name, in parentheses, may hold blanks.
start_time() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

install_engine() {
	command -v dockerd >/dev/null && command -v docker >/dev/null && command -v iptables >/dev/null && return
	if [ "$(id -u)" != 0 ]; then
		echo "engine.sh: no engine answers, and installing one needs root" >&2
		exit 1
	fi
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -q
	apt-get install -q -y --no-install-recommends docker.io iptables ca-certificates
	# Debian's newer docker.io leaves the command line to a package of its own.
	command -v docker >/dev/null || apt-get install -q -y --no-install-recommends docker-cli
}

start() {
	if command -v docker >/dev/null && answers; then
		echo "engine.sh: an engine answers already"
		return
	fi
	install_engine
	if answers; then # the package may have started it
		echo "engine.sh: an engine answers"
		return
	fi
	if [ "$(id -u)" != 0 ]; then
		echo "engine.sh: no engine answers, and starting one needs root" >&2
		exit 1
	fi
	# An engine elsewhere makes an empty folder of the socket where a container
	# binds it and it is not there.
	[ ! -d /var/run/docker.sock ] || rmdir /var/run/docker.sock
	mkdir -p "$state"
	chmod 700 "$state"
	setsid dockerd >"$log" 2>&1 </dev/null &
	local pid=$!
	echo "$pid $(start_time "$pid")" >"$pidfile"
	for ((i = 0; i < wait_seconds * 4; i++)); do
		if answers; then
			echo "engine.sh: started dockerd, pid $pid"
			return
		fi
		if [ -z "$(ours)" ]; then
			break
		fi
		sleep 0.25
	done
	echo "engine.sh: dockerd does not answer; its last words:" >&2
	tail -n 20 "$log" >&2
	stop
	exit 1
}

stop() {
	local pid
	if ! pid=$(ours) || [ -z "$pid" ]; then
		rm -rf "$state"
		return
	fi
	kill -TERM "$pid"
	for ((i = 0; i < wait_seconds * 4; i++)); do
		[ -z "$(ours)" ] && break
		sleep 0.25
	done
	rm -rf "$state"
	echo "engine.sh: stopped dockerd, pid $pid"
}

case ${1:-start} in
start) start ;;
stop) stop ;;
answers) answers ;;
*)
	echo "usage: scripts/engine.sh [start|stop|answers]" >&2
	exit 2
	;;
esac
