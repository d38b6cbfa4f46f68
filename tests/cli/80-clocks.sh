#!/bin/bash
# Clocks that are wrong: ten years off either way, 1970, 2038, 2106, and one
# that jumps.  No save and no sync is refused, all see the same, and a time
# that cannot be right is named, never believed.
. "$(dirname "$0")/lib.sh"
now=$(date +%s)
year=$((365 * 86400 + 86400 / 4))
declare -A at=(
	[tenago]=$(((now - 10 * year) * 1000))
	[tenahead]=$(((now + 10 * year) * 1000))
	[y1970]=1000
	[y2038]=2147483648000
	[y2106]=4294967296000
)
devices="tenago tenahead y1970 y2038 y2106"
# fk, by that device's own clock.
off() {
	local who=$1
	[ -n "${at[$who]:-}" ] && local -x FIELDKIT_CLOCK=${at[$who]}
	fk "$@"
}
rounds() {
	local who
	for who in $devices noor $devices; do
		off "$who" sync >"$W/$who.out" || { echo "$who: $?"; cat err; }
	done
}

# shellcheck disable=SC2086
check "a team, all joined by a right clock" team "$W/hub" $devices
for who in $devices; do fk $who sync >/dev/null; done
fk noor merge >/dev/null
a=$(fk noor add observation date=2026-09-01 narrative="van allen" --json | get id)
b=$(fk noor add observation date=2026-09-01 narrative="om beurten" --json | get id)
fk noor sync >/dev/null
for who in $devices; do fk $who sync >/dev/null; done

# Each adds, edits a field of its own, and edits after it another's edit.
fields=(x people_min=1 people_max=9 atmosphere=calm urgent=true daypart=night)
i=0
for who in $devices; do
	i=$((i + 1))
	check "$who: a note is taken" off $who add observation date=2026-09-02 narrative="van $who"
	check "$who: so is an edit" off $who edit "$a" "${fields[$i]}"
	check "$who: and a theme" off $who edit "$a" themes+="$(fk noor fields observation --json | /usr/bin/python3 -c '
import json, sys
print([f["values"] for f in map(json.loads, sys.stdin) if f["field"] == "themes"][0][int(sys.argv[1])])' $i)"
done
rounds >bad
check "no sync is refused" same "$(cat bad)" ""
check "the merge is not either" exits 0 fk noor merge
rounds >bad
check "again none is" same "$(cat bad)" ""
d=$(digest noor)
differ=
for who in $devices; do [ "$(off $who digest)" = "$d" ] || differ="$differ $who"; done
check "all digests are equal" same "$differ" ""
check "all notes are there" same "$(fk noor list --json | wc -l)" 7
check "every edit has arrived, and none is a conflict" same \
	"$(fk noor show "$a" --json | /usr/bin/python3 -c '
import json, sys
r = json.load(sys.stdin)
f = r["fields"]
print(f["people_min"], f["people_max"], f["atmosphere"], f["urgent"], f["daypart"], len(f["themes"]), r["conflicts"])')" \
	"1 9 calm True night 5 []"

# In turn: who has seen an edit comes after it, whatever the clock says.
order="y2106 y1970 tenahead tenago noor y2038"
last=
for who in $order; do
	off $who sync >/dev/null || echo "not ok - $who syncs"
	off $who edit "$b" certainty="$([ "$last" = seen ] && echo heard || echo seen)" >/dev/null || echo "not ok - $who edits"
	last=$([ "$last" = seen ] && echo heard || echo seen)
	off $who sync >/dev/null || echo "not ok - $who syncs"
done
rounds >bad
check "edits in turn reach all" same "$(cat bad)" ""
for who in noor y1970 y2106; do
	check "$who: the last one stands" same "$(off $who show "$b" --json | get fields.certainty)" "$last"
	check "$who: without a conflict" same "$(off $who show "$b" --json | get conflicts)" "[]"
	check "$who: the history is in the order in which they came" same \
		"$(off $who history "$b" --json | get name | tr '\n' ' ')" "Noor $(echo "$order" | sed 's/noor/Noor/') "
