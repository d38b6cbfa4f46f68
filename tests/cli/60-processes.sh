#!/bin/bash
# Several processes on one store: all is kept, and who waits too long is told
# for whom.
. "$(dirname "$0")/lib.sh"
make -s -C "$ROOT" B="${B#"$ROOT"/}" "${B#"$ROOT"/}/tools/hold" >&2 ||
	echo "not ok - the helper builds"
N=100
[ -n "${QUICK:-}" ] && N=10

check "a device on a hub" team "$W/hub" amira
fk amira add observation date=2026-09-01 narrative="de eerste" >/dev/null
fk amira sync >/dev/null

# In the background, in a home of its own: a program that hangs in a save.
cp -a amira held
"$B/tools/hold" "$W/held" 36 >held.out 2>&1 &
holder=$!
for _ in $(seq 100); do grep -q held held.out && break; sleep 0.05; done
SECONDS=0
FIELDKIT_HOME=$W/held "$FK" add observation date=2026-09-02 narrative="wacht" >waiter.out 2>waiter.err &
waiter=$!
check "meanwhile that store can be read" exits 0 fk held list
check "and the hub be carried to, as far as it needs no save" exits 0 \
	env -u FIELDKIT_PASSPHRASE_FILE FIELDKIT_HOME="$W/held" "$FK" sync --unattended

# ---- two writers and a reader ----------------------------------------------------

writer() { # writer NAME -- one record for each process
	local i
	for i in $(seq $N); do
		FIELDKIT_HOME=$W/amira "$FK" add observation date=2026-09-03 narrative="$1 $i" --json \
			>>"$1.ids" 2>"$1.err" || { echo "$1 $i: $?"; cat "$1.err"; }
	done >"$1.bad"
}
writer links &
l=$!
writer rechts &
r=$!
reads=0 odd=0 last=0
while kill -0 $l 2>/dev/null || kill -0 $r 2>/dev/null; do
	now=$(FIELDKIT_HOME=$W/amira "$FK" list --json 2>"$W/err" | wc -l)
	[ "$now" -ge "$last" ] && [ "$now" -gt 0 ] || { odd=$((odd + 1)); sed 's/^/# /' err; }
	last=$now reads=$((reads + 1))
done
wait $l $r
check "two processes add $N records each, and no save fails" same "$(cat links.bad rechts.bad)" ""
check "a third, listing all the while, never fails or goes back ($reads times)" same $odd 0
check "it did so more than once" test $reads -gt 1
check "all are kept" same "$(fk amira list --json | wc -l)" $((2 * N + 1))
check "every id that was given is there, once" same \
	"$(fk amira list --json | get id | sort | uniq -d | wc -l) $(cat links.ids rechts.ids | get id | sort -u | wc -l)" "0 $((2 * N))"
check "no two changes share a name" same \
	"$(for id in $(cat <(head -5 links.ids) <(head -5 rechts.ids) | get id); do fk amira history "$id" --json | get dot; done | sort | uniq -d)" ""
check "doctor finds nothing" fk amira doctor

# A save, a sync and a merge at the same time.
for i in $(seq 5); do
	fk amira add observation date=2026-09-04 narrative="tegelijk $i" >/dev/null
	FIELDKIT_HOME=$W/amira "$FK" sync >s1.out 2>s1.err &
	a=$!
	FIELDKIT_HOME=$W/amira "$FK" sync >s2.out 2>s2.err &
	b=$!
	FIELDKIT_HOME=$W/amira "$FK" add observation date=2026-09-04 narrative="erbij $i" >s3.out 2>s3.err &
	c=$!
	FIELDKIT_HOME=$W/noor "$FK" merge >s4.out 2>s4.err &
	d=$!
	for p in $a:s1 $b:s2 $c:s3 $d:s4; do
		wait "${p%:*}" || { echo "$i: ${p#*:}: $?"; cat "${p#*:}.out" >&2; }
	done
done >together.bad
check "two syncs and a save in one home, and a merge in another, all succeed" same "$(cat together.bad)" ""
[ -s together.bad ] && cat s?.err | sed 's/^/# /'
fk amira sync >/dev/null
fk noor merge >/dev/null
fk amira sync >/dev/null
check "both have all of it" same "$(fk noor list --json | wc -l)" $((2 * N + 11))
check "the same" same "$(digest amira)" "$(digest noor)"
check "nothing was sent twice" fk noor audit

# Hubs that are added while syncs run are not forgotten at their end.
for i in $(seq 8); do
	FIELDKIT_HOME=$W/amira "$FK" sync >s1.out 2>s1.err &
	a=$!
	FIELDKIT_HOME=$W/amira "$FK" hub add "stick$i" "/media/stick$i" >s2.out 2>s2.err ||
		{ echo "$i: hub add: $?"; cat s2.err; }
	wait $a || { echo "$i: sync: $?"; cat s1.err; }
