# lib.sh -- what every scenario shares.  A scenario is a story in a directory
# of its own, told with the built program; each check is a sentence.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
ROOT=$PWD
B=${B:-build/main}
case $B in /*) ;; *) B=$ROOT/$B ;; esac
FK=${FIELDKIT:-$B/fieldkit}
W=$(mktemp -d "${TMPDIR:-/tmp}/fieldkit-test.XXXXXX")
export HOME=$W/nobody XDG_DATA_HOME= LC_ALL=C.UTF-8
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
mkdir -p "$HOME"
trap 'chmod -R u+w "$W" 2>/dev/null; rm -rf "$W"' EXIT
cd "$W" || exit 1
echo "correct horse battery" >pass
export FIELDKIT_PASSPHRASE_FILE=$W/pass
CHECKS=0

# fk DEVICE COMMAND... -- run as that device; stderr is kept in $W/err.
fk() {
	local who=$1
	shift
	FIELDKIT_HOME=$W/$who "$FK" "$@" 2>"$W/err"
}

# check "sentence" COMMAND... -- ok if the command succeeds.
check() {
	local what=$1
	shift
	CHECKS=$((CHECKS + 1))
	if "$@" >"$W/check.out" 2>&1; then
		echo "ok $CHECKS - $what"
	else
		echo "not ok $CHECKS - $what"
		sed 's/^/# /' "$W/check.out" "$W/err" 2>/dev/null | head -20
	fi
}

# exits CODE COMMAND... -- succeeds if the command exits with that code.
exits() {
	local want=$1
	shift
	"$@"
	local got=$?
	[ "$got" = "$want" ] || {
		echo "exit $got, should be $want: $*"
		cat "$W/err" 2>/dev/null
		return 1
	}
}

# same A B -- are the two texts equal?
same() {
	[ "$1" = "$2" ] || {
		printf 'is     %s\nshould %s\n' "$1" "$2"
		return 1
	}
}

says() { grep -qF -- "$1" "$W/err" || { cat "$W/err"; return 1; }; }

# get KEY -- the member of the JSON object(s) on standard input.
get() {
	/usr/bin/python3 -c '
import json, sys
for line in sys.stdin:
    if line.strip():
        v = json.loads(line)
        for k in sys.argv[1].split("."):
            v = v[int(k)] if isinstance(v, list) else v[k]
        print(v if isinstance(v, str) else json.dumps(v))' "$1"
}

digest() { fk "$1" digest; }

# team HUB WORKER... -- a hub, coordinator noor, and workers, all joined.
team() {
	local hub=$1 who
	shift
	"$FK" hub init "$hub" >/dev/null &&
		fk noor init --project Lindemeer --name Noor --practice --hub "$hub" >/dev/null &&
		fk noor sync >/dev/null || return 1
	for who; do
		fk noor invite --name "$who" --role worker -o "$W/$who.invite" --json | get code >"$W/$who.code" &&
			fk "$who" join "$W/$who.invite" --code-file "$W/$who.code" >/dev/null || return 1
	done
	fk noor sync >/dev/null
}

# A hub from which old keyrings went has commits that nothing names.
fsck_loose() { rm -rf "$W/fsck" && git clone -q --mirror "$1" "$W/fsck" 2>"$W/err" && git -C "$W/fsck" fsck --full --strict 2>&1 | (! grep -E 'error|missing|corrupt'); }

fsck() { rm -rf "$W/fsck" && git clone -q --bare "$1" "$W/fsck" 2>"$W/err" && git -C "$W/fsck" fsck --full --strict 2>&1 | (! grep -E 'error|missing|dangling|corrupt'); }
