#!/usr/bin/env bash
# Measures what looking into an image costs as a whole process, and writes the
# table into docs/performance.md: reading, hashing and inflating the same bytes,
# bulkhead sbom and check, and other tools where they are on the PATH. All are run
# in turns, RUNS times; the table has medians. Needs GNU time.
#
#   scripts/bench-images.sh                  an image made from this machine's folders, kept in the cache
#   scripts/bench-images.sh IMAGE.tar        one as docker save writes it, with uncompressed layers
#   RUNS=11 scripts/bench-images.sh IMAGE.tar
#   TABLE= scripts/bench-images.sh           prints the table and writes no file
set -euo pipefail
page=${TABLE-$(dirname "$0")/../docs/performance.md}
page=${page:+$(realpath "$page")}
given=${1:+$(realpath "$1")}
cd "$(dirname "$0")/.."

runs=${RUNS:-5}
kept=${XDG_CACHE_HOME:-$HOME/.cache}/bulkhead-test/bench-images
work=$(mktemp -d)
tag=bulkhead-bench-images:1
loaded=
trap 'rm -rf "$work"; [ -z "$loaded" ] || docker image rm "$loaded" >/dev/null' EXIT
mkdir -p "$kept"

# repack packs the layers in a folder, 0/layer.tar and so on, and a
# configuration up as docker save does: repack FOLDER ARCHIVE CONFIG NAME...
repack() {
	local from=$1 to=$2 config=$3 names
	shift 3
	names=$(printf ',"%s"' "$@")
	cp "$config" "$from/config.json"
	printf '[{"Config":"config.json","RepoTags":["%s"],"Layers":[%s]}]' "$tag" "${names#,}" >"$from/manifest.json"
	tar -C "$from" -cf "$to.new" "$@" config.json manifest.json
	mv "$to.new" "$to"
}

# make_image makes an image of about 1.5 GB from what is installed here.
make_image() {
	local from=$work/image n=0 dir used=0 size names=() diffs=()
	for dir in etc usr/bin usr/lib usr/share usr/local opt home root/go/bin; do
		[ -d "/$dir" ] || continue
		size=$(du -sm --exclude=/proc "/$dir" 2>/dev/null | cut -f1)
		[ $((used + size)) -le 1700 ] || continue
		used=$((used + size))
		mkdir -p "$from/$n"
		tar -C / --numeric-owner --warning=no-file-changed -cf "$from/$n/layer.tar" "$dir" $([ "$dir" != etc ] || echo var/lib/dpkg) || [ $? -eq 1 ]
		diffs+=("\"sha256:$(sha256sum "$from/$n/layer.tar" | cut -d' ' -f1)\"")
		names+=("$n/layer.tar")
		n=$((n + 1))
	done
	printf '{"architecture":"amd64","os":"linux","config":{"Cmd":["/bin/sh"]},"rootfs":{"type":"layers","diff_ids":[%s]}}' "$(IFS=,; echo "${diffs[*]}")" >"$work/config.json"
	repack "$from" "$1" "$work/config.json" "${names[@]}"
	rm -rf "$from"
}

# compress makes the same image with layers compressed as gzip -6 does.
compress() {
	local from=$work/gzip config name names=()
	mkdir -p "$from"
	tar -C "$from" -xf "$1"
	config=$(sed -n 's/.*"Config": *"\([^"]*\)".*/\1/p' "$from/manifest.json")
	for name in $(sed 's/.*"Layers": *\[\([^]]*\)\].*/\1/; s/[",]/ /g' "$from/manifest.json"); do
		gzip -6 -n <"$from/$name" >"$from/layer.gz"
		rm "$from/$name"
		mv "$from/layer.gz" "$from/$name"
		names+=("$name")
	done
	cp "$from/$config" "$work/config.json"
	repack "$from" "$2" "$work/config.json" "${names[@]}"
	rm -rf "$from"
}

raw=${given:-$kept/image.tar}
[ -e "$raw" ] || make_image "$raw"
packed=$kept/$(stat -c '%s-%Y' "$raw")-gzip.tar
[ -e "$packed" ] || compress "$raw" "$packed"

make -s build
go build -o "$work/baseline" ./scripts/baseline
bulkhead=$PWD/bin/bulkhead

