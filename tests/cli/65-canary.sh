#!/bin/bash
# Canaries: a word of its own in every field of every type, in names, titles
# and reasons.  None may be found in clear anywhere; nothing else is written
# than what we know of; nothing else is run.
. "$(dirname "$0")/lib.sh"
export TMPDIR=$W/tmp
mkdir tmp in
mv pass in/pass
export FIELDKIT_PASSPHRASE_FILE=$W/in/pass

# ---- what is recorded -------------------------------------------------------------

# Words with the stem of which a search could still find them.
word() { /usr/bin/python3 -c 'import secrets; print("zq" + "".join(secrets.choice("bdfgkvwx") for _ in range(14)))' | tee -a in/words; }
title=$(word) noor=$(word) amira=$(word) bas=$(word) reason=$(word)
echo "$(word) $(word)" >in/pass
"$FK" hub init hub >/dev/null
fk noor init --project "$title" --name "$noor" --practice --hub "$W/hub" >in/paper
sed -n 's/^ *\([0-9A-Z-]\{40,\}\)$/\1/p' in/paper >>in/words
fk noor sync >/dev/null
for who in amira bas; do
	fk noor invite --name "${!who}" --role worker -o "in/$who.invite" --json | get code >"in/$who.code"
	fk $who join "in/$who.invite" --code-file "in/$who.code" >/dev/null
	cat "in/$who.code" >>in/words
done
check "a team of three, invited by name" same "$(fk noor members --json | wc -l)" 3

for t in $(fk amira types --json | get type); do
	fk amira fields "$t" --json >"in/$t.fields"
	/usr/bin/python3 - "$t" <<'END'
import json, secrets, sys
t = sys.argv[1]
words = open("in/words", "a")
def word():
    w = "zq" + "".join(secrets.choice("bdfgkvwx") for _ in range(14))
    words.write(w + "\n")
    return w
def value(f):
    form = f["form"]
    if f["values"]:
        return f["values"][0]
    return {"text": lambda: word() if f["field"] != "lang" else "nl",
            "date": lambda: "2026-09-01", "int": lambda: 1, "bool": lambda: True,
            "place": lambda: "BU00000001", "id": lambda: "0" * 32,
            "datetime": lambda: "2026-09-01T10:00"}[form]()
out = {}
for line in open("in/%s.fields" % t):
    f = json.loads(line)
    v = value(f)
    if f["field"] == "birth_year":
        v = 2008
    out[f["field"]] = [v] if f["kind"] == "set" else v
json.dump(out, open("in/%s.json" % t, "w"))
END
	check "$t: every field filled in" sh -c "FIELDKIT_HOME=$W/amira $FK add $t --from in/$t.json --json 2>$W/err >>in/ids"
done
count() { wc -l <in/words; }
check "enough words ($(count))" test "$(count)" -gt 60
n=$(fk amira types --json | wc -l)

# ---- what is done with it -----------------------------------------------------------

