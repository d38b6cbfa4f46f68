#!/bin/bash
# Bad sticks: folders that are not ours as they are, that take no more, that
# cannot be written, that another process locked.  Nothing is lost, and once
# the stick is put right the next sync works.
. "$(dirname "$0")/lib.sh"
g() { git -c safe.directory='*' -C "$W/hub" "$@"; }
conf() { sed -n "s/^$2 //p" "$W/$1/kit.conf"; }
into() { local to=$1; shift; "$@" >"$to"; }
found() {
	exits 8 fk amira audit "$2" --json >"$W/audit" || return 1
	get findings <"$W/audit" | grep -q "\"code\": \"$1\"" ||
		{ cat "$W/audit"; return 1; }
}
unsent() { fk amira status --json | get undelivered; }
mounted=
trap 'for m in $mounted; do umount "$m"; done; chmod -R u+w "$W" 2>/dev/null; rm -rf "$W"' EXIT
# stick DIR SIZE -- a small file system of its own; fails where we may not.
stick() {
	mkdir -p "$1" && mount -t tmpfs -o size="$2",mode=755 tmpfs "$1" 2>/dev/null &&
		mounted="$W/$1 $mounted"
}
# full DIR -- take every last byte of it.
full() { cat /dev/zero >"$1/filler" 2>/dev/null; sync -f "$1"; }

check "a team of three" team "$W/hub" amira bas
fk amira add observation date=2026-09-01 narrative="bij de brug" >/dev/null
fk amira sync >/dev/null
fk noor merge >/dev/null
fk bas sync >/dev/null
fk bas add observation date=2026-09-02 narrative="van bas" >/dev/null
fk bas sync >/dev/null
fk noor merge >/dev/null
fk amira add observation date=2026-09-02 narrative="nog niet verstuurd" >/dev/null
before=$(digest amira)
mkdir good && cp -a hub amira good/

# ---- what does not belong in a hub -------------------------------------------

