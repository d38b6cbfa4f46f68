#!/bin/bash
# A laptop falls into the water; what is on the stick at home brings it back.
. "$(dirname "$0")/lib.sh"

with() { local p=$1; shift; FIELDKIT_PASSPHRASE_FILE=$p fk "$@"; }
state() { fk "$1" show "$2" --json | get state; }
# refused CODE FILE... -- restoring it exits so, and leaves nothing behind.
refused() {
	exits "$1" fk nobody restore "${@:2}" && [ ! -e "$W/nobody.new" ] &&
		[ "$(ls -A "$W/nobody")" = "" ]
}

"$FK" hub init "$W/hub" >/dev/null
fk noor init --project Lindemeer --name Noor --practice --hub "$W/hub" --json |
	get recovery >"$W/paper"
fk noor sync >/dev/null
fk noor invite --name Amira --role worker -o "$W/a.invite" --json | get code >"$W/code"
fk amira join "$W/a.invite" --code-file "$W/code" >/dev/null
A=$(fk amira add observation date=2026-11-02 narrative="Drie jongeren bij de brug." --json | get id)
fk amira sync >/dev/null; fk noor merge >/dev/null; fk amira sync >/dev/null

# --- a backup of what no hub has ---------------------------------------------

B2=$(fk amira add observation date=2026-11-03 narrative="Verzegeld, niet verstuurd." --json | get id)
fk amira seal >/dev/null
C=$(fk amira add observation date=2026-11-04 narrative="Alleen hier bewaard." --json | get id)
echo half >"$W/one.bak.part"
check "a backup; what a killed run left beside it is no hindrance" fk amira backup "$W/one.bak"
check "nothing else is left there" bash -c "! ls $W/*.part"
check "it is for the owner only" same "$(stat -c %a "$W/one.bak")" 600
check "nothing of a story or an address can be seen in it" \
	bash -c "! grep -aqE 'brug|bewaard|Lindemeer|Amira|hub|refs' $W/one.bak"
check "a file that is there is not replaced: 3" exits 3 fk amira backup "$W/one.bak"
check "nor is a folder that is not there made: 1" exits 1 fk amira backup "$W/none/one.bak"
check "--json counts the records" same "$(fk amira backup "$W/two.bak" --json | get records)" 3
check "a wrong passphrase makes none: 6" bash -c "echo fout >$W/fout; ! FIELDKIT_HOME=$W/amira FIELDKIT_PASSPHRASE_FILE=$W/fout $FK backup $W/three.bak && [ ! -e $W/three.bak ]"

# --- files that must not be taken ---------------------------------------------

mkdir "$W/nobody.was"; rm -rf "$W/nobody"; mkdir "$W/nobody"
size=$(stat -c %s "$W/one.bak")
bad=0
for n in 0 5 11 12 300 400 $((size / 2)) $((size - 1)); do
	head -c "$n" "$W/one.bak" >"$W/cut.bak"
	refused 8 "$W/cut.bak" >/dev/null || bad=$((bad + 1))
done
check "cut anywhere: 8, and nothing is made" same $bad 0
bad=0
for n in 3 8 20 60 370 400 5000 $((size / 2)) $((size - 3)); do
	cp "$W/one.bak" "$W/flip.bak"
	printf "$(printf '\\%03o' $(($(od -An -tu1 -j "$n" -N1 "$W/one.bak") ^ 4)))" |
		dd of="$W/flip.bak" bs=1 seek="$n" conv=notrunc status=none
	refused 8 "$W/flip.bak" >/dev/null || bad=$((bad + 1))
done
check "one bit flipped anywhere: 8, and nothing is made" same $bad 0
(cat "$W/one.bak"; echo) >"$W/long.bak"
check "one byte more: 8" refused 8 "$W/long.bak"
cp "$W/one.bak" "$W/newer.bak"
printf '\001' | dd of="$W/newer.bak" bs=1 seek=6 conv=notrunc status=none
check "of a newer version: 3" refused 3 "$W/newer.bak"
check "and it says to update" says "update fieldkit"
check "an invitation in its place: 8" refused 8 "$W/a.invite"
check "a hub in its place: 8" refused 8 "$W/hub"
check "nothing in its place: 4" refused 4 "$W/nowhere.bak"
check "a wrong passphrase: 6" bash -c "FIELDKIT_HOME=$W/nobody FIELDKIT_PASSPHRASE_FILE=$W/fout $FK restore $W/one.bak; [ \$? = 6 ] && [ ! -e $W/nobody.new ]"
"$FK" init --home "$W/other" --project Elders --name Eva --practice --json 2>/dev/null | get recovery >"$W/other.paper"
check "another project's paper key: 6" refused 6 "$W/one.bak" --recovery-file "$W/other.paper"
check "into a home that is there: 3" exits 3 fk noor restore "$W/one.bak"
check "which goes on as before" fk noor list
check "into a folder with something else in it: 3" bash -c "echo x >$W/nobody.was/x; FIELDKIT_HOME=$W/nobody.was $FK restore $W/one.bak; [ \$? = 3 ]"
check "a backup in place of a hub is none: 7" exits 7 fk amira sync "$W/one.bak"
rmdir "$W/nobody"; mkdir "$W/nobody"

# --- the laptop is gone ---------------------------------------------------------