obs=$(fk amira list observation --json | get id)
person=$(fk amira list person --json | get id)
edited=$(word) removed=$(word)
fk amira edit "$obs" narrative="$edited" --reason "$reason" >/dev/null
fk amira edit "$obs" "sources+=$removed" >/dev/null
fk amira edit "$obs" "sources-=$removed" >/dev/null
fk amira edit "$person" contact="$(word)" >/dev/null
check "a search finds such a word" same "$(fk amira search "$edited" --json | get id)" "$obs"
fk amira search "$(word)" >/dev/null
fk amira sync >/dev/null
fk bas sync >/dev/null
fk noor merge >/dev/null
fk bas sync >/dev/null
fk bas edit "$obs" narrative="$(word)" >/dev/null
fk amira edit "$obs" narrative="$(word)" >/dev/null
for who in bas amira noor; do fk $who sync >/dev/null; done
check "there is a conflict" same "$(fk noor conflicts --json | wc -l)" 1
fk noor resolve "$obs" narrative --value "$(word)" --reason "$(word)" >/dev/null
fk amira withdraw "$(fk amira list action --json | get id)" --reason "$(word)" >/dev/null
check "what is wrong is refused with words" exits 3 fk amira add observation "date=$(word)" narrative="$(word)"
check "also those of a bad line" exits 3 sh -c "echo '{\"narrative\":\"$(word)\"' | FIELDKIT_HOME=$W/amira $FK add observation --from - 2>$W/err"
fk noor sync >/dev/null
fk noor merge >/dev/null
fk amira sync >/dev/null
fk amira doctor --rebuild >/dev/null
mkdir hub/hooks && touch hub/hooks/update
fk amira sync >/dev/null
rm -r hub/hooks
check "an alarm is dismissed in words" exits 0 fk amira alarms --dismiss 1 --reason "$(word)"
if fk amira unlock --for 1m >/dev/null; then
	fk amira add signal narrative="$(word)" >/dev/null
	fk amira lock >/dev/null
fi
echo "$(word) anders" >in/new
fk amira passphrase --new-file "$W/in/new" >/dev/null && mv in/new in/pass.amira
amira() { FIELDKIT_PASSPHRASE_FILE=$W/in/pass.amira fk amira "$@"; }
check "all of it is at its place" same "$(amira list --all --json | wc -l)" $((n + 1))

# ---- where it may not be --------------------------------------------------------------

