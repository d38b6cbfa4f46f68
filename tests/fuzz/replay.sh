#!/bin/bash
# replay.sh -- every stored corpus through its target; "not ok" if one crashes.
set -u
cd "$(dirname "$0")/../.."
B=${B:-build/main}
k=0
for c in tests/fuzz/fuzz_*.c; do
	name=$(basename "$c" .c)
	make --no-print-directory "$B/fuzz/$name" >/tmp/replay.$$ 2>&1 || {
		cat /tmp/replay.$$ >&2
		echo "not ok $((k = k + 1)) - $name builds"
		continue
	}
	if "$B/fuzz/$name" tests/fuzz/corpus/"${name#fuzz_}"/* >/tmp/replay.$$ 2>&1; then
		echo "ok $((k = k + 1)) - $name replays its corpus"
	else
		cat /tmp/replay.$$ >&2
		echo "not ok $((k = k + 1)) - $name replays its corpus"
	fi
done
rm -f /tmp/replay.$$
