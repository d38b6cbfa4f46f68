#!/bin/bash
# Two languages: every sentence is in the catalogue, and the person's choice
# or their locale decides which one is said.
. "$(dirname "$0")/lib.sh"

# speak LOCALE COMMAND... -- as noor; nothing else of the locale is set.
speak() {
	local locale=$1
	shift
	env -u LC_MESSAGES -u LANG LC_ALL="$locale" FIELDKIT_HOME="$W/noor" \
		"$FK" "$@" 2>"$W/err"
}

# said TEXT COMMAND... -- is the text in what the command prints?
said() {
	local text=$1
	shift
	"$@" >"$W/said"
	grep -qF -- "$text" "$W/said" || {
		cat "$W/said"
		return 1
	}
}

# seen LINE FILE EDIT -- with this planted in a copy, is that line printed?
seen() {
	local what=$1 file=$2 edit=$3
	rm -rf "$W/copy"
	mkdir "$W/copy"
	cp -r "$ROOT/fieldkit" "$ROOT/sync" "$ROOT/schema" "$ROOT/scripts" "$W/copy"
	sed -i "$edit" "$W/copy/$file"
	cmp -s "$W/copy/$file" "$ROOT/$file" && {
		echo "nothing was planted"
		return 1
	}
	(cd "$W/copy" && scripts/phrases) >"$W/said" && return 1
	grep -q "^$what" "$W/said"
}

phrases() { (cd "$ROOT" && scripts/phrases); }
check "the catalogue and the code have the same sentences" phrases
check "a new sentence in the code is seen to be missing" \
	seen "missing.*All is quiet" fieldkit/cmd_sync.c 's/No alarms/All is quiet/'
check "a sentence that nobody says is seen to be unused" \
	seen "unused.No alarms" fieldkit/cmd_sync.c 's/No alarms/All is quiet/'
check "a translation with other arguments is seen" \
	seen "differs.process" schema/lang/nl.tsv 's/^process %d	.*/process %d	proces %s/'
check "a sentence that goes past the catalogue is seen" \
	seen "unsaid.*No alarms" fieldkit/cmd_sync.c 's/out(c, "No alarms/buf_text(\&c->out, "No alarms/'

# The locale.
check "a project to speak of" fk noor init --project Lindemeer --name Noor --practice
check "a Dutch locale makes it Dutch" said "0 registraties" speak nl_NL.UTF-8 status
check "the banner is Dutch then" says "OEFENPROJECT"
check "a Belgian one too" said "0 registraties" speak nl_BE status
check "C is English" said "0 records" speak C status
check "and so is the banner" says "PRACTICE PROJECT"
check "POSIX is English" said "0 records" speak POSIX status
check "another language is English" said "0 records" speak de_DE.UTF-8 status
check "LC_ALL goes before LC_MESSAGES and LANG" \
	said "0 records" env LC_ALL=C LC_MESSAGES=nl_NL LANG=nl_NL \
	FIELDKIT_HOME="$W/noor" "$FK" status
check "LC_MESSAGES goes before LANG" \
	said "0 registraties" env -u LC_ALL LC_MESSAGES=nl_NL LANG=C \
	FIELDKIT_HOME="$W/noor" "$FK" status
check "LANG counts where the others are empty" \
	said "0 registraties" env LC_ALL= LC_MESSAGES= LANG=nl_NL.UTF-8 \
	FIELDKIT_HOME="$W/noor" "$FK" status

# The choice.
check "--lang nl goes before the locale" said "0 registraties" speak C status --lang nl
check "--lang=nl is the same" said "0 registraties" speak C status --lang=nl
check "--lang en goes before the locale" said "0 records" speak nl_NL.UTF-8 status --lang en
check "another --lang is a usage error" exits 2 speak C status --lang fr

# Help.
check "help is Dutch" said "wat een mens moet beslissen" speak nl_NL.UTF-8 help
check "help says in Dutch how to go on" said "OPDRACHT --help" speak C help --lang nl
check "help is English" said "what a person must decide" speak C help
check "help of one command is Dutch" said "TYPE VELD=WAARDE" speak nl_NL.UTF-8 add --help
check "help of one command is English" said "TYPE FIELD=VALUE" speak nl_NL.UTF-8 add --help --lang en
lists() { speak nl_NL.UTF-8 help | grep -cE '^  [a-z]+ '; }
check "help has as many commands in Dutch" \
	same "$(lists)" "$(speak C help | grep -cE '^  [a-z]+ ')"
untranslated() {
	speak nl_NL.UTF-8 help | grep -E '^  [a-z]' | sort >"$W/nl"
	speak C help | grep -E '^  [a-z]' | sort >"$W/en"
	comm -12 "$W/nl" "$W/en"
}
check "none of their lines is English" same "$(untranslated)" ""

# Mistakes, each in the language of who made it.
check "an unknown command" exits 2 speak nl_NL.UTF-8 nonsense
check "is Dutch" says "er is geen opdracht 'nonsense'"
check "an unknown option" exits 2 speak C status --lang nl --nonsense
check "is Dutch too" says "heeft geen optie"
check "an unknown type" exits 3 speak nl_NL.UTF-8 add nonsense a=b
check "is told in Dutch" says "er is geen type"
check "and in English" exits 3 speak nl_NL.UTF-8 add nonsense a=b --lang en
check "as it should be" says "there is no type"
check "an unknown id" exits 4 speak nl_NL.UTF-8 show 0123
check "is told in Dutch as well" says "geen id van een registratie"
check "a wrong passphrase" exits 6 env FIELDKIT_PASSPHRASE_FILE=/dev/null LC_ALL=nl_NL \
	FIELDKIT_HOME="$W/noor" sh -c "exec '$FK' status 2>'$W/err'"
check "is a wachtzin" says "wachtzin"

check "a file that is not there" exits 4 speak nl_NL.UTF-8 add observation --from nergens
check "is told in Dutch to the end" says "het is er niet"

# A bad line of --from.
good='{"date":"2026-09-01","narrative":"Drie jongeren bij de brug"}'
printf '%s\n{"date":"2026-02-30","narrative":"x"}\n' "$good" >lines
check "a bad line: 3" exits 3 speak nl_NL.UTF-8 add observation --from lines
check "it is regel 2" says "regel 2"
check "with what was wrong" says "moet een datum van de kalender zijn"
check "the same in English: 3" exits 3 speak C add observation --from lines
check "it is line 2" says "line 2"
check "nothing was saved" same "$(speak C list --json | wc -l)" 0

# What scripts read does not depend on the language.
echo "$good" >lines
id=$(speak nl_NL.UTF-8 add observation --from lines --json | get id)
check "JSON is the same in both languages" \
	same "$(speak nl_NL.UTF-8 show "$id" --json)" "$(speak C show "$id" --json)"
check "a state is a word for programs there" \
	same "$(speak nl_NL.UTF-8 show "$id" --json | get state)" saved
check "and a Dutch one for people" said "opgeslagen" speak nl_NL.UTF-8 show "$id"
check "fields have their Dutch names" said "Datum" speak nl_NL.UTF-8 show "$id"
check "a role is a word for programs" \
	same "$(speak nl_NL.UTF-8 members --json | get role)" coordinator
check "and a Dutch one for people too" said "coördinator" speak nl_NL.UTF-8 members
check "history says in Dutch what was done" said "gemaakt" speak nl_NL.UTF-8 history "$id"
