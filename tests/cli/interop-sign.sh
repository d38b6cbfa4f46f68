#!/bin/bash
# Our signatures before stock git and stock ssh-keygen: 200 commits accepted,
# the same 200 with one change each refused, and our verifier agrees.
# B is the build folder; MAKE_COMMITS may name the helper when it is built.
set -u
cd "$(dirname "$0")/../.." || exit 1
B=${B:-build/main}
tool=${MAKE_COMMITS:-}
if [ -z "$tool" ]; then
	tool=$B/tests/make_commits
	make -s B="$B" "$tool" >&2 || { echo "not ok 1 - the helper builds"; exit 1; }
fi
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
who=00112233445566778899aabbccddeeff@kit.invalid
count=0
failed=0

say() { # say STATUS SENTENCE
	count=$((count + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $count - $2"
	else
		echo "not ok $count - $2"
		failed=1
	fi
}

git_verify() { # git_verify OID...
	git -C "$dir/repo.git" -c gpg.format=ssh \
	    -c gpg.ssh.allowedSignersFile="$dir/signers" \
	    verify-commit "$@" 2>&1
}

ssh_takes() { # ssh_takes BASE
	ssh-keygen -q -Y verify -f "$dir/signers" -I "$who" -n git \
	    -s "$1.sig" <"$1.msg" >/dev/null 2>&1
}

# One process each for git: starting 800 would be most of the time.
by_git() {
	git_verify $(cut -d' ' -f2 "$dir/list") >"$dir/git.good"
	echo $? >"$dir/git.good.code"
	git_verify $(cut -d' ' -f3 "$dir/list") >"$dir/git.bad"
	echo $? >"$dir/git.bad.code"
	head -5 "$dir/list" | while read -r n good bad what; do
		git_verify "$good" >/dev/null || echo "refuses number $n"
		git_verify "$bad" >/dev/null && echo "accepts another $what"
	done >"$dir/git.one"
}

by_ssh() {
	while read -r n good bad what; do
		ssh_takes "$dir/$n" && echo good
		ssh_takes "$dir/$n.bad" && echo "accepts another $what"
	done <"$dir/list" >"$dir/ssh"
}

"$tool" "$dir" >"$dir/list"
say $? "our verifier accepts 200 commits, refuses the 200 changed ones, and libgit2 makes the same bytes"
by_git &
by_ssh
wait
good=$(grep -c '^Good "git" signature for '"$who" "$dir/git.good")
[ "$good" -eq 200 ] && [ "$(cat "$dir/git.good.code")" -eq 0 ]
say $? "stock git verify-commit accepts $good of 200 commits"
# By a key that is not listed git says "Good ... with", which names nobody.
good=$(grep -c '^Good "git" signature for ' "$dir/git.bad")
[ "$good" -eq 0 ] && [ "$(cat "$dir/git.bad.code")" -ne 0 ]
say $? "stock git verify-commit refuses $((200 - good)) of 200 changed commits"
[ ! -s "$dir/git.one" ]
say $? "one by one its exit code says so too, for each of the five changes"
sed 's/^/# /' "$dir/git.one"
good=$(grep -c '^good$' "$dir/ssh")
[ "$good" -eq 200 ]
say $? "ssh-keygen -Y verify accepts $good of 200 signatures"
bad=$(grep -c '^accepts' "$dir/ssh")
[ "$bad" -eq 0 ]
say $? "ssh-keygen -Y verify refuses $((200 - bad)) of 200 changed ones"
git -C "$dir/repo.git" fsck --full --strict --no-dangling >"$dir/fsck" 2>&1 &&
    ! grep -v '^notice: ' "$dir/fsck" >&2
say $? "git fsck --full --strict has nothing to say about them"
echo "1..$count"
exit $failed
