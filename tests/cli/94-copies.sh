#!/bin/bash
# A laptop comes back from a backup, and something is written before its first
# sync; a copy of a disk writes beside the first; a branch's head is lost.
. "$(dirname "$0")/lib.sh"

round() { for d; do fk "$d" sync >/dev/null || { cat "$W/err"; return 1; }; done; }
notes() { fk "$1" list --json | get fields.narrative | sort | tr '\n' ' '; }
state() { fk "$1" show "$2" --json | get state; }

check "Noor and Eva" team "$W/hub" eva
eva=$(fk noor members --json | grep '"eva"' | get device)
fk eva add observation date=2026-11-01 narrative=een >/dev/null
check "Eva syncs, Noor merges" round eva
check "... merged" fk noor merge
check "Eva makes a backup" fk eva backup "$W/eva.kit"
two=$(fk eva add observation date=2026-11-02 narrative=twee --json | get id)
check "she sends another note, and the laptop is lost" round eva
rm -rf "$W/eva"
check "the backup is restored" fk eva restore "$W/eva.kit"
three=$(fk eva add observation date=2026-11-03 narrative=drie --json | get id)
check "before the first sync she writes, and edits what she wrote" fk eva edit "$three" certainty=seen
check "her first sync" round eva
check "nothing is lost" same "$(notes eva)" "drie een twee "
check "... what was written meanwhile went out" same "$(state eva "$three")" delivered
check "... with its edit" same "$(fk eva show "$three" --json | get fields.certainty)" seen
check "... and is no conflict" same "$(fk eva conflicts --json | wc -l)" 0
check "Noor has all" fk noor merge
check "... three notes" same "$(notes noor)" "drie een twee "
check "digests agree" same "$(digest eva)" "$(digest noor)"
check "Eva's rows are as her changes make them" fk eva doctor

# --- a copied disk: the second writes under numbers that the first has used ---
cp -a "$W/eva" "$W/copy"
a=$(fk eva add observation date=2026-11-04 narrative=origineel --json | get id)
check "the first of two copies sends a note" round eva
b=$(fk copy add observation date=2026-11-04 narrative=kopie --json | get id)
fk copy sync >/dev/null
check "the second notices" sh -c "FIELDKIT_HOME=$W/copy $FK alarms 2>/dev/null | grep -q clone"
check "... has both notes" same "$(notes copy | tr ' ' '\n' | grep -cE 'origineel|kopie')" 2
check "Noor merges" fk noor merge
check "... both have reached her" same "$(notes noor | tr ' ' '\n' | grep -cE 'origineel|kopie')" 2
check "digests agree" same "$(digest copy)" "$(digest noor)"
rm -rf "$W/eva"

# --- the head of our own branch is gone -----------------------------------------
rm "$W/copy/repo.git/refs/heads/device/$eva"
last=$(fk copy add observation date=2026-11-05 narrative=daarna --json | get id)
check "a lost head is taken up again from the hub" round copy
check "... the note went out behind what was there" same "$(state copy "$last")" delivered
check "Noor merges" fk noor merge
check "... it is accepted" round copy
check "... so" same "$(state copy "$last")" accepted
check "audit is clean" fk noor audit
check "stock fsck is content" fsck_loose "$W/hub"
echo "1..$CHECKS"
