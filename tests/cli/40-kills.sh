#!/bin/bash
# kill -9 over add, sync and merge: whatever was acknowledged is there, and the
# next run needs no hand.  The program's own process is killed, not a shell.
. "$(dirname "$0")/lib.sh"
KILLS=60
[ -n "${QUICK:-}" ] && KILLS=8

check "a team" team "$W/hub" amira
fk amira add observation date=2026-09-01 narrative=eerste >/dev/null
fk amira sync >/dev/null
fk noor merge >/dev/null

# A pipe that nobody writes to: waiting on it starts no process, which would
# take longer than a save does.
mkfifo "$W/never"
exec 9<>"$W/never"

# hit MS WHO COMMAND... -- start, kill after MS; says whether the kill came in time.
hit() {
	local ms=$1 who=$2
	shift 2
	FIELDKIT_HOME=$W/$who "$FK" "$@" >"$W/hit.out" 2>/dev/null &
	local pid=$!
	read -r -t "$(printf '0.%03d' "$ms")" -u 9
	kill -9 $pid 2>/dev/null
	wait $pid 2>/dev/null
	[ $? = 137 ]
}

hits=0 acked=0
for i in $(seq $KILLS); do
	if hit $((i % 20 + 1)) amira add observation date=2026-09-02 narrative="nummer $i" --json; then
		hits=$((hits + 1))
	fi
	if grep -q '"id"' "$W/hit.out"; then
		acked=$((acked + 1))
		get id <"$W/hit.out" >>"$W/acked"
	fi
done
echo "# $hits kills hit add, $acked adds were acknowledged"
check "some kills hit add" test $hits -gt 0
lost=0
touch "$W/acked"
while read -r id; do fk amira show "$id" >/dev/null || lost=$((lost + 1)); done <"$W/acked"
check "every acknowledged note is there" same $lost 0
check "doctor finds nothing" fk amira doctor

hits=0
for i in $(seq $KILLS); do
	fk amira add observation date=2026-09-03 narrative="sync $i" >/dev/null || echo "not ok - add after a kill"
	hit $((i % 40 + 3)) amira sync && hits=$((hits + 1))
done
echo "# $hits kills hit sync"
check "some kills hit sync" test $hits -gt 0
check "the next sync completes, without an alarm" fk amira sync
check "no alarm stands" same "$(fk amira alarms --json | wc -l)" 0
check "doctor finds nothing" fk amira doctor

hits=0
for i in $(seq $((KILLS / 2))); do
	fk amira add observation date=2026-09-04 narrative="merge $i" >/dev/null
	fk amira sync >/dev/null || { echo "not ok - sync between merges"; sed 's/^/# /' "$W/err"; }
	hit $((i * 2 % 60 + 5)) noor merge && hits=$((hits + 1))
done
echo "# $hits kills hit merge"
check "some kills hit merge" test $hits -gt 0
check "the next merge completes" fk noor merge
check "no alarm stands at the coordinator" same "$(fk noor alarms --json | wc -l)" 0
fk amira sync >/dev/null
check "both have the same" same "$(digest amira)" "$(digest noor)"
check "everything is accepted" sh -c "! FIELDKIT_HOME=$W/amira $FK list --json 2>/dev/null | grep -v '\"state\":\"accepted\"'"
check "stock fsck is clean" fsck "$W/hub"
check "audit finds nothing" fk noor audit
