#!/bin/bash
# Two devices, a coordinator and a folder: notes travel, conflicts are shown.
. "$(dirname "$0")/lib.sh"

check "a team of three" team "$W/hub" amira bas
a=$(fk amira add observation date=2026-09-01 narrative="bij de brug" certainty=heard --json | get id)
b=$(fk amira add observation date=2026-09-02 narrative="op het plein" --json | get id)
check "amira syncs" fk amira sync
check "sent is delivered" same "$(fk amira show "$a" --json | get state)" delivered
check "a pending joiner is not opened yet" exits 4 fk noor show "$a"
check "noor merges" fk noor merge
check "amira is admitted" sh -c "FIELDKIT_HOME=$W/noor $FK members --json 2>/dev/null | grep -c active | grep -qx 2"
check "noor has the note" fk noor show "$a"
check "accepted at noor" same "$(fk noor show "$a" --json | get state)" accepted
check "bas joins in" fk bas sync
check "bas has both" same "$(fk bas list --json | wc -l)" 2
check "amira sees it accepted" sh -c "FIELDKIT_HOME=$W/amira $FK sync >/dev/null 2>&1; FIELDKIT_HOME=$W/amira $FK show $a --json 2>/dev/null | grep -q '\"state\":\"accepted\"'"
check "noor merges bas" fk noor merge

# The same field on both; another note in different fields.
fk amira edit "$a" certainty=seen >/dev/null
fk bas edit "$a" certainty=assumed >/dev/null
fk amira edit "$b" people_max=9 >/dev/null
fk bas edit "$b" atmosphere=calm >/dev/null
fk amira edit "$b" themes+=ronselen >/dev/null
fk bas edit "$b" themes+=zwijgcultuur >/dev/null
for who in amira bas noor amira; do fk $who sync >/dev/null || echo "not ok - $who sync"; done
fk noor merge >/dev/null
for who in amira bas; do fk $who sync >/dev/null || echo "not ok - $who sync"; done
for who in amira bas noor; do
	check "$who sees exactly one conflict" same "$(fk $who conflicts --json | wc -l)" 1
	check "$who sees two values" same "$(fk $who conflicts --json | get values.1.value | wc -l)" 1
	check "$who has both fields and both themes of the other note" \
		same "$(fk $who show "$b" --json | get fields.themes)" '["ronselen", "zwijgcultuur"]'
done
check "digests are equal" same "$(digest amira) $(digest bas)" "$(digest noor) $(digest noor)"
check "conflicts exits 0" exits 0 fk noor conflicts
check "resolve without a choice: 2" exits 2 fk noor resolve "$a" certainty
check "resolve with an unknown dot: 4" exits 4 fk noor resolve "$a" certainty --keep 00000000000000000000000000000000.1
dot=$(fk noor conflicts --json | get values.0.dot)
kept=$(fk noor conflicts --json | get values.0.value)
check "noor resolves with a reason" fk noor resolve "$a" certainty --keep "$dot" --reason "asked both"
check "nothing is left to decide" same "$(fk noor conflicts --json | wc -l)" 0
fk noor sync >/dev/null
fk amira sync >/dev/null
check "amira has the decision" same "$(fk amira show "$a" --json | get fields.certainty)" "$kept"
check "and its reason" sh -c "FIELDKIT_HOME=$W/amira $FK history $a | grep -q 'asked both'"
fk amira edit "$a" daypart=evening >/dev/null
fk bas edit "$a" daypart=evening >/dev/null
for who in amira bas noor; do fk $who sync >/dev/null; done
check "equal values set on two devices stand side by side" \
	same "$(fk noor history "$a" --json | grep -c '"field":"daypart"')" 2
check "and are no conflict" same "$(fk noor conflicts --json | wc -l)" 0

