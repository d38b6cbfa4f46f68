#!/bin/bash
# Bad stores: no room, damage, what a newer version wrote, what a kill left.
# What was acknowledged is there; what cannot be read says so and stays as it
# is.
. "$(dirname "$0")/lib.sh"
make -s -C "$ROOT" B="${B#"$ROOT"/}" "${B#"$ROOT"/}/tools/store_sql" \
	"${B#"$ROOT"/}/tools/kept_pack" >&2 ||
	echo "not ok - the helper builds"
conf() { sed -n "s/^$2 //p" "$W/$1/kit.conf"; }
mounted=
trap 'for m in $mounted; do umount "$m"; done; chmod -R u+w "$W" 2>/dev/null; rm -rf "$W"' EXIT
into() { local to=$1; shift; "$@" >"$to"; }
# As it was: every byte of the home but locks, which are empty.
state() { (cd "$W/$1" && find . -type f ! -name lock -exec sha256sum {} + | sort -k 2); }
flip() { # one bit of the byte at offset $2 of file $1
	/usr/bin/python3 - "$1" "$2" <<-'END'
	import sys
	with open(sys.argv[1], "r+b") as f:
	    f.seek(int(sys.argv[2]))
	    b = f.read(1)
	    f.seek(int(sys.argv[2]))
	    f.write(bytes([b[0] ^ 16]))
	END
}

check "a device with work, on a hub" team "$W/hub" amira
for i in $(seq 200); do
	echo "{\"date\":\"2026-09-01\",\"narrative\":\"notitie $i $(head -c 300 /dev/urandom | base64 -w0)\"}"
done >many.jsonl
fk amira add observation --from many.jsonl >/dev/null
fk amira sync >/dev/null
unsealed=$(fk amira add observation date=2026-09-02 narrative="nog niet verzegeld" --json | get id)
fk amira search verzegeld >/dev/null
digest=$(digest amira)
cp -a amira good
fresh() { rm -rf amira && cp -a good amira; }

# ---- no room -----------------------------------------------------------------

mkdir disk
if mount -t tmpfs -o size=4m,mode=755 tmpfs "$W/disk" 2>/dev/null; then
	mounted=$W/disk
	cp -a good disk/home
	on_disk() { FIELDKIT_HOME=$W/disk/home "$FK" "$@" 2>"$W/err"; }
	acked=201 refused=0 wrong=0
	for room in $(seq 0 6 60); do
		cat /dev/zero >disk/filler 2>/dev/null
		truncate -s -$((room * 1024)) disk/filler
		if on_disk add observation date=2026-09-03 \
			narrative="$(head -c 12000 /dev/urandom | base64 -w0)" >/dev/null
		then
			acked=$((acked + 1))
		else
			refused=$((refused + 1))
			grep -q "disk is full; this was not saved, everything before it is safe" err ||
				{ wrong=$((wrong + 1)); sed 's/^/# /' err; }
		fi
		[ "$(on_disk list --json | wc -l)" = $acked ] || wrong=$((wrong + 1))
	done
	check "a full disk refuses some saves and takes others ($refused refused, $((acked - 201)) taken)" \
		test $refused -gt 0 -a $acked -gt 201
	check "each refusal is told, each save that was acknowledged is there" same $wrong 0
	cat /dev/zero >disk/filler 2>/dev/null
	check "on a full disk a save fails: 1" exits 1 on_disk add observation date=2026-09-03 narrative=vol
	check "reading works" same "$(on_disk list --json | wc -l)" $acked
	check "a search works, and finds what no index knows yet" \
		same "$(on_disk search notitie --json | wc -l) $(on_disk search verzegeld --json | wc -l)" "50 1"
	check "it says what was done instead: 0" exits 0 on_disk search notitie
	check "in words, of how many" says "not in it were looked through one by one (the disk is full"
	check "a sync fails, and says why" sh -c '! "$@"' - env FIELDKIT_HOME="$W/disk/home" "$FK" sync
	on_disk sync >/dev/null
	check "in words" grep -qiE 'space|full' err
	check "another passphrase is refused or taken whole" sh -c "
		echo ander >$W/other; FIELDKIT_HOME=$W/disk/home $FK passphrase --new-file $W/other
		FIELDKIT_HOME=$W/disk/home $FK list >/dev/null ||
		FIELDKIT_PASSPHRASE_FILE=$W/other FIELDKIT_HOME=$W/disk/home $FK list >/dev/null"
	rm -f disk/filler
	check "with room again a save works" on_disk add observation date=2026-09-03 narrative=ruimte
	check "and a sync" on_disk sync
	check "and everything is there" same "$(on_disk list --json | wc -l)" $((acked + 1))
	check "doctor finds nothing" on_disk doctor