# hostile NAME COMMAND...
hostile() {
	local what=$1
	shift
	rm -rf hub amira
	cp -a good/* .
	"$@" || echo "not ok - $what could be made"
	check "$what: an audit finds it" found hostile-hub "$W/hub"
	check "$what: sync exits 8" exits 8 fk amira sync
	check "$what: the sentence names it" says "was not opened"
	check "$what: the alarm stands" same "$(fk amira alarms --json | get code)" hostile-hub
	check "$what: the digest is as before" same "$(digest amira)" "$before"
	rm -rf hub
	cp -a good/hub .
	check "$what: put right, the sync works" exits 0 fk amira sync
	check "$what: and both have the other's" same "$(fk amira list --json | wc -l) $(unsent)" "3 0"
}
config() { printf '[include]\n\tpath = %s/evil\n' "$W" >>hub/config; }
other_head() { echo "ref: refs/heads/other" >hub/HEAD; }
link() { mv hub/refs/heads/main main.away && ln -s "$W/main.away" hub/refs/heads/main; }
linked_objects() { mv hub/objects objects.away && ln -s "$W/objects.away" hub/objects; }
alternates() { mkdir -p hub/objects/info && echo /tmp >hub/objects/info/alternates; }
hook() {
	mkdir -p hub/hooks && printf '#!/bin/sh\ntouch %s/ran\n' "$W" >hub/hooks/post-update &&
		chmod +x hub/hooks/post-update
}
commondir() { echo /tmp >hub/commondir; }
pipe() { mkfifo hub/refs/heads/pipe; }
odd_object() { mkdir -p hub/objects/aa && echo x >hub/objects/aa/evil; }
for what in config other_head link linked_objects alternates hook commondir pipe odd_object; do
	hostile "a hub with: $what" $what
done
check "nothing of it was run" test ! -e ran
rm -rf hub amira
cp -a good/* .
rm -rf hub.is && mv hub hub.is && ln -s hub.is hub
check "a hub that is a link: 8" exits 8 fk amira sync
rm hub
check "a stick that is not in: 7" exits 7 fk amira sync
check "it says what to do" says "put the stick in"
mkdir hub
check "an empty folder: 7" exits 7 fk amira sync
rmdir hub
echo text >hub
check "a file: 7" exits 7 fk amira sync
rm hub && mv hub.is hub
check "nothing was lost" same "$(digest amira) $(unsent)" "$before 1"

# ---- a stick that cannot be written -------------------------------------------

if stick ro 8m; then
	cp -a hub ro/hub
	mount -o remount,ro "$W/ro"
	check "a read-only stick: 7" exits 7 fk amira sync "$W/ro/hub"
	check "it says so" says "ead-only"
	check "her work still waits" same "$(unsent)" 1
	check "it can be audited" exits 0 fk noor audit "$W/ro/hub"
	mount -o remount,rw "$W/ro"
	check "made writable, it works" exits 0 fk amira sync "$W/ro/hub"
	check "her work is there" same "$(unsent)" 0
else
	echo "ok - a read-only stick # SKIP mount is not allowed here"
fi

# ---- a stick without room -----------------------------------------------------

rm -rf amira
cp -a good/amira .
if stick small 2m; then
	cp -a hub small/hub
	refs=$(g for-each-ref)
	for i in $(seq 40); do
		echo "{\"date\":\"2026-09-03\",\"narrative\":\"$(head -c 3000 /dev/urandom | base64 -w0)\"}"
	done >many.jsonl
	fk amira add observation --from many.jsonl >/dev/null
	before=$(digest amira)
	full small
	check "a full stick: no 0" sh -c '! "$@"' - env FIELDKIT_HOME="$W/amira" "$FK" sync "$W/small/hub"
	FIELDKIT_HOME=$W/amira "$FK" sync "$W/small/hub" >/dev/null 2>"$W/err"
	code=$?
	check "it is the hub's exit code, 7 (was $code)" same $code 7
	check "it says so" grep -qiE 'space|full' "$W/err"
	check "her work still waits" same "$(unsent)" 41
	check "her own store is well" fk amira doctor
	check "the stick's branches are as they were" same \
		"$(git -c safe.directory='*' -C small/hub for-each-ref)" "$refs"
	rm small/filler
	check "with room again, it works" exits 0 fk amira sync "$W/small/hub"
	check "her work is there" same "$(unsent)" 0
	check "and stock fsck is clean" fsck "$W/small/hub"
	check "nothing of the failure is left" same "$(find small/hub -name 'tmp_*' -o -name '*.lock' | wc -l)" 0
else
	echo "ok - a full stick # SKIP mount is not allowed here"
fi

# ---- locks --------------------------------------------------------------------

rm -rf hub amira
cp -a good/* .
touch "hub/refs/heads/device/$(conf amira device).lock"
SECONDS=0
check "a foreign lock that stands: the sync succeeds" exits 0 fk amira sync
check "after some 10 s (it took $SECONDS)" test $SECONDS -le 20
check "it waited for it" test $SECONDS -ge 9
rm -rf hub amira
cp -a good/* .
if command -v strace >/dev/null; then
	left=
	for i in $(seq 60); do
		{ FIELDKIT_HOME=$W/amira strace -f -qq -o /dev/null -e trace=rename,renameat,renameat2 \
			-e inject=rename,renameat,renameat2:signal=SIGKILL:when="$i" \
			"$FK" sync >/dev/null && break; } 2>/dev/null
		left=$(find hub -name '*.lock')
		[ -n "$left" ] && break
	done
	check "a sync that is killed in the middle leaves a lock" test -n "$left"
	SECONDS=0
	check "the next one of the same device goes on" exits 0 fk amira sync
	check "without waiting (it took $SECONDS s)" test $SECONDS -le 5
	check "no lock is left" same "$(find hub -name '*.lock')" ""
	check "no alarm was raised" same "$(fk amira alarms --json | wc -l)" 0
	check "her work is there" same "$(unsent)" 0
else
	echo "ok - a lock of a killed process # SKIP strace is not here"
fi

# ---- a share for a group -------------------------------------------------------

rm -rf amira
cp -a good/amira .
mkdir share
chgrp 100 share 2>/dev/null && chmod 2775 share
if [ "$(stat -c '%a %g' share)" = "2775 100" ]; then
	"$FK" hub init share/hub >/dev/null
	fk noor sync "$W/share/hub" >/dev/null
	fk amira sync "$W/share/hub" >/dev/null
	check "the files of a shared hub are its group's" same "$(find share/hub ! -group 100 | head -3)" ""
	check "the group may write each folder" same "$(find share/hub -type d ! -perm -2070 | head -3)" ""
	check "and read every file, and change those that change" \
		same "$(find share/hub -type f ! -perm -040 -o -path '*refs*' -type f ! -perm -060 | head -3)" ""
	check "others may not write" same "$(find share/hub -perm -002 | head -3)" ""
	if command -v setpriv >/dev/null && chmod 711 "$W" && cp "$FK" "$W/kit" && chmod 755 "$W/kit" && cp -a bas group && chown -R 65534 group pass; then
		check "a colleague of the group can sync" exits 0 setpriv --reuid 65534 --regid 65534 --groups 100 \
			env FIELDKIT_HOME="$W/group" HOME="$W/group" "$W/kit" sync "$W/share/hub"
		check "and what that made, we can write" exits 0 fk noor sync "$W/share/hub"
		check "its files too are the group's" same "$(find share/hub ! -group 100 -o -type d ! -perm -2070 | head -3)" ""
	else
		echo "ok - a colleague of the group # SKIP setpriv is not here"
	fi
else
	echo "ok - a share for a group # SKIP this user may not change a group"
fi
