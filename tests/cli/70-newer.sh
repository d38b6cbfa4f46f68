#!/bin/bash
# A newer colleague, whose pack knows more: what her records hold is kept,
# shown raw and passed on, though nobody here has heard of such a thing.
. "$(dirname "$0")/lib.sh"
make -s -C "$ROOT" B="${B#"$ROOT"/}" "${B#"$ROOT"/}/tools/newer" >&2 ||
	echo "not ok - the helper builds"

check "a team of three" team "$W/hub" amira bas
a=$(fk amira add observation date=2026-09-01 narrative="bij de brug" --json | get id)
fk amira sync >/dev/null
fk bas sync >/dev/null
fk noor merge >/dev/null
fk amira sync >/dev/null
before=$(digest bas)
walk=$("$B/tools/newer" "$W/amira" "$a" "mist, 4 graden")
check "amira's newer kit saves a record of a new type, and a new field" test -n "$walk"
check "it is sent like any other" exits 0 fk amira sync
check "noor merges it: 0" exits 0 fk noor merge
check "bas gets it: 0" exits 0 fk bas sync
check "amira hears of it" exits 0 fk amira sync
check "no alarm is raised" same "$(fk bas alarms --json | wc -l) $(fk noor alarms --json | wc -l)" "0 0"
check "what bas has is not what it was" test "$(digest bas)" != "$before"
for who in amira bas noor; do
	fk $who show "$walk" --json >walk.$who
	fk $who show "$a" --json >a.$who
	check "$who: the record is shown" same "$(get type <walk.$who)" night_walk
	check "$who: its value, raw" same "$(get fields.route <walk.$who)" "langs het kanaal"
	check "$who: its set, as a list" same "$(get fields.stops <walk.$who)" '["brug", "plein"]'
	check "$who: the new field of a known type" same "$(get fields.weather <a.$who)" "mist, 4 graden"
	check "$who: beside those that are known" same "$(get fields.narrative <a.$who)" "bij de brug"
	check "$who: nothing is withheld or in conflict" \
		same "$(get withheld <walk.$who) $(get conflicts <a.$who)" "[] []"
	check "$who: it is accepted" same "$(get state <walk.$who)" accepted
	check "$who: for a person too" grep -q "langs het kanaal" <(fk $who show "$walk")
	check "$who: both are listed" same "$(fk $who list --json | get id | sort | tr '\n' ' ')" \
		"$(printf '%s\n' "$a" "$walk" | sort | tr '\n' ' ')"
	check "$who: the new record is found by its words" same "$(fk $who search kanaal --json | get id)" "$walk"
	check "$who: so is the new field" same "$(fk $who search mist --json | get id)" "$a"
	check "$who: its history names the field" grep -q weather <(fk $who history "$a" --json)
	check "$who: it is exported" grep -q "langs het kanaal" <(fk $who export --format jsonl -o out.$who --purpose test >/dev/null; cat out.$who)
	check "$who: doctor finds nothing" exits 0 fk $who doctor
	check "$who: also rebuilt" exits 0 fk $who doctor --rebuild
done
check "digests are equal" same "$(digest amira) $(digest bas)" "$(digest noor) $(digest noor)"
check "the history holds" exits 0 fk noor audit

# It is kept, not made here; and it lives with what is edited here.
check "a new record of that type cannot be made here: 3" exits 3 fk bas add night_walk route=x
check "nor that field be set: 3" exits 3 fk bas edit "$a" weather=zon
check "a known field can" exits 0 fk bas edit "$a" people_max=3
check "the record of the new type can be withdrawn" exits 0 fk bas withdraw "$walk" --reason "dubbel"
check "and brought back" exits 0 fk bas withdraw "$walk" --undo
for who in bas noor amira; do fk $who sync >/dev/null || echo "not ok - $who syncs"; done
check "the edit is with amira, beside her field" same \
	"$(fk amira show "$a" --json | get fields.people_max) $(fk amira show "$a" --json | get fields.weather)" "3 mist, 4 graden"
check "digests are equal again" same "$(digest amira) $(digest bas)" "$(digest noor) $(digest noor)"

# Two of the newer kind at the same field: what that makes can be decided here.
"$B/tools/newer" "$W/amira" "$a" "mist, 4 graden" >/dev/null
"$B/tools/newer" "$W/noor" "$a" "mist, 4 graden" >/dev/null
for who in amira noor bas amira; do fk $who sync >/dev/null || echo "not ok - $who syncs"; done
check "equal values of an unknown field are no conflict" same "$(fk bas conflicts --json | wc -l)" 0
check "and they are one" same "$(fk bas show "$a" --json | get fields.weather)" "mist, 4 graden"
"$B/tools/newer" "$W/noor" "$a" "helder" >/dev/null
for who in noor bas; do fk $who sync >/dev/null || echo "not ok - $who syncs"; done
check "different ones are" same "$(fk bas conflicts --json | get field)" weather
dot=$(fk bas conflicts --json | /usr/bin/python3 -c '
import json, sys
print([v["dot"] for v in json.load(sys.stdin)["values"] if v["value"] == "helder"][0])')
check "one of them can be kept" exits 0 fk bas resolve "$a" weather --keep "$dot" --reason "nagevraagd"
for who in bas noor amira; do fk $who sync >/dev/null || echo "not ok - $who syncs"; done
check "that decides it" same "$(fk amira conflicts --json | wc -l) $(fk amira show "$a" --json | get fields.weather)" "0 helder"
check "digests are equal once more" same "$(digest amira) $(digest bas)" "$(digest noor) $(digest noor)"