mv "$W/amira" "$W/amira.drowned"
check "restored from the stick" fk amira restore "$W/one.bak"
check "with all three records" same "$(fk amira list --json | wc -l)" 3
check "and --json counts them" same "$(fk copy restore "$W/one.bak" --json | get records)" 3
check "status says what it is waiting for" same "$(fk amira status --json | get restored)" true
check "its own file is whole" fk amira doctor
check "nothing is sealed before a hub has been seen: 6" exits 6 fk amira seal
D=$(fk amira add observation date=2026-11-06 narrative="Na het water." --json | get id)
check "saving works" same "$(state amira "$D")" saved
"$FK" hub init "$W/elders" >/dev/null; "$FK" sync --home "$W/other" "$W/elders" >/dev/null 2>&1
check "the hub of another project: 8" exits 8 fk amira sync "$W/elders"
check "it is as it was" same "$(fk amira status --json | get restored) $(fk amira list --json | wc -l)" "true 4"
check "its own hub: 0" fk amira sync
check "no longer waiting" same "$(fk amira status --json | get restored)" false
check "what no hub had is delivered now" same \
	"$(state amira "$B2") $(state amira "$C") $(state amira "$D")" "delivered delivered delivered"
check "the coordinator merges it" fk noor merge
fk amira sync >/dev/null
check "both have the same" same "$(digest amira)" "$(digest noor)"
check "the audit has nothing to say" fk noor audit

# --- an old backup: the chain went on after it ------------------------------------

fk amira backup "$W/old.bak" >/dev/null
for n in 1 2 3; do
	fk amira add observation date=2026-11-0$n narrative="Na de kopie, $n." >/dev/null
	fk amira sync >/dev/null
done
fk noor merge >/dev/null
head=$(git --git-dir="$W/hub" rev-parse "refs/heads/device/$(fk amira status --json | get device)")
want=$(digest noor)
rm -rf "$W/amira"
check "restored from a backup of three syncs ago" fk amira restore "$W/old.bak"
check "a sync without a key carries, and seals nothing" \
	env -u FIELDKIT_PASSPHRASE_FILE FIELDKIT_HOME="$W/amira" "$FK" sync --unattended
check "the first sync with the key takes its own commits from the hub: 0" fk amira sync
check "no more, no less" same "$(digest amira)" "$want"
check "the branch on the hub is where it was" same \
	"$(git --git-dir="$W/hub" rev-parse "refs/heads/device/$(fk amira status --json | get device)")" "$head"
E=$(fk amira add observation date=2026-11-07 narrative="Verder." --json | get id)
check "it goes on behind them" fk amira sync
check "and is accepted" fk noor merge
fk amira sync >/dev/null
check "really" same "$(state amira "$E")" accepted
check "no alarm stands but that of the other project's hub" \
	same "$(fk amira alarms --json | get code)" wrong-project
check "the audit has nothing to say after that either" fk noor audit
check "stock fsck is clean" fsck "$W/hub"

# --- a hub that has gone back ------------------------------------------------------

cp -r "$W/hub" "$W/hub.older"
fk amira add observation date=2026-11-08 narrative="Laatste." >/dev/null
fk amira sync >/dev/null
fk amira backup "$W/last.bak" >/dev/null
rm -rf "$W/amira"; fk amira restore "$W/last.bak" >/dev/null
mv "$W/hub" "$W/hub.now"; mv "$W/hub.older" "$W/hub"
check "a hub that shows less than the backup knows is named: 8" exits 8 fk amira sync
check "and the device goes on waiting" same "$(fk amira status --json | get restored)" true
rm -rf "$W/hub"; mv "$W/hub.now" "$W/hub"
check "the right hub lets it go on" fk amira sync
check "it did" same "$(fk amira status --json | get restored)" false

# --- hubs that know nothing of it ----------------------------------------------------

rm -rf "$W/amira"; fk amira restore "$W/last.bak" >/dev/null
"$FK" hub init "$W/stick" >/dev/null
fk noor hub add stick "$W/stick" >/dev/null; fk noor sync stick >/dev/null
rm -rf "$W/stick/refs/heads/device"
fk amira hub add stick "$W/stick" >/dev/null
check "a stick without its commits is synced with" fk amira sync stick
check "and does not count" same "$(fk amira status --json | get restored)" true
fk noor invite --name Bas --role worker -o "$W/b.invite" --json | get code >"$W/code"
fk bas join "$W/b.invite" --code-file "$W/code" >/dev/null
F=$(fk bas add observation date=2026-11-08 narrative="Nog nergens geweest." --json | get id)
fk bas backup "$W/bas.bak" >/dev/null; rm -rf "$W/bas"
check "one that has never been at a hub" fk bas restore "$W/bas.bak"
check "waits for its own hub only" fk bas sync
check "and sends what it has" same "$(state bas "$F")" delivered

# --- the passphrase of then ----------------------------------------------------------

echo "een heel ander wachtwoord" >"$W/new"
fk amira passphrase --new-file "$W/new" >/dev/null
check "the new passphrase does not open an old backup: 6" exits 6 with "$W/new" later restore "$W/last.bak"
check "the paper key does" fk later restore "$W/last.bak" --recovery-file "$W/paper"
check "with the passphrase of then" fk later list

# --- while others write ----------------------------------------------------------------

for n in $(seq 8); do fk noor add observation date=2026-11-09 narrative="Tegelijk $n." >/dev/null & done
check "a backup in the middle of eight saves" fk noor backup "$W/busy.bak"
wait
check "is a whole store" fk busy restore "$W/busy.bak"
check "as doctor sees it" fk busy doctor
check "a coordinator's too: it syncs" fk busy sync
