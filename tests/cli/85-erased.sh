#!/bin/bash
# An erased record: every command says so or leaves it out, on each device that
# has erased it; what comes to it from one that has not is dropped.
. "$(dirname "$0")/lib.sh"
make -s -C "$ROOT" B="${B#"$ROOT"/}" "${B#"$ROOT"/}/tools/erase" >&2 ||
	echo "not ok - the tool"

check "a team" team "$W/hub" amira
gone=$(fk amira add observation date=2026-09-01 narrative="zilvervos7714qxk" --json | get id)
kept=$(fk amira add observation date=2026-09-02 narrative="voetbal" --json | get id)
fk amira sync >/dev/null
fk noor merge >/dev/null
check "both read it" fk noor show "$gone"
check "it is found" test "$(fk amira search zilvervos7714qxk --json | wc -l)" = 1

# ---- one device has erased it, the other does not know -----------------------
check "erased: one record, one change" same "$("$B/tools/erase" "$W/amira" "$gone")" "1 1 0"
check "show: 4" exits 4 fk amira show "$gone"
check "it says that it was erased" says "was erased on 2025-11-24"
fk amira show "$gone" --json >shown
check "with the id" same "$(get id <shown)" "$gone"
check "and when" same "$(get erased.time <shown | cut -c1-10)" 2025-11-24
check "and by whom" same "$(get erased.by <shown)" "$(fk amira status --json | get device)"
check "history: 4" exits 4 fk amira history "$gone"
check "edit: 4" exits 4 fk amira edit "$gone" narrative=toch
check "withdraw: 4" exits 4 fk amira withdraw "$gone" --reason x
check "list leaves it out" same "$(fk amira list --all --json | get id)" "$kept"
check "search leaves it out" same "$(fk amira search zilvervos7714qxk --json)" ""
fk amira export --format jsonl -o out.jsonl --purpose test >/dev/null
check "export leaves it out" same "$(get id <out.jsonl)" "$kept"
check "doctor finds nothing" fk amira doctor
check "nor after rebuilding" fk amira doctor --rebuild
check "show after that: 4" exits 4 fk amira show "$gone"
check "no file is left over" same "$(ls amira | grep -E "[.](new|tmp)")" ""

# ---- a change comes from the one that does not know --------------------------
fk noor edit "$gone" narrative="zilvervos7714qxk, later" >/dev/null
fk noor edit "$kept" narrative="basketbal" >/dev/null
fk noor sync >/dev/null
check "its sync brings the rest" fk amira sync
check "the other record has the edit" same "$(fk amira show "$kept" --json | get fields.narrative)" basketbal
check "the erased one stays erased: 4" exits 4 fk amira show "$gone"
check "sync again" fk amira sync
check "doctor finds nothing" fk amira doctor

# ---- the other erases it too -------------------------------------------------
check "the digests differ" test "$(digest amira)" != "$(digest noor)"
check "erased there: two changes" same "$("$B/tools/erase" "$W/noor" "$gone")" "1 2 0"
check "the digests are one" same "$(digest amira)" "$(digest noor)"
check "merging goes on" fk noor merge
id=$(fk amira add observation date=2026-09-03 narrative="muziek" --json | get id)
fk amira sync >/dev/null
fk noor merge >/dev/null
check "a new record reaches the other" fk noor show "$id"
check "the digests are one" same "$(digest amira)" "$(digest noor)"

# ---- never sealed ------------------------------------------------------------
id=$(fk amira add observation date=2026-09-04 narrative="zilvervos7714qxk" --json | get id)
check "erased before it was sealed" same "$("$B/tools/erase" "$W/amira" "$id")" "1 1 1"
check "nothing is sealed of it" same "$(fk amira seal --json | get changes)" 0
id=$(fk amira add observation date=2026-09-05 narrative="regen" --json | get id)
check "what follows is" same "$(fk amira seal --json | get changes)" 1
fk amira sync >/dev/null
fk noor merge >/dev/null
check "and arrives" fk noor show "$id"
check "the audit is clean" fk noor audit

# ---- the passphrase and the key in the keyfile -------------------------------
echo "another long passphrase" >new
check "the passphrase changes" fk amira passphrase --new-file new
FIELDKIT_PASSPHRASE_FILE=$W/new check "and opens the rewritten store" fk amira list