else
	echo "ok - a full disk # SKIP mount is not allowed here"
fi

# ---- a pack kept by another version ----------------------------------------------

version=$("$B/tools/kept_pack" "$W/amira" 99)
check "a home keeps its pack as this version reads it" test "${version:-99}" != 99
check "one that another version kept is not read, the pack's JSON is: a wrong field is named" \
	exits 3 fk amira add observation date=2026-09-04 nonsense=x
check "as ever" says "nonsense"
check "and a right one saved" fk amira add observation date=2026-09-04 narrative="toch"
check "the next sync keeps it for this version again" fk amira sync
check "so" same "$("$B/tools/kept_pack" "$W/amira")" "$version"
fresh

# ---- where nothing may be written ----------------------------------------------

# none WORD... -- do these words of programmers stand in what was said?
none() {
	local w
	for w; do grep -qi -- "$w" err && { cat err; return 1; }; done
	return 0
}
sql="sqlite insert update select values( database:"
refused() { # CODE WHAT COMMAND... -- each command is refused so, in words
	local code=$1 what=$2
	shift 2
	check "$what, a save: $code" exits "$code" "$@" add observation date=2026-09-03 narrative=x
	check "$what: it is told what was kept" says "nothing was changed, what is there can be read"
	# shellcheck disable=SC2086
	check "$what: and nothing that only programmers read" none $sql
	check "$what, in Dutch: $code" exits "$code" "$@" add observation date=2026-09-03 narrative=x --lang nl
	check "$what: it is Dutch" says "er is niets veranderd, wat er staat is te lezen"
	check "$what, sealing: $code" exits "$code" "$@" seal
	check "$what, reading works" exits 0 "$@" list
	check "$what, searching too" same "$("$@" search verzegeld --json | get id)" "$unsealed"
}
mkdir ro
if mount -t tmpfs -o size=8m,mode=755 tmpfs "$W/ro" 2>/dev/null; then
	mounted="$mounted $W/ro"
	cp -a good ro/home
	mount -o remount,ro "$W/ro"
	on_ro() { FIELDKIT_HOME=$W/ro/home "$FK" "$@" 2>"$W/err"; }
	refused 1 "on a read-only disk" on_ro
	check "on a read-only disk the digest is the same" same "$(on_ro digest)" "$digest"
else
	echo "ok - a read-only disk # SKIP mount is not allowed here"
fi
if command -v setpriv >/dev/null && [ "$(id -u)" = 0 ]; then
	chmod 711 "$W" && cp "$FK" kit && chmod 755 kit && cp pass pass.theirs && cp -a good theirs
	chown -R 65534 theirs pass.theirs && chmod -R a-w theirs
	as_them() {
		setpriv --reuid 65534 --regid 65534 --clear-groups env FIELDKIT_PASSPHRASE_FILE="$W/pass.theirs" \
			FIELDKIT_HOME="$W/theirs" HOME=/nonexistent "$W/kit" "$@" 2>"$W/err"
	}
else
	cp -a good theirs && chmod -R a-w theirs
	as_them() { FIELDKIT_HOME=$W/theirs "$FK" "$@" 2>"$W/err"; }
fi
refused 6 "without permission" as_them
check "without permission the digest is the same" same "$(as_them digest)" "$digest"
chmod -R u+w theirs && chmod 400 theirs/device.db
check "with only the database read-only too: 6" exits 6 as_them add observation date=2026-09-03 narrative=x
chmod -R u+w theirs
check "given back, a save works" exits 0 as_them add observation date=2026-09-03 narrative=x

# ---- from a newer version ------------------------------------------------------

"$B/tools/store_sql" "$W/amira" "PRAGMA user_version = 99" || echo "not ok - a newer store"
before=$(state amira)
for c in list "add observation date=2026-09-04 narrative=x" sync doctor "doctor --rebuild" digest; do
	# shellcheck disable=SC2086
	check "a store of a newer version, ${c%% date*}: 3" exits 3 fk amira $c
	check "what to do" says "update fieldkit"