done

# At the same time: both stay, the one of 2106 does not win.
off y2106 edit "$b" people_max=21 >/dev/null
off y1970 edit "$b" people_max=19 >/dev/null
rounds >bad
check "two at once are a conflict for a person, whatever their clocks" same \
	"$(fk noor conflicts --json | get field)" people_max
check "of both values" same "$(fk noor conflicts --json | /usr/bin/python3 -c '
import json, sys
print(sorted(v["value"] for v in json.load(sys.stdin)["values"]))')" "[19, 21]"

# A clock of the future does not draw others along.
new=$(fk noor add observation date=2026-09-03 narrative="nu" --json | get id)
check "a new note bears today's date here" same \
	"$(fk noor show "$new" --json | get modified | cut -c 1-10)" "$(date -u +%Y-%m-%d)"
fk noor edit "$b" people_min=1 >/dev/null
check "an edit after one from 2106 does not bear that year" same \
	"$(fk noor history "$b" --json | get time | tail -1 | cut -c 1-4 | sed 's/^20[2-3].$/near/')" near

# What cannot be right is named, and shown as such.
check "who is far off is named at the coordinator's" same \
	"$(fk noor alarms --json | /usr/bin/python3 -c '
import json, sys
print(sorted({json.loads(l)["code"] for l in sys.stdin}))')" "['clock']"
check "each device once" same "$(fk noor alarms --json | get device | sort | uniq -c | awk '{ print $1 }' | sort -u)" 1
check "all five of them" same "$(fk noor alarms --json | get device | sort -u | wc -l)" 5
for w in "show $b" "history $b" conflicts; do
	# shellcheck disable=SC2086
	fk noor $w >said
	check "${w%% *}: a time yet to come has a question mark" grep -qE '2106-[0-9-]*T[0-9:]*Z\?' said
	check "${w%% *}: so has each such time, and no other" same \
		"$(grep -oE '2[0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9:]*Z\??' said | awk -v now="$(date -u +%Y)" '(substr($0, 1, 4) > now) != /\?/')" ""
done

# A clock that jumps in the middle of the work.
for ms in ${at[y2106]} 1000 $((now * 1000)) 0 281474976710655; do
	FIELDKIT_CLOCK=$ms fk noor add observation date=2026-09-04 narrative="sprong $ms" >/dev/null || echo "not ok - $ms"
	FIELDKIT_CLOCK=$ms fk noor list >/dev/null || echo "not ok - list at $ms"
	FIELDKIT_CLOCK=$ms fk noor status >/dev/null || echo "not ok - status at $ms"
	FIELDKIT_CLOCK=$ms fk noor sync >/dev/null || echo "not ok - sync at $ms"
done
check "a clock that jumps refuses nothing" same "$(fk noor search sprong --json | wc -l)" 5
check "doctor finds nothing" exits 0 fk noor doctor
rounds >bad
check "all have the same" same "$(off y2106 digest) $(off y1970 digest)" "$(digest noor) $(digest noor)"
check "dates in git prove nothing and say nothing: the history holds" exits 0 fk noor audit
check "and no commit bears a wrong clock" same \
	"$(git -c safe.directory='*' -C hub log --all --format=%ct | awk '$1 < 1577836800 || $1 > 1577836800 + 1000' | wc -l)" 0

# An invitation is judged by the coordinator's clock alone.
fk noor invite --name Laat --role worker -o laat.invite --json | get code >laat.code
at[laat]=${at[y2106]}
check "a joiner whose clock says that it has expired can join" off laat join laat.invite --code-file laat.code
check "and write" off laat add observation date=2026-09-05 narrative="te laat"
check "and sync" off laat sync
check "and is let in" sh -c "FIELDKIT_HOME=$W/noor $FK merge --json 2>/dev/null | grep -q '\"admitted\":1'"