# Two fields that the pack puts in order; each device knew only one of them.
all_sync() { for who in amira bas noor amira bas; do fk $who sync >/dev/null || echo "not ok - $who sync"; done; }
both() { echo "$(fk "$1" show "$c" --json | get fields.people_min) $(fk "$1" show "$c" --json | get fields.people_max)"; }
many="people_min: may not be above people_max"
c=$(fk amira add observation date=2026-09-03 narrative="hoe velen waren er" --json | get id)
all_sync
fk amira edit "$c" people_min=8 >/dev/null
fk bas edit "$c" people_max=5 >/dev/null
all_sync
check "what comes from afar is kept, though it is out of order" same "$(both amira) $(both bas)" "8 5 8 5"
check "and is no conflict" same "$(fk noor conflicts --json | wc -l)" 0
check "another field can still be written: 0" exits 0 fk amira edit "$c" atmosphere=calm
check "one of the two only in order: 3" exits 3 fk amira edit "$c" people_min=7
check "which says why" says "record $c: $many"
check "in order: 0" exits 0 fk amira edit "$c" people_min=2
all_sync
fk amira edit "$c" people_max=10 >/dev/null
fk bas edit "$c" people_max=3 >/dev/null
all_sync
check "what is in conflict is not compared: 0" exits 0 fk amira edit "$c" people_min=4
dot=$(fk amira conflicts --json | /usr/bin/python3 -c '
import json, sys
print([v["dot"] for v in json.load(sys.stdin)["values"] if v["value"] == 3][0])')
check "it is decided in order only, by a choice: 3" exits 3 fk amira resolve "$c" people_max --keep "$dot"
check "which says why too" says "record $c: $many"
check "or by a value: 3" exits 3 fk amira resolve "$c" people_max --value 3
check "the conflict stands" same "$(fk amira conflicts --json | get field)" people_max
check "in order it is decided: 0" exits 0 fk amira resolve "$c" people_max --value 10
all_sync
check "everywhere" same "$(both amira) $(both bas)" "4 10 4 10"
fk amira withdraw "$c" --reason "was om te tellen" >/dev/null
all_sync

# Edit against withdraw.
fk amira withdraw "$b" --reason "told in confidence" >/dev/null
fk noor edit "$b" people_max=12 >/dev/null
for who in amira noor amira; do fk $who sync >/dev/null; done
check "edit against withdraw is a conflict" same "$(fk amira conflicts --json | get field)" withdrawn
check "it is resolved by a choice" fk amira resolve "$b" withdrawn --value 1 --reason "she asked us"
for who in amira noor bas; do fk $who sync >/dev/null; done
check "withdrawn everywhere" same "$(fk noor list --json | wc -l) $(fk bas list --json | wc -l)" "1 1"

# Identity is for coordinators and its author.
p=$(fk amira add person pseudonym=J01 name="Piet Jansen" --json | get id)
fk amira sync >/dev/null
fk noor merge >/dev/null
fk bas sync >/dev/null
check "the coordinator reads the name" same "$(fk noor show "$p" --json | get fields.name)" "Piet Jansen"
check "bas does not" same "$(fk bas show "$p" --json | get withheld)" '["name"]'
check "bas may not set it: 6" exits 6 fk bas edit "$p" name=X
check "amira may" fk amira edit "$p" name="Piet Janssen"
fk amira sync >/dev/null
fk noor sync >/dev/null
fk bas sync >/dev/null
check "digests of ledger and team are equal over it" same "$(digest bas)" "$(digest noor)"

# Two libraries are loaded by who needs them: here are files of their names.
mkdir -p broken/git2 broken/stemmer
git2=$(grep -aoE 'libgit2\.so[.0-9]*' "$FK" | head -1)
stemmer=$(grep -aoE 'libstemmer\.so[.0-9a-z]*' "$FK" | head -1)
echo "no library" | tee "broken/git2/$git2" >"broken/stemmer/$stemmer"
without() { LD_LIBRARY_PATH=$(printf "$W/broken/%s:" $1) "${@:2}"; }
check "the program is not linked with them" sh -c "! ldd '$FK' | grep -E 'libgit2|libstemmer'"
check "adding does not need them" without "git2 stemmer" fk amira add observation date=2026-09-03 narrative="in het park"
check "nor does sending" without "git2 stemmer" fk amira sync
check "a merge that cannot load libgit2 says so: 1" without git2 exits 1 fk noor merge
check "which library, and why" says "$git2"
check "and what to do" says "what was saved is safe; install it"
check "a search that cannot load libstemmer says so: 1" without stemmer exits 1 fk amira search park
check "which library" says "$stemmer"
check "then the search goes on" same "$(fk amira search park --json | wc -l)" 1
check "and the merge" fk noor merge
for who in amira bas; do fk $who sync >/dev/null; done
check "and nothing is missing" same "$(digest bas)" "$(digest noor)"

# The history in git.
check "stock fsck is clean" fsck "$W/hub"
check "audit as a member" fk noor merge
check "audit finds nothing" fk noor audit --signers "$W/signers"
genesis=$(sed -n 's/^genesis //p' noor/kit.conf)
check "audit as an outsider" "$FK" audit "$W/hub" --genesis "$genesis"
check "audit with another genesis: 8" exits 8 "$FK" audit "$W/hub" --genesis "$(printf '0%.0s' $(seq 64))"
git clone -q hub clone
git -C clone config gpg.ssh.allowedSignersFile "$W/signers"
bad=0
for c in $(git -C clone rev-list --all); do
	git -C clone verify-commit "$c" >/dev/null 2>&1 || bad=$((bad + 1))
done
check "git verify-commit accepts every commit ($(git -C clone rev-list --all | wc -l))" same $bad 0
check "no word of it can be read on the hub" sh -c "! git -C clone cat-file --batch --batch-all-objects | grep -qaE 'brug|Piet|Amira|observation'"
check "an empty sync sends nothing" same "$(fk amira sync --json | get sent)" 0

# Joining again with a used invitation.
check "an invitation used twice: 8" sh -c "FIELDKIT_HOME=$W/thief $FK join $W/amira.invite --code-file $W/amira.code >/dev/null 2>&1; FIELDKIT_HOME=$W/thief $FK add observation date=2026-09-09 narrative=kept >/dev/null 2>&1; FIELDKIT_HOME=$W/thief $FK sync >$W/thief.out 2>$W/err; test \$? = 8"
check "it is named" grep -q "^replayed: .*used by another device" "$W/thief.out"
check "the work is kept" sh -c "FIELDKIT_HOME=$W/thief $FK list --json 2>/dev/null | grep -q kept"
check "and what it was used for stands in no one's records" sh -c "FIELDKIT_HOME=$W/noor $FK sync >/dev/null 2>&1; ! FIELDKIT_HOME=$W/noor $FK list --json 2>/dev/null | grep -q kept"
echo "een twee drie vier vijf zes" >code.bad
check "a wrong code: 6" exits 6 fk other join amira.invite --code-file code.bad
head -c 700 amira.invite >cut.invite
check "a truncated invitation: 8" exits 8 fk other join cut.invite --code-file amira.code
check "a missing hub: 7" sh -c "mv $W/hub $W/hub.away; FIELDKIT_HOME=$W/amira $FK sync 2>$W/err; r=\$?; mv $W/hub.away $W/hub; test \$r = 7"
check "a locked device carries" sh -c "env -u FIELDKIT_PASSPHRASE_FILE FIELDKIT_HOME=$W/bas $FK sync --unattended"
"$FK" hub init hub2 >/dev/null
fk stranger init --project Elsewhere --name Else --practice --hub "$W/hub2" >/dev/null
fk stranger sync >/dev/null
check "another project's hub: 8" exits 8 fk amira sync "$W/hub2"
