#include "fieldkit/cmd.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sync/base/secret.h"

#define GLOBAL_OPTIONS " home: json lang: passphrase-fd: help yes dry-run " \
    "output: allow-swap "

/* --- options ------------------------------------------------------------ */

/* 0: unknown; 1: a flag; 2: takes a value. */
static int
option_kind(const char *list, const char *name, size_t n)
{
	for (const char *p = list; p != NULL && *p != '\0';) {
		size_t len = strcspn(p, " ");
		bool value = len > 0 && p[len - 1] == ':';

		if (len - value == n && n > 0 && strncmp(p, name, n) == 0)
			return value ? 2 : 1;
		p += len + (p[len] == ' ');
	}
	return 0;
}

const char *
option_nth(const struct ctx *c, const char *name, int k)
{
	for (int i = 0; i < c->noptions; i++)
		if (strcmp(c->options[i].name, name) == 0 && k-- == 0)
			return c->options[i].value;
	return NULL;
}

const char *
option(const struct ctx *c, const char *name)
{
	return option_nth(c, name, 0);
}

bool
option_given(const struct ctx *c, const char *name)
{
	for (int i = 0; i < c->noptions; i++)
		if (strcmp(c->options[i].name, name) == 0)
			return true;
	return false;
}

/* Takes argv[*i] (and the next) if it is an option; names are cut in place. */
static fault
take_option(struct ctx *c, int argc, char **argv, int *i)
{
	char *name = argv[*i] + 2, *eq = strchr(name, '=');
	const char *value = NULL;
	size_t n = eq == NULL ? strlen(name) : (size_t)(eq - name);
	int kind = option_kind(GLOBAL_OPTIONS, name, n);

	if (kind == 0)
		kind = option_kind(c->cmd->options, name, n);
	if (kind == 0)
		return fault_new(FAULT_USAGE, "%s has no option '--%.40s'; "
		    "'fieldkit %s --help' lists them", c->cmd->name, name,
		    c->cmd->name);
	if (kind == 2 && eq == NULL && ++*i >= argc)
		return fault_new(FAULT_USAGE, "--%s needs a value", name);
	if (kind == 2 && eq == NULL && strncmp(argv[*i], "--", 2) == 0)
		return fault_new(FAULT_USAGE, "--%s needs a value", name);
	if (kind == 1 && eq != NULL)
		return fault_new(FAULT_USAGE, "--%.*s takes no value", (int)n,
		    name);
	if (kind == 2)
		value = eq == NULL ? argv[*i] : eq + 1;
	if (eq != NULL)
		*eq = '\0';
	if (c->noptions == OPTIONS_MAX)
		return fault_new(FAULT_USAGE, "too many options");
	c->options[c->noptions++] = (struct option){ name, value };
	return NULL;
}

static char long_output[] = "--output", long_help[] = "--help";

static fault
take_arguments(struct ctx *c, int argc, char **argv)
{
	bool only_args = false;
	fault f = NULL;

	c->args = mem_new(sizeof *c->args * (size_t)(argc + 1));
	for (int i = 0; f == NULL && i < argc; i++) {
		if (!only_args && strcmp(argv[i], "--") == 0) {
			only_args = true;
			continue;
		}
		if (!only_args && strcmp(argv[i], "-o") == 0)
			argv[i] = long_output;
		if (!only_args && strcmp(argv[i], "-h") == 0)
			argv[i] = long_help;
		if (!only_args && strncmp(argv[i], "--", 2) == 0)
			f = take_option(c, argc, argv, &i);
		else
			c->args[c->nargs++] = argv[i];
	}
	return f;
}

/* --- home and keys ------------------------------------------------------ */

char *
cmd_home_path(const struct ctx *c)
{
	const char *p = option(c, "home"), *base;
	struct buf b = BUF_EMPTY;

	if (p == NULL)
		p = getenv("FIELDKIT_HOME");
	if (p != NULL && *p != '\0')
		return mem_text(p);
	base = getenv("XDG_DATA_HOME");
	if (base != NULL && *base == '/')
		buf_text(&b, "%s/fieldkit/default", base);
	else
		buf_text(&b, "%s/.local/share/fieldkit/default",
		    getenv("HOME") != NULL ? getenv("HOME") : "");
	buf_cstr(&b);
	return (char *)b.at;
}

fault
cmd_open(struct ctx *c)
{
	char *path;
	fault f;

	if (c->home.path != NULL)
		return NULL;
	path = cmd_home_path(c);
	f = home_open(&c->home, path);
	if (f == NULL && c->home.practice)
		note("PRACTICE PROJECT: nothing here is protected; never use "
		    "real names");
	free(path);
	return f;
}

