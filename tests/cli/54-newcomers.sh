#!/bin/bash
# A newcomer has never been at a hub and cannot know that it is shown an old
# state; what its inviter saw there, which came with the invitation, tells.
. "$(dirname "$0")/lib.sh"
told() { same "$(get alarms <"$W/out" | tr '{' '\n' | sed -n 's/.*"code": "\([^"]*\)".*/\1/p' | sort -u | tr '\n' ' ' | sed 's/ $//')" "$*"; }
# refs_of CODE -- of the alarms on standard input, a line for each.
refs_of() { /usr/bin/python3 -c 'import json, sys
for a in sorted(json.load(sys.stdin), key=lambda a: a["ref"]):
    if a["code"] == sys.argv[1]: print(a["ref"])' "$1"; }
into() { local to=$1; shift; "$@" >"$to"; }
add() { fk "$1" add observation date=2026-09-01 narrative="$2" >/dev/null && fk "$1" sync >/dev/null || echo "not ok - $1 writes"; }
locked() { local who=$1; shift; env -u FIELDKIT_PASSPHRASE_FILE FIELDKIT_HOME="$W/$who" "$FK" "$@" 2>"$W/err"; }
device() { sed -n "s/^device //p" "$W/$1/kit.conf"; }
g() { git --git-dir="$W/$1/repo.git" "${@:2}"; }
alarms() { fk "$1" alarms --json | wc -l; }
invite() { fk noor invite --name "$1" --role worker -o "$W/$1.invite" --json | get code >"$W/$1.code"; }
join() { fk "$1" join "$W/$1.invite" --code-file "$W/$1.code" >/dev/null; }
hub() { rm -rf hub && cp -a "$1" hub; }	# as it was then

check "a team of three" team "$W/hub" amira bas
add amira "voor de kopie"
add bas "ook ervoor"
fk noor merge >/dev/null
cp -a hub old
add amira "na de kopie"
fk noor merge >/dev/null

# ---- an old copy of the hub ---------------------------------------------------

check "noor invites carla" invite carla
cp -a hub new
hub old
check "the hub is put back to an old copy, and carla joins" join carla
cp -a carla night
check "her first sync: 8" exits 8 into out fk carla sync --json
check "withheld, and nothing else" told withheld
check "it names who saw what there" grep -q "device $(device noor) testifies that this hub had number [0-9]* of this branch; it does not show it to us" out
check "amira's branch and main, each once" same "$(get alarms <out | refs_of withheld)" \
	"$(printf 'refs/heads/%s\n' "device/$(device amira)" main)"
check "what the hub does show is taken" same "$(fk carla list --json | wc -l)" 2
n=$(alarms carla)
check "the next sync has nothing new to say: 0" exits 0 fk carla sync
check "no alarm is raised twice" same "$(alarms carla)" "$n"
hub old
check "a locked device tells as well: 8" exits 8 into out locked night sync --unattended --json
check "the same" told withheld
check "and says it once: 0" exits 0 locked night sync --unattended
hub new
check "the hub has its newer state again: 0" exits 0 into out fk carla sync --json
check "without an alarm" told
check "everything is there" same "$(fk carla list --json | wc -l)" 3
check "the same as at noor's" same "$(digest carla)" "$(digest noor)"
check "nothing is waited for any more" exits 1 g carla rev-parse -q --verify refs/head-pins
check "the locked one finds it clean too: 0" exits 0 locked night sync --unattended
check "old alarms stand until they are dismissed" same "$(alarms carla)" "$n"
fk noor merge >/dev/null
check "she works as everybody does" exits 0 fk carla sync
check "and is admitted" grep -q active <(fk noor members --json | grep "$(device carla)")

# ---- a colleague gives it back ------------------------------------------------

check "noor invites dirk" invite dirk
hub old
check "he joins" join dirk
check "he may seal before the hub has heard of him" exits 0 fk dirk seal
check "more than once" exits 0 fk dirk seal
check "the hub is old: 8" exits 8 fk dirk sync
check "noor, who knows it, gives it everything back: 8" exits 8 fk noor sync
for who in amira bas carla; do fk $who sync >/dev/null; done
fk noor sync >/dev/null
check "then dirk's sync is clean: 0" exits 0 fk dirk sync
check "he has everything" same "$(digest dirk)" "$(digest noor)"

# ---- another commit where the pin is ------------------------------------------

# bas's laptop was copied before his last; the copy writes to another face.
cp -a bas bas2
cp -a hub face
add bas "aan de ene kant"
fk noor merge >/dev/null
fk bas2 add observation date=2026-09-01 narrative="aan de andere kant" >/dev/null
fk bas2 sync "$W/face" >/dev/null || echo "not ok - the copy syncs"
check "noor, who has seen the one, invites emma" invite emma
cp -a hub new2
hub face
check "she joins" join emma
before=$(git -c safe.directory='*' -C hub rev-parse "refs/heads/device/$(device bas)")
check "the hub shows her the other: 8" exits 8 into out fk emma sync --json
check "it is a fork, and an old copy besides" told fork withheld
check "the fork is of bas's branch" same "$(get alarms <out | refs_of fork)" "refs/heads/device/$(device bas)"
check "nothing of that line is taken" exits 1 g emma rev-parse -q --verify "refs/heads/device/$(device bas)"
check "or shown" same "$(fk emma search kant --json | wc -l)" 0
check "it is kept as evidence" same "$(g emma for-each-ref --format='%(objectname)' refs/apart)" "$before"
check "the others' is" same "$(fk emma list --json | wc -l)" 2
check "she says it once: 0" exits 0 fk emma sync
hub new2
check "at the hub as noor saw it: 0" exits 0 fk emma sync
check "she has everything" same "$(digest emma)" "$(digest noor)"
check "the one and not the other" same "$(fk emma search kant --json | wc -l)" 1
check "the hub is whole" fsck "$W/hub"