# What is measured: its name, what may be its exit code, and the command. A
# command that begins with "cold" is run without what was kept before.
whats=() exits=() commands=()
add() {
	whats+=("$1")
	exits+=("$2")
	shift 2
	commands+=("$(printf '%q ' "$@")")
}
add 'reading the archive' 0 "$work/baseline" read "$raw"
add 'SHA-256 of it' 0 "$work/baseline" hash "$raw"
add 'inflating the gzip layers' 0 "$work/baseline" inflate "$packed"
add '`sbom`, uncompressed layers' '0|3' "$bulkhead" sbom "$raw"
add '`sbom`, gzip layers' '0|3' "$bulkhead" sbom "$packed"
for form in "uncompressed:$raw" "gzip:$packed"; do
	add "\`check --no-cache\`, ${form%%:*} layers" '0|1' "$bulkhead" check --no-engine --no-cache -o json "${form#*:}"
	add "\`check\`, ${form%%:*} layers, first" '0|1' cold "$bulkhead" check --no-engine -o json "${form#*:}"
	add "\`check\`, ${form%%:*} layers, second" '0|1' "$bulkhead" check --no-engine -o json "${form#*:}"
done
if docker version >/dev/null 2>&1; then
	loaded=$(docker load -q -i "$raw" | sed 's/^Loaded image\( ID\)\{0,1\}: //')
	add '`check`, from the engine, first' '0|1' cold "$bulkhead" check -o json "$loaded"
	add '`check`, from the engine, second' '0|1' "$bulkhead" check -o json "$loaded"
fi
if command -v trivy >/dev/null; then
	add 'trivy, secrets and packages' 0 cold trivy image --scanners secret --list-all-pkgs --offline-scan --skip-db-update --skip-java-db-update -q -f json --input "$raw"
fi
if command -v osv-scanner >/dev/null; then
	add 'osv-scanner, packages' '0|1|127|128' osv-scanner scan image --all-packages --offline --format json --archive "$raw"
fi
if command -v gitleaks >/dev/null; then
	mkdir "$work/layers"
	tar -C "$work/layers" -xf "$raw"
	add 'gitleaks, secrets' '0|1' gitleaks dir --max-archive-depth 2 --no-banner -l error -r /dev/null "$work/layers"
fi

# run runs measure i once and adds its CPU seconds, wall seconds and KB of
# memory to a file.
run() {
	local i=$1 code=0 command
	command=${commands[i]}
	if [[ $command == cold\ * ]]; then
		rm -rf "$work/cache"
		command=${command#cold }
	fi
	XDG_CACHE_HOME=$work/cache /usr/bin/time -q -o "$work/time" -f '%U %S %e %M' bash -c "exec $command" >/dev/null 2>"$work/errors" || code=$?
	if ! [[ $code =~ ^(${exits[i]})$ ]]; then
		echo "${whats[i]}: exit code $code: $(head -c 500 "$work/errors")" >&2
		exit 1
	fi
	awk '{ print $1 + $2, $3, $4 / 1024 }' "$work/time" >>"$work/run$i"
}

# median prints the median of column $2 of measure $1.
median() { cut -d' ' -f"$2" "$work/run$1" | sort -n | sed -n "$(((runs + 1) / 2))p"; }

load=$(cut -d' ' -f1 /proc/loadavg)
for ((r = 0; r < runs; r++)); do
	for i in "${!commands[@]}"; do run "$i"; done
done

{
	echo "$(date -u +%F), $(nproc) processors ($(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)), $(go env GOVERSION), load $load at the start, medians of $runs runs in turns; an archive of $(($(stat -c %s "$raw") / 1000000)) MB, $(($(stat -c %s "$packed") / 1000000)) MB with gzip layers."
	echo
	echo '| what | CPU s | wall s | memory MB | × reading | × SHA-256 | × inflating |'
	echo '|---|---|---|---|---|---|---|'
	for i in "${!commands[@]}"; do
		awk -v what="${whats[i]}" -v cpu="$(median "$i" 1)" -v wall="$(median "$i" 2)" -v memory="$(median "$i" 3)" \
			-v read="$(median 0 1)" -v hash="$(median 1 1)" -v inflate="$(median 2 1)" \
			'function ratio(x) { return x > 0 ? sprintf("%.2f", cpu / x) : "" }
			BEGIN { printf "| %s | %.2f | %.2f | %.0f | %s | %s | %s |\n", what, cpu, wall, memory, ratio(read), ratio(hash), ratio(inflate) }'
	done
} | tee "$work/table"

[ -n "$page" ] || exit 0
awk -v table="$work/table" '
	/^<!-- end of bench-images -->/ { skip = 0 }
	!skip { print }
	/^<!-- bench-images -->/ { while ((getline line < table) > 0) print line; skip = 1 }
' "$page" >"$work/page"
cat "$work/page" >"$page"
