#!/bin/bash
# Four roles on one history.  A colleague who reads it as an auditor sees who
# changed what when, and not one word of it; an analyst reads the substance and
# no names; what a worker writes for coordinators, coordinators read.
. "$(dirname "$0")/lib.sh"

round() { for d; do fk "$d" sync >/dev/null || { cat "$W/err"; return 1; }; done; }
invite() { fk noor invite --name "$1" --role "$2" -o "$W/$1.invite" --json | get code >"$W/$1.code"; }
joins() { fk "$1" join "$W/$1.invite" --code-file "$W/$1.code" >/dev/null && round "$1"; }
role() { fk noor members --json | grep "\"$1\"" | get role; }
device() { fk noor members --json | grep "\"$1\"" | get device; }
withheld() { fk "$1" show "$2" --json | get withheld; }
field() { fk "$1" show "$2" --json | get "fields.$3"; }
part() { fk "$1" digest --json | get "compartments.$2"; }
parts() { fk "$1" digest --json | /usr/bin/python3 -c 'import json,sys; print(" ".join(sorted(json.load(sys.stdin)["compartments"])))'; }

check "Noor and Amira" team "$W/hub" amira
for r in auditor analyst; do
	check "an invitation for an $r" invite $r $r
	check "... who joins" joins $r
done
p=$(fk amira add person pseudonym=vos name="Jan Jansen" --json | get id)
n=$(fk amira add observation date=2026-11-01 narrative="onder de brug" safety_note="meldcode stap 2" --json | get id)
check "Amira notes a name and something for coordinators" round amira
check "Noor admits and merges" fk noor merge
check "all sync" round amira analyst auditor
check "each device is told of new readers" says "NEW READER"
check "... once" sh -c "FIELDKIT_HOME=$W/auditor $FK sync 2>&1 >/dev/null | grep -c 'NEW READER' | grep -qx 0"

# --- the compartments ---------------------------------------------------------
check "Noor reads the name" same "$(field noor "$p" name)" "Jan Jansen"
check "... and the safety note" same "$(field noor "$n" safety_note)" "meldcode stap 2"
check "the analyst reads the substance" same "$(field analyst "$n" narrative)" "onder de brug"
check "... not the name" same "$(withheld analyst "$p")" '["name"]'
check "... nor the safety note" same "$(withheld analyst "$n")" '["safety_note"]'
check "the auditor sees that there is a record" exits 0 fk auditor show "$n"
check "... who changed what when" fk auditor history "$n"
check "... and not one word of it" sh -c "! (FIELDKIT_HOME=$W/auditor $FK show $n; FIELDKIT_HOME=$W/auditor $FK history $n; FIELDKIT_HOME=$W/auditor $FK list; FIELDKIT_HOME=$W/auditor $FK show $p) 2>/dev/null | grep -E 'brug|Jan|vos|stap'"
check "an auditor writes nothing: 6" exits 6 fk auditor add observation date=2026-11-01 narrative=x
check "an analyst sets no name: 6" exits 6 fk analyst edit "$p" name=x
check "all agree on the ledger" same "$(part auditor ledger) $(part analyst ledger) $(part amira ledger)" "$(part noor ledger) $(part noor ledger) $(part noor ledger)"
check "those who read it agree on the substance" same "$(part analyst team) $(part amira team)" "$(part noor team) $(part noor team)"
check "the analyst's whole compartments" same "$(parts analyst)" "ledger team"
check "the auditor's" same "$(parts auditor)" "ledger"

# --- another role ----------------------------------------------------------------
check "the analyst becomes a worker" fk noor role "$(device analyst)" worker
check "... by one signature" same "$(role analyst)" worker
check "Amira becomes an analyst: that is a cut, and new keys" fk noor role "$(device amira)" analyst
check "... she is one" same "$(role amira)" analyst
check "both sync" round analyst amira
check "Amira writes under her new rights" fk amira add observation date=2026-11-02 narrative="als analist" 
check "... sends it" round amira
check "... Noor accepts it" fk noor merge
check "... reads it" sh -c "FIELDKIT_HOME=$W/noor $FK search analist --json 2>/dev/null | grep -q ."
check "a demotion of the only coordinator is refused: 3" exits 3 fk noor role "$(device Noor)" worker
check "a role that there is not: 2" exits 2 fk noor role "$(device amira)" boss
check "audit is clean" fk noor audit
echo "1..$CHECKS"
