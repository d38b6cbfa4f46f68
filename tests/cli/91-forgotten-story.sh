#!/bin/bash
# A mother asks that her story be forgotten.  After each device's next sync and
# unlock no key that opens it exists on any of them, and every signature in the
# history still verifies.
. "$(dirname "$0")/lib.sh"

round() { for d; do fk "$d" sync >/dev/null || { cat "$W/err"; return 1; }; done; }
opened() { fk "$1" erase --prove "$2" --json | get opened; }
tried() { fk "$1" erase --prove "$2" --json | get tried; }
confirmed() { fk noor erase --status --json | get confirmed | tail -1; }
word=zeldzaamwoordvaneenmoeder
# The word in no file of a device, nor in its pages as they are now.
gone() {
	! grep -rqa "$word" "$W/$1" &&
		[ "$(fk "$1" search "$word" --json | wc -l)" = 0 ] &&
		rm -f "$W/$1.out" &&
		fk "$1" export --format jsonl -o "$W/$1.out" --purpose proef >/dev/null &&
		! grep -qa "$word" "$W/$1.out"
}

check "Noor, Amira, Bas and Cees" team "$W/hub" amira bas cees
a=$(fk amira add observation date=2026-11-01 narrative="$word" --json | get id)
b=$(fk bas add observation date=2026-11-01 narrative="een andere notitie" --json | get id)
check "everybody has it" round amira bas cees
check "... Noor too" fk noor merge
check "... all" round amira bas cees
check "Bas adds a line to it" fk bas edit "$a" interpretation="ook van $word"
check "... sealed under his name" round bas
check "... Noor has that" fk noor merge
cp -a "$W/cees" "$W/cees.old"

check "before: a key opens each part" same "$(opened amira "$a")" 1
check "... and Noor's, two" same "$(opened noor "$a")" 2

# --- asking for it ----------------------------------------------------------
check "a worker may not: 6" exits 6 fk amira erase "$a" --reason x --basis y
check "reason and basis are needed: 2" exits 2 fk noor erase "$a" --reason x
check "a record that nobody knows: 4" exits 4 fk noor erase 0123456789abcdef0123456789abcdef --reason x --basis y
check "a dry run changes nothing" fk noor erase "$a" --reason x --basis y --dry-run
check "... it is there" exits 0 fk noor show "$a"
check "Bas, offline, writes on" fk bas edit "$a" certainty=seen
check "Noor erases it" fk noor erase "$a" --reason "verzoek van de moeder" --basis "AVG art. 17"
check "on her own laptop it is done at once" same "$(confirmed)" 1
check "... no key opens it" same "$(opened noor "$a")" 0
check "... though keys were tried" test "$(tried noor "$a")" -ge 1
check "... nothing of it is in her files" gone noor
check "show says that it was erased: 4" exits 4 fk noor show "$a"
check "... when, and by whom" says "was erased on"
check "twice is refused: 3" exits 3 fk noor erase "$a" --reason x --basis y
check "the other record is untouched" exits 0 fk noor show "$b"

# --- the others -----------------------------------------------------------------
check "Amira syncs" round amira
check "... no key opens it there" same "$(opened amira "$a")" 0
check "... nothing of it is in her files" gone amira
check "Bas syncs: what he wrote offline goes too, and he is told" round bas
check "... so" says "were erased on this device"
check "... no key opens it there" same "$(opened bas "$a")" 0
check "... nothing of it is in his files" gone bas
# Cees's laptop syncs at night, locked; the story is opened to nobody, and goes
# at the next unlock, whatever the command is.
check "Cees's laptop syncs locked" env -u FIELDKIT_PASSPHRASE_FILE FIELDKIT_HOME="$W/cees" "$FK" sync --unattended
check "... unlocked by a list, it goes" fk cees list
check "... no key opens it" same "$(opened cees "$a")" 0
check "... nothing of it is in his files" gone cees
check "Cees syncs: his receipt goes out" round cees
check "Noor merges" fk noor merge
check "all have confirmed" same "$(confirmed)" 4
check "digests agree" same "$(digest amira)$(digest bas)$(digest cees)" "$(digest noor)$(digest noor)$(digest noor)"
check "rebuilding brings nothing back" fk noor doctor --rebuild
check "... gone" gone noor

# --- what comes later ------------------------------------------------------------
check "an old copy of Cees's laptop opens it, as long as it has not synced" same "$(opened cees.old "$a")" 1
check "... at its next sync it erases again" exits 0 fk cees.old sync
check "... no key opens it" same "$(opened cees.old "$a")" 0
fk noor invite --name dora --role worker -o "$W/dora.invite" --json | get code >"$W/dora.code"
check "Dora joins" fk dora join "$W/dora.invite" --code-file "$W/dora.code"
check "... syncs" round dora
check "... is admitted" exits 0 fk noor merge
check "... reads the rest" round dora
check "... and no key opens the story" same "$(opened dora "$a")" 0
check "the history verifies from the genesis" fk noor audit --all-data
check "stock git verifies every commit" sh -c "FIELDKIT_HOME=$W/noor $FK audit --signers $W/signers >/dev/null 2>&1; rm -rf $W/plain; git clone -q $W/hub $W/plain && cd $W/plain && git config gpg.ssh.allowedSignersFile $W/signers && for c in \$(git rev-list --all); do git verify-commit \$c || exit 1; done"
echo "1..$CHECKS"
