#!/bin/bash
# What a program of format 0 wrote, this one reads: a coordinator's device, a
# hub, an invitation that nobody has taken up.  tests/golden/make-* wrote them;
# what they must hold was written by hand.
. "$(dirname "$0")/lib.sh"
G=$ROOT/tests/golden
# unbundle BUNDLE HUB -- a hub that holds what the bundle does.
unbundle() {
	"$FK" hub init "$2" >/dev/null &&
		git -c safe.directory='*' -C "$2" fetch -q "$1" 'refs/*:refs/*'
}
# rows WHO -- its records without ids and times, by date; every value of a
# conflict.
rows() {
	{ fk "$1" list --all --json; fk "$1" conflicts --json; } | /usr/bin/python3 -c '
import json, sys
rows = [json.loads(line) for line in sys.stdin]
both = {(r["id"], r["field"]): sorted(v["value"] for v in r["values"]) for r in rows if "values" in r}
rows = [r for r in rows if "values" not in r]
for r in rows:
    for f in r["conflicts"]:
        r["fields"][f] = both[r["id"], f]
    del r["id"], r["modified"]
for r in sorted(rows, key=lambda r: r["fields"].get("date", "")):
    print(json.dumps(r, sort_keys=True, ensure_ascii=False))'
}
plain() { /usr/bin/python3 -c '
import json, sys
for line in sys.stdin:
    print(json.dumps(json.loads(line), sort_keys=True, ensure_ascii=False))'; }
counted() { git -c safe.directory='*' -C "$1" for-each-ref --format='%(refname)' | xargs git -c safe.directory='*' -C "$1" rev-list | sort -u | wc -l; }

# ---- the device -------------------------------------------------------------------

tar -xzf "$G/device/home.tar.gz"
export FIELDKIT_PASSPHRASE_FILE=$G/device/pass
# The invitation was good then, and the hub lay elsewhere.
FIELDKIT_CLOCK=$(cat "$G/device/clock")
export FIELDKIT_CLOCK
check "the golden hub of that device can be laid out" unbundle "$G/device/hub.bundle" "$W/hub"
sed -i "s#/tmp/fieldkit-golden/hub#$W/hub#" noor/hubs
check "its passphrase opens it; another does not: 6" \
	exits 6 env FIELDKIT_PASSPHRASE_FILE="$W/pass" FIELDKIT_HOME="$W/noor" "$FK" list
check "its records are what was put in" same "$(rows noor)" "$(plain <"$G/device/expected.jsonl")"
check "doctor finds nothing" exits 0 fk noor doctor
d=$(digest noor)
check "nor after it has rebuilt what is derived" exits 0 fk noor doctor --rebuild
check "the digest is as before" same "$(digest noor)" "$d"
check "its records still are" same "$(rows noor)" "$(plain <"$G/device/expected.jsonl")"
check "words are found" same "$(fk noor search scooters --json | get type)" signal
check "who is who" same "$(fk noor members --json | get name | tr '\n' ' ')" "Noor Amira Bas "
check "what was said when it was taken back" grep -q "hij vroeg het" \
	<(fk noor history "$(fk noor list story --all --json | get id)")
check "who changed what, by which device" same \
	"$(fk noor history "$(fk noor list signal --json | get id)" --json | get name)" Amira
check "its hub holds, from the genesis on" exits 0 fk noor audit
check "it syncs" exits 0 fk noor sync
check "what was not sealed is delivered now" same "$(fk noor status --json | get undelivered)" 0
check "no alarm is raised" same "$(fk noor alarms --json | wc -l)" 0

# ---- the invitation -----------------------------------------------------------------

check "a wrong code does not open the golden invitation: 6" exits 6 sh -c \
	"echo een twee drie vier vijf zes >code.bad; FIELDKIT_HOME=$W/bas $FK join $G/invitation/file --code-file code.bad 2>$W/err"
check "its code does" exits 0 fk bas join "$G/invitation/file" --code-file "$G/invitation/code"
check "who joins may record at once" fk bas add observation date=2026-09-06 narrative="Van een nieuwe."
check "and sync with the golden hub" exits 0 fk bas sync "$W/hub"
check "the golden device lets it in" exits 0 fk noor merge
check "and has what it wrote" same "$(fk noor search nieuwe --json | get type)" observation
check "it then opens what the team wrote" exits 0 fk bas sync "$W/hub"
check "both have the same" same "$(digest bas)" "$(digest noor)"
check "but for what is not for it to read" same \
	"$(fk bas list person --json | get withheld)" '["contact", "name"]'
check "the history holds" exits 0 fk noor audit
unset FIELDKIT_CLOCK

# ---- the hub --------------------------------------------------------------------------

check "the golden hub of the demo can be laid out" unbundle "$G/hub/hub.bundle" "$W/demo"
check "an outsider's audit holds it from its genesis on" exits 0 \
	sh -c "$FK audit $W/demo --genesis $(cat "$G/hub/genesis") --json >$W/audit 2>$W/err"
check "all its commits were looked at" same "$(get commits <audit)" "$(counted demo)"
check "nothing was found" same "$(get ok <audit) $(get findings <audit)" "true []"
check "under another genesis it is refused: 8" exits 8 "$FK" audit "$W/demo" --genesis "$(printf '%064d' 1)"
export FIELDKIT_PASSPHRASE_FILE=$W/pass
check "its used invitation opens" exits 0 fk late join "$G/hub/invitation" --code-file "$G/hub/code"
into() { local to=$1; shift; "$@" >"$to"; }
check "and is refused there: 8" exits 8 into said fk late sync "$W/demo"
check "by name" grep -q "replayed.*invitation was used" said
check "and nothing else is made of it" same "$(fk late alarms --json | get code)" replayed
