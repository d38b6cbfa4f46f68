#!/bin/bash
# Three devices at the same hub: any order, twice, twelve at once.
. "$(dirname "$0")/lib.sh"
ROUNDS=3
N=12
[ -n "${QUICK:-}" ] && N=4

names=$(seq -f 'w%02g' 1 $N)
# shellcheck disable=SC2086
check "a team of $N and a coordinator" team "$W/hub" $names
for r in $(seq $ROUNDS); do
	for w in $names; do
		fk "$w" add observation date=2026-09-0$r narrative="ronde $r van $w" >/dev/null || echo "not ok - $w adds"
	done
	pids=
	for w in $names; do
		FIELDKIT_HOME=$W/$w "$FK" sync >"$W/$w.out" 2>"$W/$w.err" &
		pids="$pids $!"
	done
	bad=0
	for p in $pids; do wait "$p" || bad=$((bad + 1)); done
	check "round $r: all $N syncs at the same moment succeed" same $bad 0
	[ $bad -gt 0 ] && cat "$W"/w*.err | grep -v PRACTICE | sed 's/^/# /' | sort | uniq -c
	check "round $r: the coordinator merges" fk noor merge
done
check "nothing is lost: $((N * ROUNDS)) records at the coordinator" \
	same "$(fk noor list --json | wc -l)" $((N * ROUNDS))
for w in $names; do fk "$w" sync >/dev/null || echo "not ok - last sync of $w"; done
d=$(digest noor)
bad=0
for w in $names; do [ "$(digest "$w")" = "$d" ] || bad=$((bad + 1)); done
check "all digests are equal" same $bad 0
check "stock fsck is clean" fsck "$W/hub"
check "audit finds nothing" fk noor audit
