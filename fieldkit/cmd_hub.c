/*
 * hub -- make a shared folder; name the hubs that this device syncs with.
 */
#include "fieldkit/cmds.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/base/clock.h"
#include "sync/carry.h"

static fault
hub_init(struct ctx *c)
{
	char real[PATH_MAX];
	const char *dir = c->args[1];
	struct json_out w = json_writer(&c->out);
	fault f;

	if ((f = hub_create(dir)) != NULL)
		return f;
	if (realpath(dir, real) != NULL)
		dir = real;
	if (c->json) {
		json_open(&w, '{');
		json_key(&w, "name");
		json_put_text(&w, "");
		json_key(&w, "url");
		json_put_text(&w, dir);
		json_key(&w, "last_sync");
		json_put_null(&w);
		json_key(&w, "head");
		json_put_null(&w);
		json_close(&w);
		buf_text(&c->out, "\n");
	} else {
		out(c, "A hub is in %s. Devices reach it with: fieldkit hub "
		    "add NAME %s\n", dir, dir);
	}
	return NULL;
}

/* The newest main that this hub has shown, "" when none. */
static void
shown_main(struct ctx *c, const struct home_hub *hub, char hex[41])
{
	char ref[128], id[ID_HEX];
	struct oid oid;

	hex[0] = '\0';
	if (id_zero(&hub->id) || home_site(&c->home) != NULL)
		return;
	snprintf(ref, sizeof ref, "refs/pins/%s/heads/main",
	    id_hex(id, &hub->id));
	if (repo_ref(&oid, c->home.site.repo, ref) == NULL)
		oid_hex(hex, &oid);
}

static void
hub_row(struct ctx *c, const struct home_hub *hub)
{
	struct json_out w = json_writer(&c->out);
	char when[32] = "", head[41];

	shown_main(c, hub, head);
	if (hub->last_sync != 0)
		clock_text(when, hub->last_sync);
	if (!c->json) {
		out(c, "%-12s %s  %s %s\n", hub->name, hub->url,
		    say("last sync:"), hub->last_sync != 0 ? when :
		    say("never"));
		return;
	}
	json_open(&w, '{');
	json_key(&w, "name");
	json_put_text(&w, hub->name);
	json_key(&w, "url");
	json_put_text(&w, hub->url);
	json_key(&w, "last_sync");
	if (hub->last_sync != 0)
		json_put_text(&w, when);
	else
		json_put_null(&w);
	json_key(&w, "head");
	if (head[0] != '\0')
		json_put_text(&w, head);
	else
		json_put_null(&w);
	json_close(&w);
	buf_text(&c->out, "\n");
}

static bool
tidy_name(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.");

	return n > 0 && n <= 40 && s[n] == '\0' && s[0] != '-';
}

/* By name alone: another's address may read the same. */
static struct home_hub *
named(struct home *h, const char *name)
{
	for (size_t i = 0; i < h->nhubs; i++)
		if (strcmp(h->hubs[i].name, name) == 0)
			return &h->hubs[i];
	return NULL;
}

static fault
hub_add(struct ctx *c)
{
	struct file_lock lock = FILE_LOCK_NONE;
	struct home *h = &c->home;
	const char *name = c->args[1], *url = c->args[2];
	char real[PATH_MAX];
	fault f;

	if (!tidy_name(name) || strpbrk(url, "\t\n") != NULL)
		return fault_new(FAULT_INVALID, "a hub's name has 1 to 40 "
		    "letters, digits, '-', '_' or '.'; nothing was added");
	/* A path is kept as it is from anywhere. */
	if (strstr(url, "://") == NULL && realpath(url, real) != NULL)
		url = real;
	if ((f = home_hubs_lock(&lock, h)) != NULL)
		return f;
	if (named(h, name) != NULL) {
		f = fault_new(FAULT_INVALID, "there is a hub '%s' already; "
		    "nothing was added; remove it first or choose another "
		    "name", name);
	} else {
		home_add_hub(h, name, url);
		f = home_save_hubs(h);
	}
	file_unlock(&lock);
	if (f == NULL)
		hub_row(c, &h->hubs[h->nhubs - 1]);
	return f;
}

static fault
hub_remove(struct ctx *c)
{
	struct file_lock lock = FILE_LOCK_NONE;
	struct home *h = &c->home;
	struct home_hub *hub;
	fault f = home_hubs_lock(&lock, h);

	if (f != NULL)
		return f;
	if ((hub = named(h, c->args[1])) == NULL) {
		f = fault_new(FAULT_ABSENT, "there is no hub '%.60s'; "
		    "'fieldkit hub list' shows them", c->args[1]);
	} else {
		home_drop_hub(h, hub);
		f = home_save_hubs(h);
	}
	file_unlock(&lock);
	return f;
}

fault
cmd_hub(struct ctx *c)
{
	const char *verb = c->args[0];
	fault f;

	if (strcmp(verb, "init") == 0 && c->nargs == 2)
		return hub_init(c);
	if ((f = cmd_open(c)) != NULL)
		return f;
	if (strcmp(verb, "add") == 0 && c->nargs == 3)
		return hub_add(c);
	if (strcmp(verb, "remove") == 0 && c->nargs == 2)
		return hub_remove(c);
	if (strcmp(verb, "list") != 0 || c->nargs != 1)
		return fault_new(FAULT_USAGE, "usage: fieldkit hub %s",
		    say(c->cmd->usage));
	if (c->home.nhubs == 0 && (f = home_read_hubs(&c->home)) != NULL)
		return f;
	for (size_t i = 0; i < c->home.nhubs; i++)
		hub_row(c, &c->home.hubs[i]);
	return NULL;
}
