#!/bin/bash
# One device without a network: what is saved is there, encrypted.
. "$(dirname "$0")/lib.sh"

check "init makes a practice project" \
	fk amira init --project Lindemeer --name Amira --practice
check "init does not touch a home that is there" \
	exits 3 fk amira init --project Other --name Amira --practice
id=$(fk amira add observation date=2026-09-01 narrative="Drie jongeren bij de brug zwaardvis" \
	people_min=2 people_max=4 urgent=true themes+=ronselen themes+=zwijgcultuur \
	place=BU99010001 --json | get id)
check "add answers with an id" test -n "$id"
check "show has what was given, typed" \
	same "$(fk amira show "$id" --json | get fields.people_max)" 4
check "a boolean is a boolean" same "$(fk amira show "$id" --json | get fields.urgent)" true
check "a set is a list" \
	same "$(fk amira show "$id" --json | get fields.themes)" '["ronselen", "zwijgcultuur"]'
check "an id may have hyphens" \
	fk amira show "$(echo "$id" | sed 's/^\(.\{8\}\)/\1-/')"
check "its state is saved" same "$(fk amira show "$id" --json | get state)" saved
check "edit of a value" fk amira edit "$id" people_max=6 --reason "counted again"
check "the value is the new one" same "$(fk amira show "$id" --json | get fields.people_max)" 6
check "a set gains and loses" fk amira edit "$id" themes-=ronselen themes+=voorzieningen_tekort
check "the set is as edited" \
	same "$(fk amira show "$id" --json | get fields.themes)" '["voorzieningen_tekort", "zwijgcultuur"]'
check "history has three changes" same "$(fk amira history "$id" --json | wc -l)" 3
check "history keeps the reason" sh -c "FIELDKIT_HOME=$W/amira $FK history $id | grep -q 'counted again'"
check "history keeps the old value" sh -c "FIELDKIT_HOME=$W/amira $FK history $id --json | grep -q '\"value\":4'"
check "search finds a word" same "$(fk amira search zwaardvis --json | get id)" "$id"
check "search finds the plural by its stem" same "$(fk amira search jongere --json | get id)" "$id"
check "search without hits exits 0" exits 0 fk amira search onvindbaarwoord
check "withdraw needs a reason" exits 2 fk amira withdraw "$id"
check "withdraw" fk amira withdraw "$id" --reason "wrong place"
check "list leaves the withdrawn out" same "$(fk amira list --json | wc -l)" 0
check "list --all shows it" same "$(fk amira list --all --json | wc -l)" 1
check "a withdrawn record is not edited" exits 3 fk amira edit "$id" people_max=7
check "withdraw --undo brings it back" fk amira withdraw "$id" --undo
check "it is listed again" same "$(fk amira list --json | wc -l)" 1

# A person: pseudonym generated, name in identity.
p=$(fk amira add person kind=young name="Jan de Vries" --json | get id)
check "a pseudonym of 8 Crockford characters is generated" \
	sh -c "FIELDKIT_HOME=$W/amira $FK show $p --json | grep -qE '\"pseudonym\":\"[0-9A-HJKMNP-TV-Z]{8}\"'"
check "a pseudonym may be any text" fk amira add person pseudonym=J07
check "one of 41 characters is refused" \
	exits 3 fk amira add person pseudonym=12345678901234567890123456789012345678901

# Bad input: each its exit code, a sentence, and nothing changed.
before=$(digest amira)
check "unknown type: 3" exits 3 fk amira add nonsense a=b
check "unknown field: 3" exits 3 fk amira add observation date=2026-09-01 narrative=x colour=red
check "the error names the field" says colour
check "value out of bounds: 3" exits 3 fk amira edit "$id" people_min=-1
many="people_min: may not be above people_max"
check "at least more than at most: 3" exits 3 fk amira add observation date=2026-09-01 narrative=x people_min=9 people_max=8
check "it says which two" says "observation: $many"
check "as much is allowed" exits 0 fk amira add observation date=2026-09-01 narrative=gelijk people_min=010 people_max=10
pair=$(fk amira list --json --where narrative=gelijk | get id)
check "so in an edit of the one: 3" exits 3 fk amira edit "$pair" people_min=11
check "it says of which record" says "record $pair: $many"
check "of the other: 3" exits 3 fk amira edit "$pair" people_max=9
check "of one after it was cleared: 0" exits 0 fk amira edit "$pair" people_max=
check "then of the other: 0" exits 0 fk amira edit "$pair" people_min=20
check "then it is in the way again: 3" exits 3 fk amira edit "$pair" people_max=19
check "both at once: 0" exits 0 fk amira edit "$pair" people_max=5 people_min=4
check "nothing else was saved" same "$(fk amira show "$pair" --json | get fields.people_min) $(fk amira show "$pair" --json | get fields.people_max)" "4 5"
fk amira withdraw "$pair" --reason "was om te proberen" >/dev/null
check "not a number: 3" exits 3 fk amira edit "$id" people_min=many
check "unknown code: 3" exits 3 fk amira edit "$id" themes+=geen_thema
check "impossible date: 3" exits 3 fk amira add observation date=2026-02-30 narrative=x
check "missing required field: 3" exits 3 fk amira add observation date=2026-02-01
check "malformed place: 3" exits 3 fk amira edit "$id" place=BU1
check "a well-formed place: 0" exits 0 fk amira edit "$id" place=WK990101
before=$(digest amira)
check "invalid UTF-8: 3" exits 3 fk amira edit "$id" "interpretation=$(printf 'a\xff')"
head -c 10000000 /dev/zero | tr '\0' a >big
printf '{"date":"2026-09-01","narrative":"%s"}\n' "$(cat big)" >big.jsonl
check "10 MB of text: 3" exits 3 fk amira add observation --from big.jsonl
printf '{"date":"2026-09-01","narrative":"a\\u0000b"}\n' >nul.jsonl
check "a NUL: 3" exits 3 fk amira add observation --from nul.jsonl
check "unknown id: 4" exits 4 fk amira show 00000000000000000000000000000000
check "malformed id: 4" exits 4 fk amira show xyz
check "no command: 2" exits 2 fk amira nonsense
check "unknown option: 2" exits 2 fk amira list --frobnicate
check "no home: 4" exits 4 fk nobody list
echo wrong >wrong
check "wrong passphrase: 6" exits 6 env FIELDKIT_PASSPHRASE_FILE="$W/wrong" FIELDKIT_HOME="$W/amira" "$FK" list
check "no passphrase and no terminal: 6" \
	exits 6 env -u FIELDKIT_PASSPHRASE_FILE FIELDKIT_HOME="$W/amira" setsid "$FK" list