# The beginnings, since an index keeps stems; in any case of letters.
tr ' ' '\n' <in/words | grep -E '^(zq|[0-9A-Z-]{40})' | cut -c 1-12 >words
cat in/*.code >codes
hits() { grep -rlaiFf "$W/words" "$@" 2>/dev/null; }
check "no word in clear in any file of any device" same "$(hits amira noor bas)" ""
check "nor on the hub" same "$(hits hub)" ""
check "nor in a temporary folder" same "$(hits "$TMPDIR" /var/tmp /dev/shm; find "$TMPDIR" -mindepth 1)" ""
check "nor in what is in none of these" same "$(find . -type f -newer in/words ! -path './in/*' ! -name words ! -name err ! -name check.out -print0 | xargs -0 grep -laiFf words)" ""
check "nor in any object of the repositories, unpacked" same \
	"$(for r in hub amira/repo.git noor/repo.git bas/repo.git; do
		git -c safe.directory='*' -C $r cat-file --batch --batch-all-objects | grep -caiFf words; done | tr '\n' ' ')" "0 0 0 0 "
check "nor the code of an invitation" same "$(grep -rlaFf codes amira noor bas hub)" ""
check "nor the name of a type or a field" same \
	"$(grep -rlaE 'observation|narrative|birth_year|pseudonym' amira noor bas hub)" ""
check "the words are what this would find" grep -qaiFf words in/person.json

# ---- who may read the files --------------------------------------------------------------

check "homes are their owner's" same "$(stat -c %a amira noor bas | sort -u)" 700
check "each folder in them too" same "$(find amira noor bas -type d ! -perm 700)" ""
check "each file in them too, and none can be run" same "$(find amira noor bas -type f -perm /0177)" ""
check "invitations as well" same "$(stat -c %a in/amira.invite)" 600

# ---- what is opened, written and run --------------------------------------------------------

check "a passphrase cannot be an argument: 2" exits 2 amira list --passphrase geheim
if command -v strace >/dev/null; then
	traced() { # traced WHO COMMAND...
		local who=$1 pass=$W/in/pass
		shift
		[ "$who" = amira ] && pass=$W/in/pass.amira
		# A leak checker cannot run beneath strace.
		ASAN_OPTIONS=detect_leaks=0 FIELDKIT_PASSPHRASE_FILE=$pass FIELDKIT_HOME=$W/$who strace -f -qq -v -s 100000 \
			-A -o "$W/in/trace" -e trace=execve,execveat,open,openat,openat2,creat,rename,renameat,renameat2,link,linkat,mkdir,mkdirat,symlink,symlinkat,write,pwrite64,writev,pwritev,pwritev2,sendto,sendmsg,connect,bind \
			"$FK" "$@" 2>"$W/err"
	}
	: >in/trace
	w=$(word)
	traced amira add observation date=2026-09-02 narrative="$w" --json >in/id || echo "not ok - add"
	traced amira edit "$(get id <in/id)" narrative="$w nog eens" >/dev/null || echo "not ok - edit"
	traced amira search "$w" >/dev/null || echo "not ok - search"
	traced amira sync >/dev/null || echo "not ok - sync"
	traced noor merge >/dev/null || echo "not ok - merge"
	traced bas sync >/dev/null || echo "not ok - sync"
	traced noor audit >/dev/null || echo "not ok - audit"
	traced bas doctor --rebuild >/dev/null || echo "not ok - doctor"
	# Written: opened for it, made, or renamed to.
	/usr/bin/python3 - "$W" <<'END' >in/written
import re, sys
w = sys.argv[1]
for line in open("in/trace", errors="replace"):
    m = re.match(r'^\d+ +(\w+)\((.*)$', line)
    if not m:
        continue
    call, rest = m.groups()
    names = re.findall(r'"((?:[^"\\]|\\.)*)"', rest)
    if call in ("open", "openat", "openat2"):
        if not re.search(r'O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND|O_TMPFILE', rest):
            continue
        if re.search(r'= -1 E', rest):
            continue
        names = names[:1]
    elif call in ("creat", "mkdir", "mkdirat"):
        names = names[:1]
    elif call in ("rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat"):
        names = names[:2]
    else:
        continue
    for n in names:
        print(n.replace(w, "W"))
END
	sort -u in/written -o in/written
	cat >in/allowed <<'END'
W/(amira|bas|noor)/device\.db(-journal)?
W/(amira|bas|noor)/(hubs|alarms|last-sync)(\.[0-9a-zA-Z.]+)?
W/(amira|bas|noor)/(lock|hub-locks)(\.[0-9a-zA-Z.]+)?
W/((amira|bas|noor)/(repo|audit)\.git|hub)/objects(/[0-9a-f]{2})?(/(tmp_)?[0-9a-zA-Z_.]+)?
W/((amira|bas|noor)/(repo|audit)\.git|hub)/objects/pack(/(pack-|tmp_)[0-9a-zA-Z_]+(\.(pack|idx|lock|keep|rev))?)?
W/((amira|bas|noor)/(repo|audit)\.git|hub)/(refs/[0-9a-z/]+(\.lock)?|packed-refs(\.[0-9a-z.]+)?)
W/noor/audit\.git(/(config|HEAD|objects|refs)(\.[0-9a-zA-Z.]+)?)?
/dev/(tty|null)
END
	sed 's/^/# may be written: /' in/allowed
	check "at most 8 patterns" test "$(wc -l <in/allowed)" -le 8
	check "only such files are written" same "$(grep -vxEf in/allowed in/written)" ""
	check "something was" test "$(wc -l <in/written)" -gt 20
	check "no other program is run" same "$(grep -c 'execve' in/trace) $(grep -c "execve(\"$FK\"" in/trace)" "8 8"
	check "no socket is opened" same "$(grep -E ' (connect|bind|sendto|sendmsg)\(' in/trace)" ""
	check "a word goes to standard output and into no file" same \
		"$(grep -F "$w" in/trace | grep -vE ' (write\([12],|execve\()')" ""
	check "it did go there" grep -qE " write\\(1,.*$w" in/trace
	check "the passphrase is in no argument, no variable, no write" same "$(grep -cFf <(cat in/pass in/pass.amira) in/trace)" 0
else
	echo "ok - what is written # SKIP strace is not here"
fi