/* From JSON: kept by another version of the program, or not at all. */
static fault
parse_pack(struct ctx *c)
{
	struct buf json = BUF_EMPTY;
	struct bytes builtin = BYTES_EMPTY;
	fault f = store_get(&c->home.store, "pack", &json);

	if (f == NULL && json.len == 0)
		f = pack_builtin(&builtin, "default");
	if (f == NULL)
		f = pack_read(&c->pack, json.len == 0 ? builtin :
		    buf_view(&json));
	buf_free(&json);
	return f;
}

/* As exchange_remember left them. */
static fault
read_pack(struct ctx *c)
{
	struct buf kept = BUF_EMPTY, role = BUF_EMPTY;
	fault f;

	if ((f = store_get(&c->home.store, "pack kept", &kept)) != NULL ||
	    (f = store_get(&c->home.store, "role", &role)) != NULL)
		goto done;
	c->role = role.len == 1 ? (enum role)role.at[0] : ROLE_WORKER;
	if (!pack_kept(&c->pack, &kept))
		f = parse_pack(c);
done:
	buf_free(&kept);
	buf_free(&role);
	return f;
}

/* What came in while the kit was locked is opened before anything else. */
static fault
catch_up(struct ctx *c)
{
	struct exchange_report r;
	fault f;

	if (!exchange_waits(&c->home))
		return NULL;
	f = exchange_catch_up(&c->home, &r);
	for (size_t i = 0; i < r.findings.n; i++)
		note("%s", r.findings.at[i].text);
	if (r.stopped.code != 0)
		note("%s", r.stopped.text);
	exchange_report_free(&r);
	/* A save does not wait for it: it stays to be done. */
	if (f != NULL && c->home.db != NULL) {
		note("what came in while locked is not opened yet (%s)",
		    f->text);
		f = NULL;
	}
	return f;
}

fault
cmd_unlock(struct ctx *c)
{
	uint8_t *master = NULL;
	fault f;

	if ((f = cmd_open(c)) != NULL || c->home.master != NULL)
		return f;
	if ((f = cmd_master(c, &master)) != NULL ||
	    (f = home_unlock(&c->home, master)) != NULL ||
	    (f = catch_up(c)) != NULL)
		return f;
	return read_pack(c);
}

fault
cmd_unlock_site(struct ctx *c)
{
	fault f = cmd_unlock(c);

	return f != NULL ? f : home_site(&c->home);
}

struct editor
cmd_editor(const struct ctx *c)
{
	return (struct editor){ c->pack, c->home.device, c->role };
}

fault
cmd_coordinator(const struct ctx *c)
{
	const struct member *m = roster_member(c->home.site.roster,
	    &c->home.device);

	if (m != NULL && m->status == MEMBER_ACTIVE &&
	    (m->caps & CAP_COORDINATE))
		return NULL;
	return fault_new(FAULT_LOCKED, "'%s' is for coordinators; nothing was "
	    "changed", c->cmd->name);
}

fault
cmd_record(struct ctx *c, const char *text, struct record *r)
{
	struct id id;

	if (!id_parse(&id, text))
		return fault_new(FAULT_ABSENT, "'%.60s' is not a record's id; "
		    "'fieldkit list' shows them", text);
	return store_record(&c->home.store, r, &id);
}

fault
cmd_hub_url(struct ctx *c, const char *name, char **url)
{
	const struct home *h = &c->home;
	struct home_hub *hub;
	fault f;

	if (h->nhubs == 0 && (f = home_read_hubs(&c->home)) != NULL)
		return f;
	if (name != NULL) {
		hub = home_hub(&c->home, name);
		if (hub == NULL && strchr(name, '/') == NULL)
			return fault_new(FAULT_ABSENT, "there is no hub "
			    "'%.60s'; 'fieldkit hub list' shows them", name);
		*url = mem_text(hub == NULL ? name : hub->url);
		return NULL;
	}
	if (h->nhubs == 0)
		return fault_new(FAULT_USAGE, "no hub is known; nothing was "
		    "sent; 'fieldkit hub add NAME URL' adds one");
	hub = &c->home.hubs[0];
	for (size_t i = 0; h->site_open && i < h->nhubs; i++)
		if (!id_zero(&h->hubs[i].id) &&
		    id_eq(&h->hubs[i].id, &h->site.roster->home))
			hub = &c->home.hubs[i];
	*url = mem_text(hub->url);
	return NULL;
}

fault
cmd_text(const char *what, const char *text, size_t max)
{
	struct bytes b = bytes_of(text);
	bool plain = b.len > 0 && b.len <= max && bytes_utf8(b);

	for (size_t i = 0; i < b.len; i++)
		plain = plain && b.at[i] >= ' ' && b.at[i] != 0x7f;
	if (plain)
		return NULL;
	return fault_new(FAULT_INVALID, "--%s must be 1 to %zu bytes of UTF-8 "
	    "text on one line; nothing was made", what, max);
}