done
check "nothing in it was touched" same "$(state amira)" "$before"
fresh
sed -i 's/^fieldkit home 0/fieldkit home 1/' amira/kit.conf
before=$(state amira)
check "a home of a newer version: 3" exits 3 fk amira add observation date=2026-09-04 narrative=x
check "it says so" says "newer version; nothing was changed; update fieldkit"
check "and was not touched" same "$(state amira)" "$before"
fresh
/usr/bin/python3 - amira/keyfile.a amira/keyfile.b <<'END'
import hashlib, sys
for name in sys.argv[1:]:
    b = bytearray(open(name, "rb").read())
    b[6] = 1
    b[-32:] = hashlib.blake2b(bytes(b[:-32]), digest_size=32).digest()
    open(name, "wb").write(bytes(b))
END
before=$(state amira)
check "a keyfile of a newer version: 3" exits 3 fk amira list
check "it says so " says "newer version"
check "and was not touched either" same "$(state amira)" "$before"

# ---- keyfiles ------------------------------------------------------------------

keyfile() {
	local what=$1 other=$2
	shift 2
	fresh
	"$@"
	check "a $what: it opens by the other copy" same "$(digest amira)" "$digest"
	check "a $what: it was mended" cmp amira/keyfile.a amira/keyfile.b
	rm "amira/keyfile.$other"
	check "a $what: the mended one opens too" same "$(digest amira)" "$digest"
}
keyfile "damaged keyfile.a" b flip amira/keyfile.a 100
keyfile "damaged keyfile.b" a flip amira/keyfile.b 60
keyfile "cut keyfile.a" b truncate -s 200 amira/keyfile.a
keyfile "missing keyfile.a" b rm amira/keyfile.a
keyfile "missing keyfile.b" a rm amira/keyfile.b
fresh
flip amira/keyfile.a 100
flip amira/keyfile.b 100
check "both damaged: 8" exits 8 fk amira list
check "it says which, and what to do" says keyfile
fresh
rm amira/keyfile.[ab]
check "both missing: 8" exits 8 fk amira list
check "it says which and what to do" says keyfile
fresh
cp noor/keyfile.[ab] amira/
check "another device's keyfile: 8" exits 8 fk amira list
check "it says so" says "another device's"

# ---- the database --------------------------------------------------------------

fresh
size=$(stat -c %s amira/device.db)
wrong=0 told=0
for part in 0 1 3 5 6 7 8 9; do
	fresh
	flip amira/device.db $((size * part / 10 + 1000))
	d=$(digest amira)
	case $? in
	0) [ "$d" = "$digest" ] || wrong=$((wrong + 1)) ;;
	8) grep -q "fieldkit doctor" err || wrong=$((wrong + 1)) ;;
	*) wrong=$((wrong + 1)) ;;
	esac
	fk amira doctor >/dev/null
	[ $? = 8 ] && told=$((told + 1))
done
check "one byte flipped anywhere: the right answer, or 8 and what to do" same $wrong 0
check "doctor finds most of them ($told of 8)" test $told -ge 6
fresh
flip amira/device.db $((size / 2 + 1000))
check "one byte flipped in the middle: doctor says 8" exits 8 fk amira doctor
check "... and what is to be done, not to call the doctor" sh -c "grep -q 'restore a backup' err && ! grep -q \"run 'fieldkit doctor'\" err"
check "and that it is damaged" grep -qi damaged <(fk amira doctor; cat err)
before=$(state amira)
fk amira digest >/dev/null
fk amira doctor >/dev/null
check "looking at it changes nothing" same "$(state amira)" "$before"
fresh
: >amira/device.db
check "an emptied database: 8" exits 8 fk amira list
check "it says that what was in it is gone" says "gone"
check "it stays empty" test ! -s amira/device.db
rm amira/device.db
check "a missing database: 8" exits 8 fk amira list
check "it is not made anew" test ! -e amira/device.db
fresh
head -c $((size / 2 / 4096 * 4096)) good/device.db >amira/device.db
check "half a database: 8" exits 8 fk amira doctor
fresh
cp noor/device.db amira/
check "another device's database: 8" exits 8 fk amira list
fresh
check "all this was of the copy: the store is well" same "$(digest amira)" "$digest"

