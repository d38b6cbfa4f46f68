/*
 * erase -- a coordinator destroys the keys of records; who has done so; and
 * whether any key held here still opens one.
 */
#include "fieldkit/cmds.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/base/clock.h"

#define RECORDS_MAX 500		/* of one command: one roster entry */

/* --- who has done so ---------------------------------------------------------- */

struct tally {
	size_t		devices, confirmed;
	struct buf	late;		/* names, for people */
};

/* Every entry that names leaves of the record has its receipt. */
static fault
confirmed(bool *yes, struct ctx *c, const struct id *device, size_t record)
{
	const struct erasures *x = &c->home.site.roster->erased;
	uint64_t last = 0;
	fault f = NULL;

	*yes = true;
	for (size_t i = 0; f == NULL && *yes && i < x->npairs; i++) {
		if (x->pairs[i].record != record || x->pairs[i].seq == last)
			continue;
		last = x->pairs[i].seq;
		f = receipt_has(&c->home.store, device, last, yes);
	}
	return f;
}

/* Who has no tree has nothing to destroy, and is not counted. */
static fault
count(struct tally *t, struct ctx *c, size_t record)
{
	const struct roster *ro = c->home.site.roster;
	char hex[ID_HEX];
	bool yes;
	fault f;

	*t = (struct tally){ .devices = 0 };
	for (size_t i = 0; i < ro->nmembers; i++) {
		const struct member *m = &ro->members[i];

		if (m->status != MEMBER_ACTIVE || m->standing == ROLE_AUDITOR)
			continue;
		t->devices++;
		if ((f = confirmed(&yes, c, &m->device, record)) != NULL)
			return f;
		t->confirmed += yes;
		if (!yes)
			buf_text(&t->late, "%s%s", t->late.len == 0 ? "" :
			    ", ", m->name != NULL ? m->name :
			    id_hex(hex, &m->device));
	}
	return NULL;
}

static fault
row(struct ctx *c, const struct erased *e, size_t at)
{
	struct json_out w = json_writer(&c->out);
	char hex[ID_HEX], when[32];
	struct tally t;
	fault f = count(&t, c, at);

	id_hex(hex, &e->record);
	clock_text(when, e->time * 1000);
	if (f == NULL && c->json) {
		json_open(&w, '{');
		json_key(&w, "id");
		json_put_text(&w, hex);
		json_key(&w, "time");
		json_put_text(&w, when);
		json_key(&w, "confirmed");
		json_put_int(&w, (int64_t)t.confirmed);
		json_key(&w, "devices");
		json_put_int(&w, (int64_t)t.devices);
		json_key(&w, "late");
		json_put_text(&w, buf_cstr(&t.late));
		json_close(&w);
		buf_text(&c->out, "\n");
	} else if (f == NULL) {
		out(c, "%s  erased on %zu of %zu devices", hex, t.confirmed,
		    t.devices);
		if (t.late.len > 0)
			out(c, "; not yet, since %s: %s", when,
			    buf_cstr(&t.late));
		buf_text(&c->out, "\n");
	}
	buf_free(&t.late);
	return f;
}

/* Oldest first; only NULL: all. */
static fault
rows_of(struct ctx *c, const struct id *only)
{
	const struct erasures *x = &c->home.site.roster->erased;
	fault f = NULL;

	for (size_t i = 0; f == NULL && i < x->nrecords; i++)
		if (only == NULL || id_eq(only, &x->records[i].record))
			f = row(c, &x->records[i], i);
	return f;
}

static fault
status(struct ctx *c)
{
	fault f = cmd_unlock_site(c);

	return f != NULL ? f : rows_of(c, NULL);
}

/* --- asking for it ----------------------------------------------------------- */

static fault
erasable(struct ctx *c, const char *arg, struct record *r)
{
	struct id id;
	char when[32];
	const struct erased *e;

	if (id_parse(&id, arg) && (e = erasures_find(
	    &c->home.site.roster->erased, &id)) != NULL) {
		clock_text(when, e->time * 1000);
		return fault_new(FAULT_INVALID, "record %.40s is erased "
		    "already, since %s; nothing was changed", arg, when);
	}
	return cmd_record(c, arg, r);
}

