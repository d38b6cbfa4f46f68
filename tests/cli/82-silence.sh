#!/bin/bash
# Silence: a device of which nothing comes for a month is named once, until
# something comes; a clock that jumps makes nobody silent.
. "$(dirname "$0")/lib.sh"
now=$(date +%s)
on() { # DAY DEVICE COMMAND... -- on that day from now
	local -x FIELDKIT_CLOCK=$(((now + $1 * 86400) * 1000))
	shift
	fk "$@"
}
stale() { fk noor alarms --json | /usr/bin/python3 -c '
import json, sys
for l in sys.stdin:
    a = json.loads(l)
    print(a["device"] if a["code"] == "stale" else "not stale: " + l)'; }
device() { sed -n 's/^device //p' "$W/$1/kit.conf"; }
silent() { # of that member, at noor's
	fk noor members --json | /usr/bin/python3 -c '
import json, sys
for m in map(json.loads, sys.stdin):
    if m["device"] == sys.argv[1]:
        print(m["silent_days"])' "$(device "$1")"
}
into() { "$@" >"$W/into"; }
comes() { on "$1" "$2" add observation date=2026-09-01 narrative="dag $1" >/dev/null && on "$1" "$2" sync >/dev/null; }

check "a team" team "$W/hub" amira bas carla
for who in amira bas carla; do fk $who sync >/dev/null; done
fk noor merge >/dev/null
fk noor invite --name Niemand --role worker -o niemand.invite >/dev/null
check "nobody is silent at first" same "$(silent amira) $(silent bas)" "0 0"

# Noor's clock jumps: a month and more, ten years, and back again.
for day in 45 3650 -3650 40 0; do on $day noor sync >/dev/null || echo "not ok - a sync on day $day"; done
check "a clock that jumps makes nobody silent" same "$(stale)" ""
check "it counts for a fortnight at most" test "$(silent amira)" -le 14
fk amira sync >/dev/null
for who in amira bas carla; do comes 0 $who; done
on 0 noor sync >/dev/null
check "who comes is not silent" same "$(silent amira) $(silent bas) $(silent carla)" "0 0 0"

# Only Bas comes.
for day in 7 14 21 28 30; do
	comes $day bas
	on $day noor sync >/dev/null
done
check "after thirty days nobody is named yet" same "$(stale)" ""
check "but counted" same "$(silent amira) $(silent bas) $(silent carla)" "30 0 30"
comes 31 bas
check "on the next it is no reason to fail: 0" exits 0 into on 31 noor sync --json
check "the silent ones are named, and nobody else" same "$(stale | sort)" "$( (device amira; device carla) | sort)"
check "the sync says it" grep -q '"code":"stale"' "$W/into"
check "status says it, with a name" grep -qE '^  [0-9]+\. stale: Carla|^  [0-9]+\. stale: carla' <(fk noor status)
check "members says for how long" grep -qE 'carla.*silent for 31 days' <(fk noor members)
check "and not of who has come" same "$(fk noor members | grep -c 'silent for')" 2
on 32 noor sync >/dev/null
on 40 noor sync --unattended >/dev/null
on 40 noor merge >/dev/null
check "each once" same "$(stale | sort | uniq -c | awk '{ print $1 }' | tr '\n' ' ')" "1 1 "

# One is dismissed, one comes back.
number() { fk noor alarms --json | grep "$(device "$1")" | get number; }
on 41 noor alarms --dismiss "$(number amira)" --reason "ze is op reis" >/dev/null
on 41 noor sync >/dev/null
check "a silence that was dismissed is not told again" same "$(stale)" "$(device carla)"
comes 42 carla
on 42 noor sync >/dev/null
check "who is heard again is no longer named" same "$(stale)" ""
comes 43 amira
on 43 noor sync >/dev/null
for day in 50 57 64 71 74; do
	comes $day bas
	comes $day carla
	on $day noor sync >/dev/null
done
check "another silence is another alarm" same "$(stale)" "$(device amira)"
check "who has been invited and not come is not silent" same "$(fk noor members --json | grep invited | get silent_days)" null
check "of oneself it is not said" same "$(silent noor)" None
