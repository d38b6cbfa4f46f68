#!/bin/bash
# verify -- the independent verifier (scripts/verify.py) against the golden
# files and against a hub made just now; and it must notice what is wrong.
. "$(dirname "$0")/cli/lib.sh"

G=$ROOT/tests/golden
verify() { /usr/bin/python3 "$ROOT/scripts/verify.py" "$@"; }
git() { command git -c safe.directory='*' -c user.name=x -c user.email=x "$@"; }

# whole HUB GENESIS INVITATION CODE -- it holds, and every segment opens.
whole() {
	verify hub "$1" --genesis "$2" --invitation "$3" --code "$4"
}

# noticed NAME COMMAND... -- the golden hub, changed so, is refused.
noticed() {
	local what=$1
	shift
	rm -rf "$W/bad"
	git clone -q --mirror "$G/hub/hub.bundle" "$W/bad"
	(cd "$W/bad" && "$@") || echo "not ok - $what could be done"
	check "a hub with $what is refused" exits 1 verify hub "$W/bad" \
		--genesis "$genesis"
}

device() { git for-each-ref --format='%(refname)' refs/heads/device | sed -n "$1p"; }
back() { git update-ref "$1" "$1^1" 2>/dev/null; }
roll_device() { back "$(device 1)" || back "$(device 2)"; }
roll_roster() { back refs/heads/roster; }
foreign() { git update-ref refs/heads/other refs/heads/main; }
swap() {
	local a b
	a=$(git rev-parse "$(device 1)") b=$(git rev-parse "$(device 2)")
	git update-ref "$(device 1)" "$b"
	git update-ref "$(device 2)" "$a"
}
# The newest commit of a ref with its message changed, signature kept.
edit() {
	local new
	new=$(git cat-file commit "$1" | sed "$2" |
		git hash-object -t commit -w --stdin) && git update-ref "$1" "$new"
}
later() { edit refs/heads/main 's/^seq .*/seq 77/'; }
accept_less() { edit refs/heads/main '/^accept /d'; }
other_author() { edit "$(device 1)" 's/^author fieldkit/author someone/'; }
other_blob() {
	local ref tree
	ref=$(device 1)
	tree=$(printf '100644 blob %s\t%s.seg\n' \
		"$(echo x | git hash-object -w --stdin)" "${ref##*/}" | git mktree)
	edit "$ref" "s/^tree .*/tree $tree/"
}

for reader in coordinator worker author; do
	check "the golden segment is what its $reader sees" \
		verify segment "$G/segment/$reader"
done
for reader in coordinator worker auditor; do
	check "the golden envelope brings its $reader what it should" \
		verify keyring "$G/keyring/$reader"
done
cp -r "$G/keyring/worker" "$W/ring"
printf '\377' | dd of="$W/ring/blob" bs=1 seek=500 conv=notrunc 2>/dev/null
check "a changed keyring is refused" exits 1 verify keyring "$W/ring"
cp "$G/keyring/worker/blob" "$W/ring/blob"
cp "$G/keyring/auditor/box" "$W/ring/box"
check "an envelope to another box key is refused" exits 1 \
	verify keyring "$W/ring"
check "the worked example of WIRE.md is what it says" \
	verify example "$ROOT/schema/WIRE.md"
cp -r "$G/segment/worker" "$W/seg"
printf '\377' | dd of="$W/seg/blob" bs=1 seek=300 conv=notrunc 2>/dev/null
check "a changed segment is refused" exits 1 verify segment "$W/seg"

genesis=$(cat "$G/hub/genesis")
git clone -q --mirror "$G/hub/hub.bundle" "$W/golden"
check "the golden hub holds and opens" whole "$W/golden" "$genesis" \
	"$G/hub/invitation" "$(cat "$G/hub/code")"
check "under another genesis it is refused" exits 1 verify hub "$W/golden" \
	--genesis "$(printf '%064d' 1)"
noticed "a device rolled back" roll_device
noticed "the roster rolled back" roll_roster
noticed "a foreign ref" foreign
noticed "two devices swapped" swap
noticed "a number changed" later
noticed "an accept line taken out" accept_less
noticed "another author" other_author
noticed "another blob" other_blob

FIELDKIT_PASSPHRASE_FILE= TMPDIR=$W "$FK" demo "$W/demo" >"$W/said" 2>"$W/err"
check "a hub made just now holds and opens" whole "$W/demo/hub" \
	"$(grep -o -- '--genesis [0-9a-f]*' "$W/said" | head -1 | cut -d' ' -f2)" \
	"$W/demo/amira.invite" "$(cat "$W/demo/amira.code")"
