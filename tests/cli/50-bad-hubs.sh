#!/bin/bash
# Bad hubs: old copies, damage, forgeries, two faces.  Each has its exit code,
# its alarm and a sentence; what is here stays as it was; once the hub is mended
# the next sync works.
. "$(dirname "$0")/lib.sh"
make -s -C "$ROOT" B="${B#"$ROOT"/}" "${B#"$ROOT"/}/tools/resign" >&2 ||
	echo "not ok - the helper builds"
resign() { "$B/tools/resign" "$@"; }
g() { git -c safe.directory='*' -C "$W/hub" "$@"; }
conf() { sed -n "s/^$2 //p" "$W/$1/kit.conf"; }
ref() { echo "refs/heads/device/$(conf "$1" device)"; }
head_of() { g rev-parse -q --verify "$(ref "$1")"; }
alarms() { fk "$1" alarms --json | get code | sort | tr '\n' ' ' | sed 's/ $//'; }
sync_all() { local who; for who; do fk "$who" sync >/dev/null || echo "not ok - $who syncs"; done; }
# found CODE HUB -- does an audit find that, and exit 8?
found() {
	exits 8 fk amira audit "$2" --json >"$W/audit" || return 1
	same "$(get ok <"$W/audit")" false &&
		get findings <"$W/audit" | grep -q "\"code\": \"$1\"" ||
		{ cat "$W/audit"; return 1; }
}
# into FILE COMMAND... -- keep its answer.
into() { local to=$1; shift; "$@" >"$to"; }
# told CODE... -- does the report of the last sync name exactly these?
told() { same "$(get alarms <"$W/out" | tr '{' '\n' | sed -n 's/.*"code": "\([^"]*\)".*/\1/p' | sort -u | tr '\n' ' ' | sed 's/ $//')" "$*"; }

check "a team of three" team "$W/hub" amira bas
a=$(fk amira add observation date=2026-09-01 narrative="bij de brug" --json | get id)
fk bas add observation date=2026-09-01 narrative="op het plein" >/dev/null
sync_all amira bas
fk noor merge >/dev/null
sync_all amira bas

# ---- a hub restored from an old copy ----------------------------------------

cp -a hub old
fk amira edit "$a" people_max=3 >/dev/null
fk amira add observation date=2026-09-02 narrative="na de kopie" >/dev/null
sync_all amira
fk noor merge >/dev/null
fk bas add observation date=2026-09-02 narrative="nog later, van bas" >/dev/null
sync_all bas
amira=$(head_of amira) main=$(g rev-parse main)
digest=$(digest noor)
rm -rf hub && cp -a old hub
check "a hub restored from an old copy: the sync says so, 8" exits 8 into out fk noor sync --json
check "as a rollback, and nothing else" told rollback
check "the sentence says what it had, what it shows, what was done" \
	grep -q "has shown us number [0-9]* and now shows [0-9]*; nothing was taken from it, and it gets back what we hold" out
check "the digest is as before" same "$(digest noor)" "$digest"
check "amira's work is back on the hub before she has synced" same "$(head_of amira)" "$amira"
check "so is main" same "$(g rev-parse main)" "$main"
check "the next sync exits 0" exits 0 fk noor sync
check "the alarm stands" grep -qx rollback <(fk noor alarms --json | get code)
check "in status too" grep -q '"code": "rollback"' <(fk noor status --json | get alarms)
check "and in words" grep -q "ALARMS stand" <(fk noor status)
check "it is not dismissed without a reason" exits 2 fk noor alarms --dismiss 1
check "it cannot be dismissed twice over: 4" exits 4 fk noor alarms --dismiss 99 --reason "no such"
standing() { fk noor alarms --json | get number | tr '\n' ' '; }
all=$(standing)
check "several stand, each with a number" same "${all%% *} $(wc -w <<<"$all")" "1 $(fk noor alarms --json | wc -l)"
check "the second is dismissed by its number" exits 0 fk noor alarms --dismiss 2 --reason "we put the old copy back"
check "the others keep theirs" same "$(standing)" "${all/2 /}"
check "so a second time hits nothing: 4" exits 4 fk noor alarms --dismiss 2 --reason "we put the old copy back"
check "and nothing went with it" same "$(standing)" "${all/2 /}"
check "status has the same numbers" same "$(fk noor status --json | get alarms | grep -o '"number": [0-9]*' | grep -o '[0-9]*' | tr '\n' ' ')" "${all/2 /}"
check "so has the text" same "$(fk noor alarms | grep -oE '^[0-9]+' | tr '\n' ' ')" "${all/2 /}"
for n in $(fk noor alarms --json | get number); do fk noor alarms --dismiss "$n" --reason "we put the old copy back"; done
check "with one it is" same "$(fk noor alarms --json | wc -l) $(fk noor status --json | get alarms)" "0 []"
check "the worker whose newest was nowhere else gives it back, and says why: 8" exits 8 fk bas sync
check "and then all is well" exits 0 fk bas sync
check "amira, who comes last, sees nothing of it" exits 0 fk amira sync
check "no alarm at hers" same "$(alarms amira)" ""
sync_all noor
check "nothing is lost: all digests are equal" \
	same "$(digest noor) $(digest bas)" "$(digest amira) $(digest amira)"
check "the history holds" exits 0 fk noor audit
check "and stock fsck is clean" fsck "$W/hub"

# Another hub that is merely behind.
"$FK" hub init hub2 >/dev/null
fk noor sync "$W/hub2" >/dev/null || echo "not ok - a second hub"
fk amira sync "$W/hub2" >/dev/null || echo "not ok - a second hub"
fk amira add observation date=2026-09-03 narrative="weer een" >/dev/null
sync_all amira
fk noor merge >/dev/null
sync_all amira bas
check "another hub that is merely behind: 0" exits 0 into out fk amira sync "$W/hub2" --json
check "it is healed" test "$(get healed <out)" -gt 0
check "without an alarm" told
check "it has what the first has" same \
	"$(git -c safe.directory='*' -C hub2 for-each-ref --format='%(refname) %(objectname)' | grep -v heads/hub)" \
	"$(g for-each-ref --format='%(refname) %(objectname)' | grep -v heads/hub)"

# ---- one damage at a time -----------------------------------------------------

# bas has two commits on the hub that amira has not seen; she has one unsent.
fk bas add observation date=2026-09-04 narrative="eerste nieuwe" >/dev/null
sync_all bas
fk bas add observation date=2026-09-04 narrative="tweede nieuwe" >/dev/null
sync_all bas
bas=$(head_of bas)
new=$(g rev-parse "$bas~1") seen=$(g rev-parse "$bas~2")
fk amira add observation date=2026-09-05 narrative="nog niet verstuurd" >/dev/null
mkdir good && cp -a hub amira bas noor good/
fresh() { rm -rf hub amira bas noor && cp -a good/* .; }
before=$(digest amira)

# bad NAME CODE COMMAND... -- break the hub so.
bad() {
	local what=$1 code=$2
	shift 2
	rm -rf hub amira
	cp -a good/hub good/amira .
	"$@" >"$W/break" 2>&1 || { echo "not ok - $what could be made"; sed 's/^/# /' "$W/break"; }
	check "$what: an audit finds $code" found "$code" "$W/hub"
	check "$what: sync exits 8" exits 8 into out fk amira sync --json
	check "$what: it is named $code" grep -qx "$code" <(fk amira alarms --json | get code)
	check "$what: the digest is as before" same "$(digest amira)" "$before"
	mend
	check "$what: once it is mended the sync works" exits 0 fk amira sync
	check "$what: and brings what is new" same "$(fk amira list --json | wc -l)" $((n + 2))
}
n=$(fk amira list --json | wc -l)
# Put right what was broken, and leave what amira has sent meanwhile.
mend() {
	rm -f hub/refs/heads/device/ffff*
	cp -af good/hub/objects/. hub/objects/
	g update-ref "$(ref bas)" "$bas"
}

# Damage to what lies there.
blob() { g rev-parse "$new:$(conf bas device).seg"; }
where() { # the pack of an object, its offset and size there
	local idx
	for idx in hub/objects/pack/*.idx; do
		g verify-pack -v "$W/$idx" | awk -v o="$1" -v p="${idx%.idx}.pack" \
			'$1 == o { print p, $5, $4 }' | grep . && return
	done
}
flip() { # one bit of the byte at offset $2 of file $1
	chmod u+w "$1"
	/usr/bin/python3 - "$1" "$2" <<-'END'
	import sys
	with open(sys.argv[1], "r+b") as f:
	    f.seek(int(sys.argv[2]))
	    b = f.read(1)
	    f.seek(int(sys.argv[2]))
	    f.write(bytes([b[0] ^ 16]))
	END
}
flip_in_pack() {
	local pack at size
	read -r pack at size < <(where "$1") && flip "$pack" $((at + size / 2))
}
loose() { # every object of the hub in a file of its own
	mkdir packs && mv hub/objects/pack/* packs/ &&
		for p in packs/*.pack; do g unpack-objects -q <"$p"; done
	rm -rf packs
}
file_of() { echo "hub/objects/${1:0:2}/${1:2}"; }
flip_loose() {
	loose
	local f
	f=$(file_of "$1")
	flip "$f" $(($(stat -c %s "$f") / 2))
}
other_content() { # well packed, under the name of another
	loose
	chmod u+w "$(file_of "$1")"
	/usr/bin/python3 - "$(file_of "$1")" <<-'END'
	import sys, zlib
	b = bytearray(zlib.decompress(open(sys.argv[1], "rb").read()))
	b[len(b) // 2] ^= 1
	open(sys.argv[1], "wb").write(zlib.compress(bytes(b)))
	END
}
lacking() { loose && rm -f "$(file_of "$1")"; }
cut_pack() {
	local pack at size
	read -r pack at size < <(where "$1") && chmod u+w "$pack" &&
		truncate -s $((at + size / 2)) "$pack"
}
bad "a segment with one byte flipped, in a pack" corrupt flip_in_pack "$(blob)"
bad "a segment with one byte flipped, loose" corrupt flip_loose "$(blob)"
bad "a segment with other content" corrupt other_content "$(blob)"
bad "a commit with one byte flipped" corrupt flip_in_pack "$new"
bad "a missing object" corrupt lacking "$(blob)"
bad "a truncated pack" corrupt cut_pack "$(blob)"

# A hub that has lost what everybody else holds already: nobody fetches it, so
# only an audit sees it, and whoever audits gives it back.
old=$(g rev-parse "$seen:$(conf bas device).seg")
for lost in "$old" "$seen" "$(g rev-parse "$seen^{tree}")"; do
	fresh
	what="a lost $(g cat-file -t "$lost") that all hold"
	fk amira sync >/dev/null
	lacking "$lost"
	check "$what: a sync does not see it" exits 0 fk amira sync
	check "$what: an audit by her names it: 8" exits 8 into out fk amira audit --json
	check "$what: as corrupt" grep -q '"code":"corrupt"' out
	check "$what: she is told what comes next" says "your next sync gives this hub what it has lost"
	check "$what: it is still lost" test ! -e "$(file_of "$lost")"
	check "$what: her next sync gives it back, locked or not" exits 0 env -u FIELDKIT_PASSPHRASE_FILE \
		FIELDKIT_HOME="$W/amira" "$FK" sync --unattended
	check "$what: an audit is well" exits 0 fk amira audit
	check "$what: and stock fsck is clean" fsck "$W/hub"
	check "$what: that was all: nothing more is looked for" \
		same "$(git --git-dir=amira/repo.git for-each-ref refs/lost)" ""
done
fresh

# Branches that are not as they should be.
stranger() {
	g update-ref "$(ref bas)" "$seen" &&
		g update-ref refs/heads/device/ffffffffffffffffffffffffffffffff "$new"
}
deleted() { g update-ref -d "$(ref bas)"; }
moved_back() { g update-ref "$(ref amira)" "$(head_of amira)~1"; }
swapped() { g update-ref "$(ref bas)" "$(head_of amira)"; }
bad "a branch of an unknown device" not-a-member stranger
bad "a branch put under another's name" replayed swapped
check "a foreign name" g update-ref refs/heads/other main
check "that is not ours is left alone" exits 0 fk amira sync
check "and stays there" g rev-parse -q --verify refs/heads/other
check "an audit names it" found foreign-path "$W/hub"

# Commits that bas's device did not write, or should not have.
put() { g update-ref "$(ref bas)" "$(g hash-object -t commit -w --stdin)"; }
other_key() { g cat-file commit "$new" | resign - | put; }
spoilt_sig() {
	g cat-file commit "$new" | /usr/bin/python3 -c '
import sys
s = sys.stdin.read()
i = s.index("\n -----END SSH") - 20
sys.stdout.write(s[:i] + ("A" if s[i] != "A" else "B") + s[i + 1:])' | put
}
other_text() { g cat-file commit "$new" | sed 's/^roster [0-9]* /roster 1 /' | put; }
as_bas() { resign "$W/bas" | put; }
skipped() {
	g cat-file commit "$bas" | sed -e "s/^parent .*/parent $seen/" \
		-e "s/ [0-9]* +0000\$/ $(g log -1 --format=%ct "$new") +0000/" | as_bas
}
two_files() {
	local tree
	tree=$({ g ls-tree "$new"; printf '100644 blob %s\tevil.seg\n' "$(blob)"; } | g mktree)
	g cat-file commit "$new" | sed "s/^tree .*/tree $tree/" | as_bas
}
too_large() {
	local tree
	tree=$(printf '100644 blob %s\t%s.seg\n' "$(head -c 1100000 /dev/urandom |
		g hash-object -w --stdin)" "$(conf bas device)" | g mktree)
	g cat-file commit "$new" | sed "s/^tree .*/tree $tree/" | as_bas
}
other_project() {
	"$FK" hub init hub3 && fk stranger init --project Elders --name Els --practice --hub "$W/hub3" &&
		fk stranger add person kind=young && fk stranger sync || return 1
	g fetch -q "$W/hub3" "+$(ref stranger):$(ref bas)"
}
bad "a commit signed by another key" not-a-member other_key
bad "a commit whose signature is spoilt" bad-signature spoilt_sig
bad "a commit whose text was changed" bad-signature other_text
bad "a commit left out" gap skipped
bad "a commit with a file too many" foreign-path two_files
bad "a segment that is too large" oversized too_large
bad "a branch of another project" wrong-project other_project

# ---- branches taken back from under us ---------------------------------------

moved_back() { g update-ref "$(ref amira)" "$(ref amira)~1"; }
deleted() { g update-ref -d "$(ref bas)"; }
roster_back() { g update-ref refs/heads/roster refs/heads/roster~1; }
main_back() { g update-ref refs/heads/main refs/heads/main~1; }
# taken NAME COMMAND REF RECORDS -- how many she then has.
taken() {
	local what=$1 how=$2 ref=$3 held
	fresh
	held=$(git --git-dir=amira/repo.git rev-parse "$ref")
	$how
	check "$what: sync exits 8" exits 8 into out fk amira sync --json
	check "$what: rollback" told rollback
	check "$what: she has got what else is new" same "$(fk amira list --json | wc -l)" "$4"
	check "$what: what she held is back" g merge-base --is-ancestor "$held" "$ref"
	check "$what: the next sync exits 0" exits 0 fk amira sync
}
taken "her own branch moved back" moved_back "$(ref amira)" $((n + 2))
taken "another's branch deleted" deleted "$(ref bas)" "$n"
taken "the roster moved back" roster_back refs/heads/roster $((n + 2))
taken "main moved back" main_back refs/heads/main $((n + 2))

# ---- a hub with two faces ----------------------------------------------------

# bas's laptop was copied, and each copy went on.
fresh
cp -a hub face
cp -a bas bas2
fk bas add observation date=2026-09-06 narrative="aan de ene kant" >/dev/null
sync_all bas
fk bas2 add observation date=2026-09-06 narrative="aan de andere kant" >/dev/null
fk bas2 sync "$W/face" >/dev/null || echo "not ok - the copy syncs"
check "the one face" exits 0 fk amira sync
before=$(digest amira)
check "the other face: 8" exits 8 into out fk amira sync "$W/face" --json
# It is an old copy besides: what she sent to the other is not on it.
check "it is a fork" told fork rollback
check "the digest is as before" same "$(digest amira)" "$before"
check "nothing is lost at either" same "$(fk bas list --json | wc -l) $(fk bas2 list --json | wc -l)" "$((n + 2)) $((n + 2))"
check "the copy learns that it is one: 8" exits 8 fk bas2 sync
check "it keeps its work, and gets what is new" same "$(fk bas2 list --json | wc -l)" $((n + 3))
check "it can still be read" fk bas2 search kant

# The hub shows noor less of amira than it has shown bas, who says so.
fresh
sync_all amira bas
fk bas add observation date=2026-09-07 narrative="amira was er al" >/dev/null
sync_all bas
moved_back
check "a hub that withholds: 8" exits 8 into out fk noor sync --json
check "a colleague's testimony tells" told withheld
check "and is named" grep -q "device $(conf bas device) testifies that this hub had number" out
check "what it does show is taken" same "$(fk noor list --json | wc -l)" $((n + 2))
check "who wrote it gives it back: 8" exits 8 fk amira sync
check "then all is well" exits 0 fk noor sync
check "and nothing is missing" same "$(fk noor list --json | wc -l)" $((n + 3))
