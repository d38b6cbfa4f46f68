#!/bin/bash
# What each loss costs, and what brings it back: a forgotten passphrase, the
# last coordinator's laptop, and the paper key that helps with both.
. "$(dirname "$0")/lib.sh"

# The keyfile's two copies and nothing else of the home.
keyfile() { cat "$W/$1/keyfile.a" "$W/$1/keyfile.b" | sha256sum; }
# with FILE DEVICE COMMAND... -- as fk, with another passphrase file.
with() { local p=$1; shift; FIELDKIT_PASSPHRASE_FILE=$p fk "$@"; }
paper() { fk "$@" --recovery-file "$W/paper"; }
field() { fk "$1" show "$2" --json | get "fields.$3"; }

# --- a project, its paper key in an envelope --------------------------------

"$FK" hub init "$W/hub" >/dev/null
fk noor init --project Lindemeer --name Noor --practice --hub "$W/hub" --json |
	get recovery >"$W/paper"
fk noor sync >/dev/null
for who in amira bas; do
	fk noor invite --name $who --role worker -o "$W/$who.invite" --json | get code >"$W/code"
	fk $who join "$W/$who.invite" --code-file "$W/code" >/dev/null
done
A=$(fk amira add observation date=2026-11-02 narrative="Drie jongeren bij de brug." \
	safety_note="Meldcode stap 2 besproken." --json | get id)
fk bas add observation date=2026-11-03 narrative="Rustig op het plein." >/dev/null
fk amira sync >/dev/null; fk bas sync >/dev/null; fk noor merge >/dev/null
fk amira sync >/dev/null; fk bas sync >/dev/null

# --- is the paper any good? --------------------------------------------------

check "status says that the paper key was never tried, and that one laptop coordinates" \
	bash -c "FIELDKIT_HOME=$W/noor $FK status 2>/dev/null | grep -c -e 'never tried' -e 'one coordinator' | grep -qx 2"
check "--json says so too" same "$(fk noor status --json | get recovery_tested) $(fk noor status --json | get coordinators)" "null 1"
check "a worker is not bothered with it" \
	bash -c "! FIELDKIT_HOME=$W/bas $FK status 2>/dev/null | grep -q 'never tried'"
check "the coordinator tries it, without any passphrase" with /nonexistent noor recover --test --recovery-file "$W/paper"
check "a descriptor serves as well as a file" bash -c "FIELDKIT_HOME=$W/noor $FK recover --test --recovery-fd 5 5<$W/paper"
check "status remembers when" same "$(fk noor status --json | get recovery_tested | grep -c '^20..-..-..T')" 1
check "and is quiet about it" bash -c "! FIELDKIT_HOME=$W/noor $FK status 2>/dev/null | grep -q 'never tried'"

sed 's/^\(.\{18\}\)./\17/' "$W/paper" >"$W/bad1"
cmp -s "$W/paper" "$W/bad1" && sed 's/^\(.\{18\}\)./\18/' "$W/paper" >"$W/bad1"
before=$(keyfile noor)
check "one wrong letter: 3" exits 3 fk noor recover --test --recovery-file "$W/bad1"
check "its group of seven is named" says "group 3 of 8"
check "half a key: 3" exits 3 fk noor recover --test --recovery-file <(cut -c1-30 "$W/paper")
check "no key and no terminal: 6" exits 6 setsid -w env FIELDKIT_HOME="$W/noor" "$FK" recover --test
"$FK" init --home "$W/other" --project Elders --name Eva --practice --json 2>/dev/null | get recovery >"$W/other.paper"
check "another project's paper key: 6" exits 6 fk noor recover --test --recovery-file "$W/other.paper"
check "a trial changed no keyfile" same "$(keyfile noor)" "$before"

# --- a worker forgets her passphrase -----------------------------------------

echo "een heel ander wachtwoord" >"$W/new"
cp -r "$W/amira" "$W/amira.old"
before=$(keyfile amira)
check "another project's paper key does not open Amira's laptop: 6" \
	exits 6 fk amira recover --recovery-file "$W/other.paper" --new-file "$W/new"
check "nothing there was changed" same "$(keyfile amira)" "$before"
check "an empty new passphrase is refused: 3" exits 3 paper amira recover --new-file /dev/null
check "nothing there was changed then either" same "$(keyfile amira)" "$before"
check "Noor brings the paper key; Amira chooses a new passphrase" paper amira recover --new-file "$W/new"
check "the old one is refused: 6" exits 6 fk amira list
check "both copies are the new one" cmp "$W/amira/keyfile.a" "$W/amira/keyfile.b"
check "the new one opens all that was saved" same "$(with "$W/new" amira list --json | wc -l)" 2
check "she goes on as before" with "$W/new" amira sync
rm -rf "$W/bas.mixed" && cp -r "$W/bas" "$W/bas.mixed" && cp "$W/other"/keyfile.? "$W/bas.mixed/"
check "a home with another project's keyfile: 8" exits 8 paper bas.mixed recover --new-file "$W/new"

# --- the only coordinator's laptop dies ---------------------------------------

check "before: Bas cannot read what Amira noted for coordinators" \
	same "$(fk bas show "$A" --json | get withheld)" '["safety_note"]'
rm -rf "$W/noor"
check "a coordinator's work is not for Bas: 6" exits 6 fk bas invite --name Cor --role worker -o "$W/x"
check "another project's paper key makes nobody coordinator: 6" \
	exits 6 fk bas recover --coordinator --recovery-file "$W/other.paper"
cp -r "$W/bas" "$W/bas.away"
mv "$W/hub" "$W/hub.away"
check "without a hub in reach it counts on his laptop" paper bas.away recover --coordinator
check "and it is said that nobody else knows yet" says "no home hub has it yet"
mv "$W/hub.away" "$W/hub"
rm -rf "$W/bas.away"
check "with the paper key Bas coordinates" paper bas recover --coordinator
check "again is a mistake: 3" exits 3 paper bas recover --coordinator
check "he reads now what only coordinators may" same "$(field bas "$A" safety_note)" "Meldcode stap 2 besproken."
check "Amira's laptop knows after her next sync" with "$W/new" amira sync
check "for her, too, Bas coordinates" same \
	"$(with "$W/new" amira members --json | grep '"bas"' | get role)" coordinator
fk bas invite --name Cor --role worker -o "$W/cor.invite" --json | get code >"$W/code"
check "Cor joins with Bas's invitation" fk cor join "$W/cor.invite" --code-file "$W/code"
C=$(fk cor add observation date=2026-11-09 narrative="Nieuw begin." --json | get id)
check "Cor syncs" fk cor sync
check "Bas admits Cor and merges" fk bas merge
check "Cor's note is accepted" same "$(fk bas show "$C" --json | get state)" accepted
check "the audit has nothing to say" fk bas audit --signers "$W/signers"
check "nor has stock git" bash -c "git clone -q $W/hub $W/clone && git -C $W/clone \
	-c gpg.ssh.allowedSignersFile=$W/signers log --format='%G?' main origin/roster | grep -v '^G' | grep . ; [ \$? = 1 ]"
check "stock fsck is clean" fsck "$W/hub"
fk cor sync >/dev/null
check "Bas and Cor agree" same "$(digest bas)" "$(digest cor)"