# ---- what a kill left ------------------------------------------------------------

if command -v strace >/dev/null; then
	hot=0 wrong=0
	for i in 1 3 5 7 9 11 13 15 17 19 21 23 25 27 29; do
		{ FIELDKIT_HOME=$W/amira strace -f -qq -o /dev/null -e trace=pwrite64,fsync,fdatasync,ftruncate \
			-e inject=pwrite64,fsync,fdatasync,ftruncate:signal=SIGKILL:when=$i \
			"$FK" add observation date=2026-09-05 narrative="afgebroken $i" >out && echo "$i" >>acked; } 2>/dev/null
		[ -s amira/device.db-journal ] && hot=$((hot + 1))
		touch acked
		n=$(fk amira search afgebroken --json | wc -l)
		[ "$n" -ge "$(wc -l <acked)" ] || wrong=$((wrong + 1))
	done
	check "kills in the middle of a save leave a journal ($hot times)" test $hot -gt 0
	check "the next command needs no hand and has all that was acknowledged" same $wrong 0
	check "doctor finds nothing" fk amira doctor
else
	echo "ok - a journal left by a kill # SKIP strace is not here"
fi
fresh
head -c 20000 /dev/urandom >amira/device.db-journal
check "a journal of noise does no harm" same "$(digest amira)" "$digest"

# ---- the repository ---------------------------------------------------------------

fresh
rm -rf amira/repo.git
check "a home without its repository: the notes are there" same "$(digest amira)" "$digest"
check "a list, which tells how far each has come, says what is missing: 8" exits 8 fk amira list
check "and what was kept" says "what was saved is safe in device.db"
check "so does a sync: 8" exits 8 fk amira sync
check "so does doctor: 8" exits 8 fk amira doctor
fresh
big=$(find amira/repo.git/objects -type f \( -name '*.pack' -o -path '*objects/??/*' \) -printf '%s %p\n' | sort -rn | head -1 | cut -d' ' -f2)
chmod u+w "$big"
flip "$big" $(($(stat -c %s "$big") / 2))
check "a damaged object of its own: doctor says 8" exits 8 into found fk amira doctor
check "in which branch" grep -q "refs/heads/.* in the repository is damaged" found
fresh
fresh
printf 'onzin\0\377' >amira/hubs
check "a list of hubs of nonsense keeps nobody from saving a note" fk amira add observation date=2026-09-05 narrative="toch"
check "... a sync is refused: 8" exits 8 fk amira sync
check "... and says which file" says "hubs is damaged"
check "... so is a list of them: 8" exits 8 fk amira hub list
check "... and adding one to it: 8" exits 8 fk amira hub add nog "$W/hub2"
fresh
echo nonsense >amira/kit.conf
check "a kit.conf of nonsense: 8" exits 8 fk amira list
check "it says which" says kit.conf

# ---- what cannot be stored --------------------------------------------------------

rm -rf noor amira ./*.invite
join() {
	team "$W/hub2" amira bas && fk amira sync && fk bas sync && fk noor merge
}
check "two workers with a coordinator" join
hurt=$(fk amira add observation date=2026-09-06 narrative="wordt bij noor beschadigd" --json | get id)
fk amira sync >/dev/null
fk noor merge >/dev/null
"$B/tools/store_sql" "$W/noor" "UPDATE change SET body = x'00' WHERE pos = (SELECT max(pos) FROM change)" ||
	echo "not ok - a change is damaged"
fk amira add observation date=2026-09-06 narrative="ervoor" >/dev/null
fk amira sync >/dev/null
fk amira edit "$hurt" certainty=seen >/dev/null
fk amira sync >/dev/null
fk amira add observation date=2026-09-06 narrative="erna" >/dev/null
fk amira sync >/dev/null
fk bas add observation date=2026-09-06 narrative="van een ander" >/dev/null
fk bas sync >/dev/null
fk noor sync >/dev/null
check "a record that is damaged here stops the chain that edits it" says "a stored change is damaged; 'fieldkit doctor' says more"
found() { fk noor search "$1" --json | wc -l; }
check "what came before on that chain is here" same "$(found ervoor)" 1
check "what another wrote is here" same "$(found ander)" 1
check "what comes behind waits" same "$(found erna)" 0