for i in $(seq 1 1000); do
	if [ "$i" = 731 ]; then echo '{"date":"2026-09-01","narrative":"x","people_min":"none"}'
	else echo "{\"date\":\"2026-09-01\",\"narrative\":\"regel $i\"}"; fi
done >lines.jsonl
check "a bad line 731: 3" exits 3 fk amira add observation --from lines.jsonl
check "the line is named" says "line 731"
check "in Dutch too" exits 3 fk amira add observation --from lines.jsonl --lang nl
check "regel 731" says "regel 731"
check "the digest is as before" same "$(digest amira)" "$before"
sed -i 731d lines.jsonl
check "without that line all are added" \
	same "$(fk amira add observation --from lines.jsonl --json | wc -l)" 999
check "a refused field of --from - names it too" \
	exits 3 sh -c "echo '{\"x\":1}' | FIELDKIT_HOME=$W/amira $FK add observation --from - 2>$W/err"
check "export writes a whole file" fk amira export --format jsonl -o out.jsonl --purpose test
check "with every record" same "$(wc -l <out.jsonl)" "$(fk amira list --json | wc -l)"
check "-o of list writes a file" fk amira list observation --limit 3 --json -o three.jsonl
check "of three lines" same "$(wc -l <three.jsonl)" 3

# The store: derived tables are rebuilt, the digest stays.
before=$(digest amira)
check "doctor finds nothing" fk amira doctor
check "doctor --rebuild" fk amira doctor --rebuild
check "the digest stays equal" same "$(digest amira)" "$before"
check "search works after the rebuild" same "$(fk amira search zwaardvis --json | get id)" "$id"
check "no story in clear below the home" sh -c "! grep -rqaF zwaardvis $W/amira"
check "no name in clear below the home" sh -c "! grep -rqaF 'de Vries' $W/amira"
check "the home is for its owner only" same "$(stat -c %a amira)" 700
check "the practice banner is one line on standard error" \
	sh -c "FIELDKIT_HOME=$W/amira $FK list --json 2>&1 >/dev/null | grep -c PRACTICE | grep -qx 1"

# unlock and lock.
if fk amira unlock --for 1m >/dev/null; then
	check "unlocked: no passphrase is needed" \
		env -u FIELDKIT_PASSPHRASE_FILE FIELDKIT_HOME="$W/amira" "$FK" list
	check "a wrong passphrase is refused even then" \
		exits 6 env FIELDKIT_PASSPHRASE_FILE="$W/wrong" FIELDKIT_HOME="$W/amira" "$FK" list
	check "lock seals and drops the key" fk amira lock
	check "what was saved is sealed" same "$(fk amira show "$id" --json | get state)" sealed
	check "locked again" \
		exits 6 env -u FIELDKIT_PASSPHRASE_FILE FIELDKIT_HOME="$W/amira" setsid "$FK" list
else
	echo "ok - unlock # SKIP the kernel's keyring is not to be had here"
fi
echo "another good passphrase" >new
check "the passphrase can be changed" fk amira passphrase --new-file "$W/new"
check "the old one no longer opens" exits 6 fk amira list
check "the new one does" env FIELDKIT_PASSPHRASE_FILE="$W/new" FIELDKIT_HOME="$W/amira" "$FK" list

# Every command explains itself.
for c in $("$FK" help | awk '/^  [a-z]/ { print $1 }'); do
	"$FK" "$c" --help >/dev/null 2>&1 || { echo "not ok - $c --help"; exit 1; }
done
check "every command has --help" true
check "--version" "$FK" --version