static fault
want_one(struct ctx *c, struct intent *in, const char *arg)
{
	struct record r = { .nchanges = 0 };
	struct erase x = { .time = clock_wall_ms() / 1000,
	    .reason = bytes_of(option(c, "reason")),
	    .basis = bytes_of(option(c, "basis")) };
	fault f = erasable(c, arg, &r);

	if (f == NULL) {
		x.record = r.id;
		x.type = r.type;
		entry_erase(&in->items, &x);
	}
	record_free(&r);
	return f;
}

static fault
ask(struct ctx *c)
{
	char question[200];

	snprintf(question, sizeof question, say("Erase %d records on every "
	    "device? It cannot be taken back"), c->nargs);
	if (c->yes || !term_there() || term_yes(question))
		return NULL;
	return fault_new(FAULT_FAIL, "nothing was changed");
}

static fault
erase(struct ctx *c)
{
	struct intent in = INTENT_EMPTY;
	fault f;

	if (option(c, "reason") == NULL || option(c, "basis") == NULL ||
	    c->nargs == 0 || c->nargs > RECORDS_MAX)
		return fault_new(FAULT_USAGE, "erase needs 1 to %d record ids, "
		    "--reason T and --basis T (the ground in law)",
		    RECORDS_MAX);
	if ((f = cmd_text("reason", option(c, "reason"),
	    ITEM_REASON_MAX)) != NULL ||
	    (f = cmd_text("basis", option(c, "basis"),
	    ITEM_REASON_MAX)) != NULL ||
	    (f = cmd_unlock_site(c)) != NULL ||
	    (f = cmd_coordinator(c)) != NULL)
		return f;
	for (int i = 0; f == NULL && i < c->nargs; i++)
		f = want_one(c, &in, c->args[i]);
	if (c->dry_run || f != NULL || (f = ask(c)) != NULL) {
		intent_free(&in);
		return f;
	}
	if ((f = cmd_intend(c, &in)) != NULL)
		return f;
	for (int i = 0; f == NULL && i < c->nargs; i++) {
		struct id id;

		if (id_parse(&id, c->args[i]))
			f = rows_of(c, &id);
	}
	return f;
}

/* --- does anything open it? ---------------------------------------------------- */

static fault
prove(struct ctx *c)
{
	struct segment_trial t = { .self = { { 0 } } };
	struct json_out w = json_writer(&c->out);
	char hex[ID_HEX];
	fault f;

	if (c->nargs != 1)
		return fault_new(FAULT_USAGE, "erase --prove needs one record "
		    "id");
	if (!id_parse(&t.record, c->args[0]))
		return fault_new(FAULT_ABSENT, "'%.40s' is no record id",
		    c->args[0]);
	if ((f = cmd_unlock_site(c)) != NULL ||
	    (f = exchange_prove(&c->home, &t)) != NULL)
		return f;
	id_hex(hex, &t.record);
	if (!c->json) {
		out(c, "%s: %zu sealed parts are in the history here; %zu keys "
		    "were tried, %zu parts opened.\n", hex, t.entries, t.tried,
		    t.opened);
		return NULL;
	}
	json_open(&w, '{');
	json_key(&w, "id");
	json_put_text(&w, hex);
	json_key(&w, "entries");
	json_put_int(&w, (int64_t)t.entries);
	json_key(&w, "tried");
	json_put_int(&w, (int64_t)t.tried);
	json_key(&w, "opened");
	json_put_int(&w, (int64_t)t.opened);
	json_close(&w);
	buf_text(&c->out, "\n");
	return NULL;
}

fault
cmd_erase(struct ctx *c)
{
	if (option_given(c, "status"))
		return status(c);
	return option_given(c, "prove") ? prove(c) : erase(c);
}