/* --- running ------------------------------------------------------------ */

static void
help_one(const struct command *cmd)
{
	printf("fieldkit %s %s\n    %s\n", cmd->name, say(cmd->usage),
	    say(cmd->help));
}

static void
help_all(void)
{
	puts(say("Field Kit: listen in neighbourhoods, act, and harm nobody.\n"
	    "Usage: fieldkit COMMAND [ARGUMENTS] [--home DIR] [--json] "
	    "[--lang nl|en]\n"));
	for (const struct command *c = commands; c->name != NULL; c++)
		printf("  %-11s %s\n", c->name, say(c->help));
	puts(say("\n'fieldkit COMMAND --help' says more."));
}

enum lang
cmd_language(int argc, char **argv)
{
	const char *l = NULL;

	for (int i = 1; l == NULL && i < argc; i++) {
		const char *a = argv[i];

		if (a == NULL || strcmp(a, "--") == 0)
			break;
		if (strncmp(a, "--lang=", 7) == 0)
			l = a + 7;
		else if (strcmp(a, "--lang") == 0 && i + 1 < argc)
			l = argv[i + 1];
	}
	if (l == NULL)
		l = getenv("LC_ALL");
	if (l == NULL || *l == '\0')
		l = getenv("LC_MESSAGES");
	if (l == NULL || *l == '\0')
		l = getenv("LANG");
	return l != NULL && strncmp(l, "nl", 2) == 0 ? LANG_NL : LANG_EN;
}

/* Standard output, or -o FILE whole; invite and export have their own file. */
fault
cmd_hand_out(struct ctx *c)
{
	const char *path = option(c, "output");
	bool own = strcmp(c->cmd->name, "invite") == 0 ||
	    strcmp(c->cmd->name, "export") == 0;
	fault f = NULL;

	if (c->out.len == 0)
		return NULL;
	if (path != NULL && !own)
		f = file_write(path, buf_view(&c->out), 0600);
	else if (fwrite(c->out.at, 1, c->out.len, stdout) != c->out.len ||
	    fflush(stdout) != 0)
		f = fault_errno(FAULT_FAIL, "cannot write the answer");
	buf_clear(&c->out);
	return f;
}

static fault
check_arguments(struct ctx *c)
{
	const char *lang = option(c, "lang");

	if (lang != NULL && strcmp(lang, "nl") != 0 && strcmp(lang, "en") != 0)
		return fault_new(FAULT_USAGE, "--lang is nl or en");
	if (c->nargs < c->cmd->min ||
	    (c->cmd->max >= 0 && c->nargs > c->cmd->max))
		return fault_new(FAULT_USAGE, "usage: fieldkit %s %s",
		    c->cmd->name, say(c->cmd->usage));
	return NULL;
}

static fault
run(struct ctx *c, int argc, char **argv)
{
	fault f = take_arguments(c, argc, argv), g;

	if (f != NULL)
		return f;
	if (option_given(c, "help")) {
		help_one(c->cmd);
		return NULL;
	}
	c->json = option_given(c, "json");
	c->yes = option_given(c, "yes");
	c->dry_run = option_given(c, "dry-run");
	if ((f = check_arguments(c)) != NULL)
		return f;
	f = c->cmd->run(c);
	/* What was found is handed out even when the command failed. */
	if ((g = cmd_hand_out(c)) != NULL && f == NULL)
		f = g;
	return f;
}

static const struct command *
find(const char *name)
{
	for (const struct command *c = commands; c->name != NULL; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

fault
cmd_run(int argc, char **argv, int *status)
{
	struct ctx *c;
	const struct command *cmd;
	fault f;

	if (argc < 2 || strcmp(argv[1], "--help") == 0 ||
	    strcmp(argv[1], "-h") == 0 || (strcmp(argv[1], "help") == 0 &&
	    argc == 2)) {
		help_all();
		*status = argc < 2 ? 2 : 0;
		return NULL;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("fieldkit 0 (format %d)\n", WIRE_FORMAT);
		return NULL;
	}
	if (strcmp(argv[1], "help") == 0) {
		if ((cmd = find(argv[2])) != NULL)
			help_one(cmd);
		else
			help_all();
		return NULL;
	}
	if ((cmd = find(argv[1])) == NULL)
		return fault_new(FAULT_USAGE, "there is no command '%.40s'; "
		    "'fieldkit help' lists them", argv[1]);
	c = mem_new(sizeof *c);
	c->cmd = cmd;
	f = run(c, argc - 2, argv + 2);
	*status = c->status;
	home_close(&c->home);
	pack_free(c->pack);
	buf_wipe(&c->out);
	free(c->args);
	free(c);
	return f;
}
