#!/usr/bin/env bash
# Installs what the tests compare with and build images from, where it is missing
# (Debian, as root), and what else is named. Tests that miss something skip
# themselves and say so.
set -euo pipefail

# command:package
wanted=(debootstrap:debootstrap rpm:rpm strace:strace /usr/bin/time:time npm:npm clang:clang llvm-strip:llvm git:git "$@")

missing=()
for w in "${wanted[@]}"; do
	command -v "${w%%:*}" >/dev/null || missing+=("${w##*:}")
done
[ ${#missing[@]} -gt 0 ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
	echo "tools.sh: some tests skip without ${missing[*]}" >&2
	exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
apt-get install -q -y --no-install-recommends "${missing[@]}"
