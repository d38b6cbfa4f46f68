#!/bin/bash
# Two coordinators: the second needs two signatures; both invite, rotate and
# erase while offline, and end with one roster; both merge at once; one is
# revoked.
. "$(dirname "$0")/lib.sh"

round() { for d; do fk "$d" sync >/dev/null || { cat "$W/err"; return 1; }; done; }
device() { fk noor members --json | grep "\"$1\"" | get device; }
has() { fk "$1" members --json | grep -q "\"$2\""; }
status_of() { fk "$1" members --json | grep "\"$2\"" | get status; }

"$FK" hub init "$W/hub" >/dev/null
fk noor init --project Lindemeer --name Noor --practice --hub "$W/hub" --json >"$W/init.json"
get recovery <"$W/init.json" >"$W/paper"
check "Noor's project is on a hub" round noor
fk noor invite --name Amira --role worker -o "$W/amira.invite" --json | get code >"$W/amira.code"
check "Amira joins" fk amira join "$W/amira.invite" --code-file "$W/amira.code"
check "... and syncs" round amira
check "status warns that there is one coordinator" sh -c "FIELDKIT_HOME=$W/noor $FK status 2>/dev/null | grep -q 'one coordinator device'"

# --- the second one -----------------------------------------------------------
fk noor invite --name Piet --role coordinator -o "$W/piet.invite" --json | get code >"$W/piet.code"
check "Piet joins with a coordinator's invitation" fk piet join "$W/piet.invite" --code-file "$W/piet.code"
check "... and syncs" round piet
check "with one signature nobody is made coordinator" fk noor merge
check "... he waits" same "$(status_of noor Piet)" pending
check "his file held a worker's secrets only" exits 6 fk piet merge
check "Noor may not approve her own" sh -c "FIELDKIT_HOME=$W/noor $FK approve \$(FIELDKIT_HOME=$W/noor $FK approve --json 2>/dev/null | /usr/bin/python3 -c 'import json,sys; print(json.loads(sys.stdin.readline())[\"seq\"])') 2>$W/err; test \$? -ne 0"
check "she takes the invitation back" fk noor revoke "$(device Piet)" --reason "opnieuw, met de papieren sleutel"
rm -rf "$W/piet" "$W/piet.invite"
fk noor invite --name Piet2 --role coordinator -o "$W/piet.invite" --recovery-file "$W/paper" --json | get code >"$W/piet.code"
check "with the paper key both signatures are there" fk piet join "$W/piet.invite" --code-file "$W/piet.code"
check "... Piet syncs" round piet
check "... is admitted" fk noor merge
p=$(fk amira add person pseudonym=vos name="Jan Jansen" --json | get id)
check "everybody syncs" round amira piet noor piet
check "Piet coordinates" fk piet merge
check "... and reads what only coordinators may" same "$(fk piet show "$p" --json | get fields.name)" "Jan Jansen"
check "status warns no more" sh -c "! FIELDKIT_HOME=$W/piet $FK status 2>/dev/null | grep -q 'one coordinator device'"

# --- both offline ----------------------------------------------------------------
o1=$(fk amira add observation date=2026-11-01 narrative="eerste" --json | get id)
o2=$(fk amira add observation date=2026-11-01 narrative="tweede" --json | get id)
check "two notes" round amira noor piet
mv "$W/hub" "$W/hub.away"
check "Noor, offline, invites" fk noor invite --name Xandra --role worker -o "$W/x.invite"
check "... it waits" says "it waits for your next sync"
check "... rotates" fk noor rotate
check "... erases" fk noor erase "$o1" --reason a --basis b
check "Piet, offline, invites" fk piet invite --name Yara --role worker -o "$W/y.invite"
check "... rotates" fk piet rotate
check "... erases" fk piet erase "$o2" --reason a --basis b
mv "$W/hub.away" "$W/hub"
FIELDKIT_HOME=$W/noor "$FK" sync >"$W/n.out" 2>"$W/n.err" & n=$!
FIELDKIT_HOME=$W/piet "$FK" sync >"$W/p.out" 2>"$W/p.err" & q=$!
wait $n; check "both sync at once: Noor" same $? 0
wait $q; check "... Piet" same $? 0
# An erasure destroys box keys: a keyring that was on its way may be closed to
# its reader, who says so and gets the next.
check "a few rounds" round noor piet noor piet noor piet noor amira
for d in noor piet; do
	check "$d has both invitations" has $d Xandra
	check "... both" has $d Yara
	check "... the first note is gone" exits 4 fk $d show "$o1"
	check "... the second too" exits 4 fk $d show "$o2"
done
# 1 at the start, one for the invitation taken back, one by each of the two.
check "each has opened an epoch: the next is the fifth" sh -c "FIELDKIT_HOME=$W/noor $FK rotate 2>/dev/null | grep -q 'epoch 5)'"
check "everybody gets it" round piet noor amira piet noor
check "digests agree" same "$(digest noor) $(digest amira)" "$(digest piet) $(digest piet)"

# --- both merge at once --------------------------------------------------------------
for i in 1 2 3; do
	fk amira add observation date=2026-11-0$i narrative="ronde $i" >/dev/null
	round amira
	FIELDKIT_HOME=$W/noor "$FK" merge >"$W/n.out" 2>"$W/n.err" & n=$!
	FIELDKIT_HOME=$W/piet "$FK" merge >"$W/p.out" 2>"$W/p.err" & q=$!
	wait $n; check "merge $i at once: Noor" same $? 0
	wait $q; check "... Piet" same $? 0
done
check "main lost no merge" fk noor audit
check "... by Piet's eyes" fk piet audit

# --- one is revoked --------------------------------------------------------------------
check "Noor revokes Piet" fk noor revoke "$(device Piet2)" --reason "weg"
check "... without a second signature he stays" same "$(status_of noor Piet2)" active
check "... with the paper key he goes" fk noor revoke "$(device Piet2)" --reason "weg" --recovery-file "$W/paper"
check "... so" same "$(status_of noor Piet2)" revoked
check "the last coordinator is not revoked: 3" exits 3 fk noor revoke "$(device Noor)" --reason x
check "Amira goes on" fk amira add observation date=2026-11-09 narrative="daarna"
check "... syncs" round amira
check "Noor merges" fk noor merge
check "Piet's merge is refused: 6" exits 6 fk piet merge
fk piet sync >/dev/null
check "he reads nothing new" same "$(fk piet search daarna --json | wc -l)" 0
check "audit is clean" fk noor audit
echo "1..$CHECKS"