done >hubs.bad
check "a hub may be added while a sync runs" same "$(cat hubs.bad)" ""
check "none is lost" same "$(fk amira hub list --json | get name | grep -c stick)" 8
check "and the sync is remembered" test "$(fk amira hub list --json | head -1 | get last_sync)" != null

# ---- two merges ------------------------------------------------------------------

h() { git -c safe.directory='*' -C "$1" "${@:2}"; }
device() { sed -n "s/^device //p" "$W/$1/kit.conf"; }
fk noor invite --name bas --role worker -o "$W/bas.invite" --json | get code >bas.code
fk bas join bas.invite --code-file bas.code >/dev/null
write() { fk "$1" add observation date=2026-09-05 narrative="$2" >/dev/null && fk "$1" sync >/dev/null || echo "not ok - $1 writes"; }
write bas "de eerste van bas"
fk noor merge >/dev/null
cp -a noor noor2

# The other laptop of the coordinator is first: its main comes to the hub when
# this one has merged already and waits for the ref, which we hold.
write amira "voor beide"
cp -a hub first
fk noor2 merge "$W/first" >/dev/null || echo "not ok - the other merges"
write bas "alleen voor de een"
was=$(cat noor/repo.git/refs/heads/main)
touch hub/refs/heads/main.lock
FIELDKIT_HOME=$W/noor "$FK" merge --json >m1.out 2>m1.err &
a=$!
for _ in $(seq 600); do
	[ "$(cat noor/repo.git/refs/heads/main)" != "$was" ] && break
	touch hub/refs/heads/main.lock
	sleep 0.05
done
lost=$(cat noor/repo.git/refs/heads/main)
cp -an first/objects/. hub/objects/
h first rev-parse main >hub/refs/heads/main
rm -f hub/refs/heads/main.lock
check "who loses the race for main merges again: 0" wait $a
check "its first try is gone" test "$(h hub rev-parse main)" != "$lost"
check "main goes on from the winner's" same "$(h hub rev-parse main^)" "$(h first rev-parse main)"
check "it reports what it added, and that alone" same "$(get merged <m1.out | grep -o '"device": "[^"]*"')" "\"device\": \"$(device bas)\""
check "what it calls main is the hub's" same "$(get main <m1.out)" "$(h hub rev-parse main)"

# Both merge at the same moment, while others write.
for i in $(seq 4); do
	write amira "voor $i"
	FIELDKIT_HOME=$W/noor "$FK" merge --json >m1.out 2>m1.err &
	a=$!
	FIELDKIT_HOME=$W/noor2 "$FK" merge --json >m2.out 2>m2.err &
	b=$!
	write bas "tijdens $i"
	wait $a || { echo "$i: the one: $?"; cat m1.err; }
	wait $b || { echo "$i: the other: $?"; cat m2.err; }
	h hub log --format=%B main | grep '^accept ' >accepts
	/usr/bin/python3 - accepts m1.out m2.out <<-'END'
	import json, sys
	most = {}
	for line in open(sys.argv[1]):
	    _, device, seq, _ = line.split()
	    most[device] = max(most.get(device, 0), int(seq))
	for name in sys.argv[2:]:
	    for m in json.load(open(name))["merged"]:
	        if most.get(m["device"], 0) < m["to"]:
	            print(name, "merged", m, "and main has", most.get(m["device"]))
	END
done >merges.bad
check "two merges at the same moment succeed, and main has what each says" same "$(cat merges.bad)" ""
check "both end at one main" same "$(fk noor merge --json | get main)" "$(fk noor2 merge --json | get main)"
check "which is the hub's" same "$(h hub rev-parse main)" "$(fk noor merge --json | get main)"
fk amira sync >/dev/null
check "all of it is accepted" same "$(fk amira status --json | get unaccepted)" 0
check "and the history holds" fk noor audit

# ---- who holds it ------------------------------------------------------------------

wait $waiter
code=$? took=$SECONDS
cp waiter.err err
check "who waits for a program that hangs gives up: 1" same $code 1
check "after some 30 s (it took at most $took)" test $took -ge 29
check "it names the program" says "hold"
check "and its process" says "$holder"
check "and says what to do" says "try again when it has finished"
check "nothing was saved" same "$(cat waiter.out)" ""
wait $holder
check "when that has ended a save works" fk held add observation date=2026-09-02 narrative="nu wel"
check "and everything is there" same "$(fk held list --json | wc -l)" 2
