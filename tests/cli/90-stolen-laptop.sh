#!/bin/bash
# A laptop is stolen from a bicycle basket.  The coordinator types one command;
# from then on the thief reads nothing new and adds nothing, and the team goes
# on working without meeting.
. "$(dirname "$0")/lib.sh"

round() { for d; do fk "$d" sync >/dev/null || { cat "$W/err"; return 1; }; done; }
narrative() { fk "$1" show "$2" --json | get fields.narrative; }
names() { fk "$1" list --json | get fields.narrative | sort | tr '\n' ' '; }
reads() { fk "$1" search "$2" --json | grep -q .; }

check "Noor, Amira and Bas work together" team "$W/hub" amira bas
bas=$(fk noor members --json | grep '"bas"' | get device)
amira=$(fk noor members --json | grep '"amira"' | get device)
one=$(fk bas add observation date=2026-11-01 narrative="voor de diefstal" --json | get id)
check "they sync, Noor merges" round bas amira
check "... merge" fk noor merge
check "... and again" round bas amira

# What Bas sent last, Noor has not seen: the true owner or the thief?
fk bas edit "$one" narrative="vlak ervoor, door Bas" >/dev/null
two=$(fk bas add observation date=2026-11-02 narrative="ook nog van Bas" --json | get id)
check "Bas sends his last notes" round bas
check "Amira has them" round amira
check "... she reads the edit" same "$(narrative amira "$one")" "vlak ervoor, door Bas"

# --- the one command --------------------------------------------------------
check "a reason is needed" exits 2 fk noor revoke "$bas"
check "a device that nobody knows: 4" exits 4 fk noor revoke 0123456789abcdef0123456789abcdef --reason x
check "a worker may not: 6" exits 6 fk amira revoke "$bas" --reason x
check "a cut below what main accepted: 3" exits 3 fk noor revoke "$bas" --at 0 --reason gestolen
check "... and nothing was changed" same "$(fk noor members --json | grep '"bas"' | get status)" active
check "Noor revokes Bas's laptop at what she has merged" fk noor revoke "$bas" --reason "gestolen uit de fietsmand" --at 1
check "... members says so" same "$(fk noor members --json | grep '"bas"' | get status)" revoked
check "twice is refused: 3" exits 3 fk noor revoke "$bas" --reason nogmaals
check "a new keyring is on the hub, and only one" same "$(git -C "$W/hub" for-each-ref refs/heads/keyring | wc -l)" 1

# --- the team goes on ---------------------------------------------------------
check "Amira syncs once: she has the new keys" round amira
check "what Bas wrote after the cut is gone from her rows" same "$(narrative amira "$one")" "voor de diefstal"
check "... no word of it finds anything" same "$(fk amira search vlak --json; fk amira search nog --json)" ""
check "... his new note too" exits 4 fk amira show "$two"
three=$(fk amira add observation date=2026-11-03 narrative="geheim na de diefstal" --json | get id)
check "Amira goes on" round amira
check "... and finds what she wrote" reads amira geheim
check "Noor merges: what lies beyond the cut is an alarm, once" exits 8 fk noor merge
check "... once only" fk noor merge
check "she reads Amira's note" same "$(narrative noor "$three")" "geheim na de diefstal"

# --- the thief ----------------------------------------------------------------
fk bas add observation date=2026-11-04 narrative="verzonnen door de dief" >/dev/null
FIELDKIT_HOME=$W/bas "$FK" sync >/dev/null 2>"$W/err"
check "the thief gets everything that is on the hub" same "$(git -C "$W/bas/repo.git" rev-parse refs/heads/roster "refs/heads/device/$amira")" "$(git -C "$W/hub" rev-parse refs/heads/roster "refs/heads/device/$amira")"
check "... and reads nothing new" exits 4 fk bas show "$three"
check "... nor finds it" same "$(fk bas search geheim --json | wc -l)" 0
check "Noor merges: what the thief added is not there" fk noor merge
check "... no word of it" same "$(fk noor search verzonnen --json | wc -l)" 0
check "the devices that belong agree" same "$(digest amira)" "$(digest noor)"

# --- what Bas himself wrote is adopted ------------------------------------------
fk noor merge --json >"$W/merge.json"
check "merge lists what is in quarantine" same "$(get quarantined.0.code <"$W/merge.json")" after-cut
dot=$(get quarantined.0.dot <"$W/merge.json")
check "a change that is not there: 4" exits 4 fk noor adopt "$bas.99"
for d in "$bas.2" "$bas.3"; do check "Noor adopts $d" fk noor adopt "$d"; done
check "... it left quarantine: 4" exits 4 fk noor adopt "$dot"
check "Noor merges" fk noor merge
check "Amira syncs" round amira
check "Bas's edit stands again" same "$(narrative amira "$one")" "vlak ervoor, door Bas"
check "his new note has come back under its id" same "$(narrative amira "$two")" "ook nog van Bas"
check "... digests agree" same "$(digest amira)" "$(digest noor)"
check "rows rebuilt are the same" fk noor doctor --rebuild
check "... digest too" same "$(digest amira)" "$(digest noor)"
check "stock git verifies every commit" sh -c "FIELDKIT_HOME=$W/noor $FK audit --signers $W/signers >/dev/null 2>&1; rm -rf $W/plain; git clone -q $W/hub $W/plain && cd $W/plain && git config gpg.ssh.allowedSignersFile $W/signers && for c in \$(git rev-list --all); do git verify-commit \$c || exit 1; done"
check "fsck" fsck_loose "$W/hub"

# --- envelopes -------------------------------------------------------------------
check "Noor rotates the keys" fk noor rotate
fk amira add observation date=2026-11-05 narrative="onder de oude sleutel" >/dev/null
check "Amira, offline, seals under the old epoch" fk amira seal
check "... it is accepted all the same" round amira
check "... by Noor" fk noor merge
check "... she reads it" reads noor oude
check "in the steady state the keyring is empty" sh -c "git -C $W/hub cat-file blob \$(git -C $W/hub for-each-ref --format='%(refname)' refs/heads/keyring | tail -1):keyring.seg | wc -c | grep -qx 60"
echo "1..$CHECKS"
